"""Errors of AWS, each as one sentence with a hint."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)

from cdktf_dask.client.errors import ConnectError, NotConnected

LOG_IN = "log in (`aws sso login`, `aws configure`), or choose a profile (AWS_PROFILE, profile=, --profile)"

NO_CREDENTIALS = (
    *(NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, SSOError, ProfileNotFound),
)

REJECTED = (
    *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "AuthFailure", "InvalidClientTokenId"),
    *("UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch"),
)
"""Codes of credentials that AWS does not accept (Common errors, AWS API references)."""

DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def explain(error: Exception, permission: str = "") -> ConnectError:
    """Explain an error of boto3.

    Args:
        error: The error of a call or of boto3 itself.
        permission: What the call requires, for the hint.
    """
    if isinstance(error, NO_CREDENTIALS):
        return ConnectError(f"no AWS credentials ({_line(error)})", LOG_IN)
    if isinstance(error, ClientError):
        code, message = error.response["Error"]["Code"], _line(error.response["Error"]["Message"])
        if code in REJECTED:
            return ConnectError(f"AWS rejects your credentials ({code}: {message})", LOG_IN)
        if code in DENIED:
            return ConnectError(f"AWS denies {error.operation_name} ({message})", f"you need {permission}")
        if code == "TargetNotConnected":
            hint = (
                "wait until the instance has booted; it needs a route to Session Manager (NAT or endpoints)"
            )
            return NotConnected(f"the instance is not connected to Session Manager ({message})", hint)
        if code == "InvalidInstanceId":
            hint = "wait until it has booted; it needs a route to Systems Manager (NAT or endpoints)"
            return NotConnected("the instance does not run, or is not connected to Systems Manager", hint)
        return ConnectError(f"AWS cannot do {error.operation_name} ({code}: {message})", "try again later")
    if isinstance(error, ConnectionError | HTTPClientError):
        return ConnectError(f"AWS cannot be reached ({_line(error)})", "check region, network and proxy")
    if isinstance(error, BotoCoreError):
        return ConnectError(f"AWS cannot be called ({_line(error)})", "check your AWS configuration")
    return ConnectError(_line(error), "try again")


def _line(error: object) -> str:
    return " ".join(str(error).split()).rstrip(".")
