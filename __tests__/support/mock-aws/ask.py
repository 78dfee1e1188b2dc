"""Calls an operation of the mock AWS by boto3, and prints the response as JSON.

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
response = getattr(client, operation)(**json.loads(parameters))
print(json.dumps(response, default=str))
