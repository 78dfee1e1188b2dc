"""Authenticates calls: recomputes their Signature Version 4 with botocore.

All `x-amz-` headers must be signed, as AWS's documentation of the canonical request requires. curl before
7.86 does not sign the session token, so its calls are rejected; AWS may accept them.
"""

import hmac
import re
from datetime import UTC, datetime, timedelta

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from instances import Instance

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 "
    r"Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
MAX_AGE = timedelta(minutes=5)


class AwsError(Exception):
    """An error response of AWS: code, message and status."""

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def authenticate(
    host: str,
    headers: dict[str, str],
    body: bytes,
    instances: list[Instance],
    method: str = "POST",
    path: str = "/",
) -> Instance:
    """Return the instance whose credentials signed a request. Names of headers are in lower case."""
    service, region = host.split(".")[:2]
    if "authorization" not in headers:
        raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    authorization = AUTHORIZATION.fullmatch(headers["authorization"])
    if authorization is None:
        raise AwsError("IncompleteSignature", "Authorization header is not of Signature Version 4")
    instance = next(
        (one for one in instances if one.credentials["AccessKeyId"] == authorization["key"]), None
    )
    if instance is None or headers.get("x-amz-security-token") != instance.credentials["Token"]:
        raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
    if (authorization["service"], authorization["region"]) != (service, region):
        raise _mismatch(f"Credential should be scoped to {service} in {region}.")

    signed = authorization["headers"].split(";")
    if unsigned := {"host"} - set(signed) | {
        name for name in headers if name.startswith("x-amz-") and name not in signed
    }:
        raise _mismatch(
            f"There were headers present in the request which were not signed: {sorted(unsigned)}"
        )
    stamp = headers.get("x-amz-date", "")
    try:
        age = datetime.now(UTC) - datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise AwsError(
            "IncompleteSignature", f"Date must be in ISO-8601 'basic format'. Got '{stamp}'."
        ) from None
    if abs(age) > MAX_AGE or authorization["day"] != stamp[:8]:
        raise _mismatch(f"Signature expired: {stamp} is more than 5 min. from now.")

    request = AWSRequest(
        method, f"https://{host}{path}", {name: headers.get(name, "") for name in signed}, body
    )
    request.context["timestamp"] = stamp
    credentials = Credentials(authorization["key"], instance.credentials["SecretAccessKey"])
    # Other services encode the path twice.
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, region)
    expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    if not hmac.compare_digest(expected, authorization["signature"]):
        raise _mismatch(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
    return instance


def _mismatch(message: str) -> AwsError:
    return AwsError("SignatureDoesNotMatch", message, 403)
