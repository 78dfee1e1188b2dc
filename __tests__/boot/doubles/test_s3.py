"""Double of S3: signed requests for objects, forwarded to moto."""

import boto3
import pytest
from loopback import REGION

from conftest import running

BUCKET, KEY = "dask-rig", "bundles/a.tar.gz"
DOMAIN = f"s3.{REGION}.amazonaws.com"
HOST = f"{BUCKET}.{DOMAIN}"
SIGNED = ("--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "--aws-sigv4", f"aws:amz:{REGION}:s3")


@pytest.fixture(scope="module")
def s3(shared_node, apis):
    options = ("--folder", shared_node.shared, "--region", REGION, "--moto", apis.facts["moto"])
    with running("s3.py", "--instances", shared_node.file, *options) as double:
        shared_node.connect_to(double, f"{HOST}:443", f"{DOMAIN}:443")
        yield double


@pytest.fixture
def bucket(aws):
    moto = {"endpoint_url": aws.facts["moto"], "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("s3", REGION, **moto)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_object(Bucket=BUCKET, Key=KEY, Body=b"a bundle")


def policy(action, resource, **condition):
    """A policy with one statement, and a condition on `s3:prefix`."""
    conditions = {"Condition": {"StringLike": {"s3:prefix": condition["prefix"]}}} if condition else {}
    return {
        "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:s3:::{resource}", **conditions}
        ]
    }


def send(node, path, *policies, options=(), host=HOST):
    """Send a request as an instance whose role has the policies. Returns status and body."""
    credentials = node.update(policies=policies).credentials
    config = f'user = "{credentials["AccessKeyId"]}:{credentials["SecretAccessKey"]}"\n'
    config += f'header = "X-Amz-Security-Token: {credentials["Token"]}"'
    return node.curl(*SIGNED, *options, "--config", "-", f"https://{host}/{path}", config=config)


READ = policy("s3:GetObject", f"{BUCKET}/bundles/*")
WRITE = policy("s3:PutObject", f"{BUCKET}/bundles/*")
LIST = policy("s3:ListBucket", BUCKET, prefix=["bundles", "bundles/*"])


def test_an_allowed_object_is_returned(node, s3, bucket):
    assert send(node, KEY, READ) == (200, "a bundle")


def test_a_missing_bucket_is_not_found(node, s3, aws):
    status, answer = send(node, KEY, READ)
    assert status == 404
    assert "<Code>NoSuchBucket</Code>" in answer


def test_another_object_is_denied(node, s3, bucket):
    status, answer = send(node, "other", READ)
    assert status == 403
    assert "<Code>AccessDenied</Code><Message>Access Denied</Message>" in answer


def test_that_an_object_is_missing_is_reported_only_if_it_may_be_listed(node, s3, bucket):
    assert send(node, "bundles/b", READ)[0] == 403
    status, answer = send(node, "bundles/b", READ, LIST)
    assert status == 404
    assert "<Code>NoSuchKey</Code>" in answer


def test_an_object_is_written_with_permission(node, s3, bucket):
    data = ("--request", "PUT", "--header", "Content-Type: text/plain", "--data", "new")
    assert send(node, "bundles/new", READ, options=data)[0] == 403
    assert send(node, "bundles/new", WRITE, options=data)[0] == 200
    assert send(node, "bundles/new", READ) == (200, "new")


def test_keys_are_listed_below_an_allowed_prefix(node, s3, bucket):
    status, answer = send(node, "?list-type=2&prefix=bundles%2F", LIST)
    assert status == 200
    assert f"<Key>{KEY}</Key>" in answer
    assert send(node, "?list-type=2", LIST)[0] == 403


def test_the_location_of_a_bucket_is_reported_in_path_style(node, s3, bucket):
    locate = policy("s3:GetBucketLocation", BUCKET)
    status, answer = send(node, f"{BUCKET}?location=", locate, host=DOMAIN)
    assert status == 200
    assert f">{REGION}</LocationConstraint>" in answer
    assert send(node, f"{BUCKET}?location=", READ, host=DOMAIN)[0] == 403


def test_a_request_without_a_signature_is_rejected(node, s3, bucket):
    status, answer = node.curl(f"https://{HOST}/{KEY}")
    assert status == 403
    assert "<Code>MissingAuthenticationToken</Code>" in answer
