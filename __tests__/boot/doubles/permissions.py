"""Stands for IAM and for S3's permissions: the actions that a request needs, and whether policies allow them.

Evaluates the policies of a role as IAM does (IAM User Guide, "Policy evaluation logic"): a request is allowed
if a statement allows it and none denies it. Of the condition operators it knows those that the constructs use
for S3, and raises ValueError for any other. Bucket policies, permissions boundaries, KMS and versions of
objects are not evaluated.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

ARN = "arn:aws:s3:::"


@dataclass(frozen=True)
class Permission:
    """An action on a resource, with the condition keys of the request."""

    action: str
    #: ARN of a bucket or an object.
    resource: str
    context: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A request to S3."""

    method: str
    bucket: str
    #: Path in the bucket, and query.
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """Key of the object; empty for a request to the bucket."""
        return unquote(urlsplit(self.path).path).removeprefix("/")

    @property
    def query(self) -> dict[str, str]:
        """Parameters of the query."""
        parameters = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        return {name: values[0] for name, values in parameters.items()}

    def permissions(self) -> list[Permission]:
        """Return the permissions that S3 requires. Raises ValueError for a request that is not known.

        Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"; Amazon S3
        User Guide, "Required permissions for Amazon S3 API operations".
        """
        return self._of_object() if self.key else self._of_bucket()

    def listing(self) -> Permission:
        """Return the permission to list the key, without which S3 does not report that an object is missing.

        Ceph compares the key with `s3:prefix` too, to match AWS (ceph/ceph#68577).
        """
        return Permission("s3:ListBucket", ARN + self.bucket, {"s3:prefix": self.key})

    def _of_bucket(self) -> list[Permission]:
        query, bucket = self.query, ARN + self.bucket
        if self.method == "POST" and "delete" in query:
            keys = [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", self.body.decode())]
            return [Permission("s3:DeleteObject", f"{bucket}/{key}") for key in keys]
        if self.method == "PUT" and not query:
            return [Permission("s3:CreateBucket", bucket)]
        if self.method == "HEAD":
            return [Permission("s3:ListBucket", bucket)]
        if self.method == "GET" and "location" in query:
            return [Permission("s3:GetBucketLocation", bucket)]
        if self.method == "GET" and ("list-type" in query or "prefix" in query or not query):
            context = {"s3:prefix": query["prefix"]} if "prefix" in query else {}
            return [Permission("s3:ListBucket", bucket, context)]
        raise ValueError(f"{self.method} {self.path}: got a request that this double does not know")

    def _of_object(self) -> list[Permission]:
        def on(action: str, path: str = f"{self.bucket}/{self.key}") -> Permission:
            return Permission(f"s3:{action}", ARN + path)

        upload = "uploadId" in self.query
        match self.method:
            case "HEAD" | "GET":
                return [on("ListMultipartUploadParts" if upload else "GetObject")]
            case "PUT" | "POST":
                source = unquote(self.headers.get("x-amz-copy-source", "")).removeprefix("/")
                return [on("PutObject"), *([on("GetObject", source)] if source else [])]
            case "DELETE":
                return [on("AbortMultipartUpload" if upload else "DeleteObject")]
        raise ValueError(f"{self.method} {self.path}: got a request that this double does not know")


def allowed(policies: Iterable[dict], permission: Permission) -> bool:
    """Whether policies of a role allow an action."""
    matching = [
        statement["Effect"]
        for policy in policies
        for statement in policy["Statement"]
        if _applies(statement, permission)
    ]
    return "Allow" in matching and "Deny" not in matching


def _applies(statement: dict, permission: Permission) -> bool:
    return (
        any(_like(pattern.lower(), permission.action.lower()) for pattern in _list(statement["Action"]))
        and any(_like(pattern, permission.resource) for pattern in _list(statement["Resource"]))
        and all(
            _holds(operator, patterns, permission.context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, patterns in keys.items()
        )
    )


def _holds(operator: str, patterns: str | list[str], value: str | None) -> bool:
    """Whether a condition holds. Without its key in the request, it does not."""
    if operator not in ("StringEquals", "StringLike"):
        raise ValueError(f"condition operator: got {operator}, expected StringEquals or StringLike")
    same = _like if operator == "StringLike" else str.__eq__
    return value is not None and any(same(pattern, value) for pattern in _list(patterns))


def _like(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern of IAM: `*` stands for any characters, `?` for one."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
