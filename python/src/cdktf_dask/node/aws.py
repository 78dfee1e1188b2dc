"""AWS as this instance may use it: calls with the credentials of its role, and the secrets of its cluster."""

import random
import re
import sys
import time
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError, NoCredentialsError

from cdktf_dask.node.metadata import Metadata

DEFAULT_RETRY_SECONDS = 150
"""Longer than a change in IAM takes to be seen everywhere; `RETRY_SECONDS` of `lib/node/lifecycle.ts`."""

MAX_PAUSE_SECONDS = 20
ATTEMPTS = 5
"""Of each call, before it counts as failed: botocore repeats lost connections and server errors by itself."""

TIMEOUT_SECONDS = 20

PASSING = re.compile(
    "Throttl|LimitExceeded|TooMany|ThroughputExceeded|Internal|Unavailable|SlowDown|xpired"
    "|InvalidClient|UnrecognizedClient|AuthFailure|AccessDenied|Unauthorized"
)
"""Error codes that pass: of AWS, and of a role that is seconds old. `instance.sh` has the same."""


class AwsError(RuntimeError):
    """Error of a call in one line, such as `AccessDeniedException: not you`."""

    def __init__(self, code: str, message: str, *, passes: bool) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        """Code of AWS's error; empty where the call did not reach AWS."""
        self.passes = passes
        """Whether a later call may succeed."""


class Aws:
    """Calls to AWS in the region of this instance."""

    def __init__(
        self,
        retry_seconds: float = DEFAULT_RETRY_SECONDS,
        region: str | None = None,
        attempts: int = ATTEMPTS,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """Prepares calls; nothing is sent yet, except a request for the region.

        Args:
            retry_seconds: How long a call is repeated while its error may pass.
            region: Region of the calls; that of this instance by default.
            attempts: Of each call by botocore, before it counts as failed.
            timeout_seconds: Of each attempt, to connect and to read.
        """
        self._retry_seconds, self._attempts, self._timeout_seconds = retry_seconds, attempts, timeout_seconds
        self._region = region or Metadata().region()
        self._clients: dict[str, Any] = {}

    def call(self, service: str, operation: str, **parameters: object) -> dict[str, Any]:
        """Calls an operation by its name in boto3, such as `("ssm", "get_parameter", Name="/a")`.

        Raises:
            AwsError: the call failed, and does not pass within `retry_seconds`.
        """
        longest, waited = 2.0, 0.0
        while True:
            try:
                return self._try(service, operation, parameters)
            except AwsError as error:
                # The next client reads the credentials again: those that a client has fail until they expire.
                self._clients.clear()
                if not error.passes or waited >= self._retry_seconds:
                    raise
                pause = random.uniform(longest / 2, longest * 3 / 2)
                print(f"{service}: {error}; trying again in {pause:.0f} s", flush=True)
            time.sleep(pause)
            longest, waited = min(2 * longest, MAX_PAUSE_SECONDS), waited + pause

    def _try(self, service: str, operation: str, parameters: dict[str, object]) -> dict[str, Any]:
        try:
            client = self._clients.get(service) or self._client(service)
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
            self._clients[service] = client
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            raise AwsError(code, message, passes=PASSING.search(code) is not None) from error
        except (NoCredentialsError, CredentialRetrievalError) as error:
            raise AwsError("", "the metadata service has no credentials of a role", passes=True) from error
        except BotoCoreError as error:
            raise AwsError("", str(error), passes=False) from error
        return answer

    def _client(self, service: str) -> Any:
        """A new client."""
        core = botocore.session.get_session()
        core.set_config_variable("ec2_metadata_v1_disabled", True)
        core.set_config_variable("metadata_service_timeout", TIMEOUT_SECONDS)
        core.set_config_variable("metadata_service_num_attempts", ATTEMPTS)
        config = Config(
            connect_timeout=self._timeout_seconds,
            read_timeout=self._timeout_seconds,
            retries={"mode": "standard", "total_max_attempts": self._attempts},
        )
        session = boto3.session.Session(botocore_session=core, region_name=self._region)
        return session.client(service, config=config)


class Secrets:
    """Secrets of a cluster in Secrets Manager. Terraform creates them without a value."""

    def __init__(self, aws: Aws, cluster: str) -> None:
        self._aws = aws
        self._cluster = cluster

    def path(self, name: str) -> str:
        """Name of a secret in Secrets Manager, such as `/dask/production/worker`."""
        return f"/dask/{self._cluster}/{name}"

    def get(self, name: str) -> str | None:
        """Value of a secret; None as long as it has none.

        Raises:
            AwsError: the secret cannot be read.
        """
        try:
            answer = self._aws.call("secretsmanager", "get_secret_value", SecretId=self.path(name))
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise
        value: str = answer["SecretString"]
        return value

    def put(self, name: str, value: str) -> None:
        """Gives a secret a new value.

        Raises:
            AwsError: the secret cannot be written.
        """
        self._aws.call("secretsmanager", "put_secret_value", SecretId=self.path(name), SecretString=value)


def read_secret(store: Secrets, name: str) -> str | None:
    """Value of a secret, for a step that cannot go on without; None as long as it has none.

    Raises:
        SystemExit: the secret cannot be read, with the reason.
    """
    try:
        return store.get(name)
    except AwsError as error:
        sys.exit(f"cannot read the secret {store.path(name)}: {error}")


def write_secret(store: Secrets, name: str, value: str) -> None:
    """Gives a secret a new value, for a step that cannot go on without.

    Raises:
        SystemExit: the secret cannot be written, with the reason.
    """
    try:
        store.put(name, value)
    except AwsError as error:
        sys.exit(f"cannot write the secret {store.path(name)}: {error}")
