"""What a client asks AWS about a cluster: its scheduler, its certificate, a session with Session Manager."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cdktf_dask.client.aws_errors import explain
from cdktf_dask.client.errors import ConnectError

CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})

DOCUMENT = "AWS-StartPortForwardingSession"


@dataclass(frozen=True)
class SchedulerInstance:
    """The instance on which the scheduler of a cluster runs."""

    id: str
    address: str
    """Private IP address."""
    state: str
    """Tag `dask:state`: `ready`, the boot step that failed and why, or empty during the first boot."""
    backup: str = ""
    """Tag `dask:backup`: location of the cluster's backups, or empty if it has none."""

    def explanation(self) -> str:
        """Why the scheduler may not answer, for a sentence."""
        if not self.state:
            return f"its instance {self.id} is still booting"
        if self.state == "ready":
            return f"its instance {self.id} has booted, but the scheduler does not run"
        return f"the boot of its instance {self.id} failed: {self.state}"


class AwsCluster:
    """A cluster on AWS, by its name."""

    def __init__(self, name: str, region: str | None = None, profile: str | None = None) -> None:
        """Prepare calls; nothing is sent yet.

        Args:
            name: Name of the cluster.
            region: Its region. By default that of AWS's configuration.
            profile: Profile of AWS's configuration.

        Raises:
            ConnectError: no region is configured, or the profile does not exist.
        """
        try:
            self._session = boto3.Session(profile_name=profile)
        except BotoCoreError as error:
            raise explain(error) from error
        # boto3 reads only AWS_DEFAULT_REGION; the other AWS SDKs and the AWS CLI read AWS_REGION first.
        configured = os.environ.get("AWS_REGION") or self._session.region_name
        if not (region or configured):
            hint = f'name it: connect("{name}", region="eu-central-1"), --region, or AWS_REGION'
            raise ConnectError(f"no region to look for the cluster {name!r} in", hint)
        self.name = name
        self.profile = profile
        self.region: str = region or configured
        self._source = "" if region else ", the region of your AWS configuration"
        self._clients: dict[str, Any] = {}

    def scheduler(self) -> SchedulerInstance:
        """Find the running instance of the scheduler.

        Raises:
            ConnectError: the cluster is not in this region, its scheduler does not run, or the call failed.
        """
        tags = {"tag:dask:cluster": self.name, "tag:dask:role": "scheduler"}
        filters = [{"Name": name, "Values": [value]} for name, value in tags.items()]
        answer = self.call("ec2", "describe_instances", "ec2:DescribeInstances", {"Filters": filters})
        found = [one for reservation in answer["Reservations"] for one in reservation["Instances"]]
        running = [one for one in found if one["State"]["Name"] == "running"]
        if running:
            # During a replacement, the new scheduler is the last one that started.
            newest = max(running, key=lambda one: one["LaunchTime"])
            tag = tags_of(newest)
            return SchedulerInstance(
                newest["InstanceId"],
                newest["PrivateIpAddress"],
                tag.get("dask:state", ""),
                tag.get("dask:backup", ""),
            )
        if found:
            newest = max(found, key=lambda one: one["LaunchTime"])
            hint = "start the instance, or deploy the cluster again; the output node_states shows all nodes"
            state = newest["State"]["Name"]
            raise ConnectError(
                f"the scheduler of {self.name} does not run: its instance {newest['InstanceId']} is {state}",
                hint,
            )
        raise self.missing()

    def missing(self) -> ConnectError:
        """The error that the cluster is not in this region."""
        hint = f'name the region of the cluster: connect("{self.name}", region="…"), or --region'
        return ConnectError(f"no cluster {self.name!r} in {self.region}{self._source}", hint)

    def client_pem(self) -> str | None:
        """Read key, certificate and CA of clients; None if the cluster has no TLS.

        Raises:
            ConnectError: the secret cannot be read, or the scheduler has not written it yet.
        """
        return self.secret("client")

    def secret(self, name: str) -> str | None:
        """Read a secret of the cluster; None if the cluster has none of this name, because it has no TLS.

        Raises:
            ConnectError: the secret cannot be read, or the scheduler has not written it yet.
        """
        secret = f"/dask/{self.name}/{name}"
        permission = (
            f"secretsmanager:GetSecretValue on the secret {secret} and kms:Decrypt on the cluster's key"
        )
        try:
            answer = self._ask("secretsmanager", "get_secret_value", {"SecretId": secret})
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise explain(error, permission) from error
            if "staging label" not in error.response["Error"]["Message"]:
                return None
            hint = "wait until the scheduler has booted; the output node_states shows its state"
            what = {"client": "client certificate"}.get(name, name)
            raise ConnectError(f"the scheduler of {self.name} has stored no {what} yet", hint) from error
        except BotoCoreError as error:
            raise explain(error) from error
        value: str = answer["SecretString"]
        return value

    def start_session(
        self, instance: str, parameters: dict[str, list[str]], document: str = DOCUMENT
    ) -> dict[str, Any]:
        """Start a session, by default one that forwards a port.

        Raises:
            ConnectError: the session cannot be started.
        """
        permission = f"ssm:StartSession on the instance {instance} and the document {document}"
        request = {"Target": instance, "DocumentName": document, "Parameters": parameters}
        return self.call("ssm", "start_session", permission, request)

    def end_session(self, session: str) -> None:
        """End a session whose plugin did not.

        Raises:
            ConnectError: the session cannot be ended; AWS ends it after 20 minutes without traffic.
        """
        self.call("ssm", "terminate_session", "ssm:TerminateSession", {"SessionId": session})

    def call(
        self,
        service: str,
        operation: str,
        permission: str,
        parameters: Mapping[str, object],
        region: str | None = None,
    ) -> dict[str, Any]:
        """Call an operation by its name in boto3.

        Args:
            service: Service, such as `ec2`.
            operation: Operation, such as `describe_instances`.
            permission: What the call requires, for the hint of an error.
            parameters: Parameters of the operation.
            region: Region of the call. By default that of the cluster.

        Raises:
            ConnectError: the call failed.
        """
        try:
            return self._ask(service, operation, parameters, region)
        except (BotoCoreError, ClientError) as error:
            raise explain(error, permission) from error

    def _ask(
        self, service: str, operation: str, parameters: Mapping[str, object], region: str | None = None
    ) -> dict[str, Any]:
        with _without_tracebacks():
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service, region_name=region or self.region, config=CONFIG
                )
            answer: dict[str, Any] = getattr(self._clients[service], operation)(**parameters)
        return answer


@contextmanager
def _without_tracebacks() -> Iterator[None]:
    """Silence botocore where it logs the traceback of an error that it also raises."""
    log = logging.getLogger("botocore.credentials")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def tags_of(resource: Mapping[str, Any]) -> dict[str, str]:
    """Tags of a resource, as EC2 and Auto Scaling answer them."""
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", [])}
