"""Double of S3's permissions: what requests need, and what policies allow."""

import pytest
from permissions import Permission, Request, allowed

BUCKET = "arn:aws:s3:::b"


def needs(method, path, body=b"", **headers):
    """Return the actions, resources and prefixes that a request to bucket `b` needs."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    permissions = Request(method, "b", path, named, body).permissions()
    return [(one.action, one.resource, *one.context.values()) for one in permissions]


@pytest.mark.parametrize(
    ("method", "path", "action", "resource"),
    [
        ("HEAD", "/", "ListBucket", BUCKET),
        ("GET", "/?location", "GetBucketLocation", BUCKET),
        ("GET", "/?list-type=2", "ListBucket", BUCKET),
        ("PUT", "/", "CreateBucket", BUCKET),
        ("HEAD", "/a", "GetObject", f"{BUCKET}/a"),
        ("GET", "/a/k%3D0", "GetObject", f"{BUCKET}/a/k=0"),
        ("PUT", "/a", "PutObject", f"{BUCKET}/a"),
        ("POST", "/a?uploads", "PutObject", f"{BUCKET}/a"),
        ("PUT", "/a?partNumber=1&uploadId=u", "PutObject", f"{BUCKET}/a"),
        ("POST", "/a?uploadId=u", "PutObject", f"{BUCKET}/a"),
        ("GET", "/a?uploadId=u", "ListMultipartUploadParts", f"{BUCKET}/a"),
        ("DELETE", "/a?uploadId=u", "AbortMultipartUpload", f"{BUCKET}/a"),
        ("DELETE", "/a", "DeleteObject", f"{BUCKET}/a"),
    ],
)
def test_a_request_needs_one_action(method, path, action, resource):
    assert needs(method, path) == [(f"s3:{action}", resource)]


def test_a_list_has_its_prefix():
    assert needs("GET", "/?list-type=2&prefix=a%2F&delimiter=%2F") == [("s3:ListBucket", BUCKET, "a/")]
    assert needs("GET", "/?list-type=2&prefix=") == [("s3:ListBucket", BUCKET, "")]


def test_a_copy_needs_its_source():
    assert needs("PUT", "/a", x_amz_copy_source="/c/d%20e") == [
        ("s3:PutObject", f"{BUCKET}/a"),
        ("s3:GetObject", "arn:aws:s3:::c/d e"),
    ]


def test_a_deletion_of_several_objects_needs_each():
    body = b"<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>"
    assert needs("POST", "/?delete", body) == [
        ("s3:DeleteObject", f"{BUCKET}/a&b"),
        ("s3:DeleteObject", f"{BUCKET}/c"),
    ]


def test_an_unknown_request_is_an_error():
    with pytest.raises(ValueError, match="got a request that this double does not know"):
        needs("GET", "/?policy")


def allows(statement, resource=f"{BUCKET}/in/a", action="s3:GetObject", **context):
    """Whether a statement allows an action, with `prefix` as condition key."""
    policy = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | statement]}
    return allowed(
        [policy], Permission(action, resource, {f"s3:{name}": text for name, text in context.items()})
    )


def test_a_statement_allows_its_actions_on_its_resources():
    assert allows({"Resource": f"{BUCKET}/in/*"})
    assert allows({"Resource": [f"{BUCKET}/other", f"{BUCKET}/in/?"]})
    assert allows({"Action": ["S3:Get*"]})
    assert not allows({"Resource": f"{BUCKET}/in"})
    assert not allows({"Resource": f"{BUCKET}/inner/*"})
    assert not allows({"Action": "s3:PutObject"})


def test_a_condition_on_the_prefix_holds_only_with_a_prefix():
    statement = {"Action": "s3:ListBucket", "Condition": {"StringLike": {"s3:prefix": ["in", "in/*"]}}}
    listing = {"action": "s3:ListBucket", "resource": BUCKET}
    assert allows(statement, **listing, prefix="in")
    assert allows(statement, **listing, prefix="in/")
    assert allows(statement, **listing, prefix="in/a/b")
    assert not allows(statement, **listing, prefix="inner")
    assert not allows(statement, **listing, prefix="")
    assert not allows(statement, **listing)


def test_a_condition_of_equality_has_no_wildcards():
    statement = {"Condition": {"StringEquals": {"s3:prefix": "in/*"}}}
    assert allows(statement, prefix="in/*")
    assert not allows(statement, prefix="in/a")


def test_a_denial_overrides():
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    permission = Permission("s3:GetObject", f"{BUCKET}/a")
    assert allowed([{"Statement": [allow]}], permission)
    assert not allowed([{"Statement": [allow]}, {"Statement": [deny]}], permission)
    assert not allowed([], permission)


def test_an_unknown_operator_is_an_error():
    with pytest.raises(ValueError, match="got Null, expected StringEquals or StringLike"):
        allows({"Condition": {"Null": {"s3:prefix": "true"}}})
