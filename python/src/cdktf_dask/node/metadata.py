"""The instance metadata service (IMDSv2)."""

import json
import os
import time
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

ENDPOINT = "http://169.254.169.254"
TOKEN_SECONDS = 21600
TIMEOUT_SECONDS = 20
ATTEMPTS = 5
PAUSE_SECONDS = 1.0

_opener = build_opener(ProxyHandler({}))


class Metadata:
    """Metadata of this instance.

    `AWS_EC2_METADATA_SERVICE_ENDPOINT`, which boto3 reads too, names another address of the service.
    """

    def __init__(self, attempts: int = ATTEMPTS, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Prepares requests; none is sent yet.

        Args:
            attempts: Of each request, before it counts as failed.
            timeout_seconds: Of each attempt.
        """
        self._attempts, self._timeout_seconds = attempts, timeout_seconds
        self._endpoint = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", ENDPOINT).rstrip("/")
        self._token = ""

    def get(self, path: str) -> str | None:
        """Value of a path below `/latest/meta-data/`, such as `placement/region`; None where there is none.

        A failed request is repeated for some seconds, with a new token if the service rejects the old one.

        Raises:
            OSError: the service does not answer, or not with this value.
        """
        return self._repeat(f"meta-data/{path}")

    def region(self) -> str:
        """Region of this instance, such as `eu-central-1`."""
        region = self.get("placement/region")
        if region is None:
            raise OSError("placement/region: the metadata service has no value, expected a region")
        return region

    def address(self) -> str:
        """Private IPv4 address of this instance, such as `10.20.0.10`."""
        address = self.get("local-ipv4")
        if address is None:
            raise OSError("local-ipv4: the metadata service has no value, expected an address")
        return address

    def account(self) -> str:
        """Number of the account of this instance, as 12 digits."""
        document = json.loads(self._repeat("dynamic/instance-identity/document") or "{}")
        account: str = document["accountId"]
        return account

    def _repeat(self, path: str) -> str | None:
        for attempt in range(1, self._attempts + 1):
            try:
                return self._ask(path)
            except HTTPError as error:
                if error.code == HTTPStatus.NOT_FOUND:
                    return None
                if error.code == HTTPStatus.UNAUTHORIZED:
                    self._token = ""
                if attempt == self._attempts:
                    raise
            except OSError:
                if attempt == self._attempts:
                    raise
            time.sleep(PAUSE_SECONDS)
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, path: str) -> str:
        if not self._token:
            lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)}
            self._token = self._send(
                Request(f"{self._endpoint}/latest/api/token", method="PUT", headers=lifetime)
            )
        token = {"X-aws-ec2-metadata-token": self._token}
        return self._send(Request(f"{self._endpoint}/latest/{path}", headers=token))

    def _send(self, request: Request) -> str:
        with _opener.open(request, timeout=self._timeout_seconds) as response:
            body: bytes = response.read()
        return body.decode()
