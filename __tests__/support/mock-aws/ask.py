"""Asks the mock AWS: one call of boto3, its answer as JSON.

ask.py <endpoint> <region> <service> <operation> <parameters as JSON>
"""

import json
import sys

import boto3

endpoint, region, service, operation, parameters = sys.argv[1:]
client = boto3.client(
    service,
    endpoint_url=endpoint,
    region_name=region,
    aws_access_key_id="mock",
    aws_secret_access_key="mock",
)
answer = getattr(client, operation)(**json.loads(parameters))
print(json.dumps(answer, default=str))
