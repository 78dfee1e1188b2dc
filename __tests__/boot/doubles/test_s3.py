"""Double of S3: signed requests for objects, forwarded to moto."""

import boto3
import pytest
from loopback import REGION

from conftest import running

BUCKET, KEY = "dask-rig", "bundles/a.tar.gz"
HOST = f"{BUCKET}.s3.{REGION}.amazonaws.com"
SIGNED = ("--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "--aws-sigv4", f"aws:amz:{REGION}:s3")


@pytest.fixture(scope="module")
def s3(shared_node, apis):
    options = ("--folder", shared_node.shared, "--region", REGION, "--moto", apis.facts["moto"])
    with running("s3.py", "--instances", shared_node.file, *options) as double:
        shared_node.connect_to(double, f"{HOST}:443")
        yield double


@pytest.fixture
def bucket(aws):
    moto = {"endpoint_url": aws.facts["moto"], "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("s3", REGION, **moto)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_object(Bucket=BUCKET, Key=KEY, Body=b"a bundle")


def get(node, *objects):
    """Request the bundle as an instance that can read `objects`. Returns status and body."""
    credentials = node.update(objects=objects).credentials
    config = f'user = "{credentials["AccessKeyId"]}:{credentials["SecretAccessKey"]}"\n'
    config += f'header = "X-Amz-Security-Token: {credentials["Token"]}"'
    return node.curl(*SIGNED, "--config", "-", f"https://{HOST}/{KEY}", config=config)


def test_an_allowed_object_is_returned(node, s3, bucket):
    assert get(node, f"{BUCKET}/{KEY}") == (200, "a bundle")


def test_a_missing_bucket_is_not_found(node, s3, aws):
    status, answer = get(node, f"{BUCKET}/{KEY}")
    assert status == 404
    assert "<Code>NoSuchBucket</Code>" in answer


def test_another_object_is_denied(node, s3, bucket):
    status, answer = get(node, f"{BUCKET}/other")
    assert status == 403
    assert "<Code>AccessDenied</Code><Message>Access Denied</Message>" in answer


def test_a_request_without_a_signature_is_rejected(node, s3, bucket):
    status, answer = node.curl(f"https://{HOST}/{KEY}")
    assert status == 403
    assert "<Code>MissingAuthenticationToken</Code>" in answer
