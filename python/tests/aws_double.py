"""AWS as a client sees it: moto for EC2, Auto Scaling and Secrets Manager, and a double of Systems Manager.

moto has no Session Manager, and its Run Command runs nothing. The double starts sessions, in which
`session_manager_plugin.py` forwards connections, and answers commands with prepared outputs.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3

from cluster import REPOSITORY

REGION = "eu-central-1"
SUPPORT = REPOSITORY / "__tests__" / "support"
PLUGIN = Path(__file__).with_name("session_manager_plugin.py")

REFUSING = "127.0.0.9"
"""Address of this computer on which nothing listens."""

SILENT = "192.0.2.10"
"""Address of TEST-NET-1 (RFC 5737), where nothing answers, as without a route to the cluster."""

TAGS = ("cluster", "role", "pool", "state")
"""Tags of instances, after `dask:`."""

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_REGION": REGION}


@dataclass
class SessionManager:
    """Stands for sessions and Run Command of Systems Manager."""

    targets: dict[str, str] = field(default_factory=dict)
    """Address that a session reaches, such as `tcp://127.0.0.1:8786`, by the id of the instance."""
    outputs: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Status, standard output and standard error of each command, by the id of the instance."""
    requests: list[tuple[str, dict]] = field(default_factory=list)

    def answer(self, _: str, __: str, headers: dict[str, str], body: str) -> tuple[int, str]:
        operation, parameters = headers["x-amz-target"].partition(".")[2], json.loads(body)
        self.requests.append((operation, parameters))
        if operation == "SendCommand":
            if missing := [one for one in parameters["InstanceIds"] if one not in self.outputs]:
                message = f"Instances {missing} not in a valid state for account 1"
                return 400, json.dumps({"__type": "InvalidInstanceId", "message": message})
            return 200, json.dumps({"Command": {"CommandId": str(uuid.uuid4())}})
        if operation == "GetCommandInvocation":
            # AWS knows an invocation only after a moment.
            if [done for done, _ in self.requests].count(operation) == 1:
                return 400, json.dumps({"__type": "InvocationDoesNotExist", "message": ""})
            status, output, errors = self.outputs[parameters["InstanceId"]]
            if status == "Failed":
                errors += "\nfailed to run commands: exit status 1"
            answer = {"Status": status, "StandardOutputContent": output, "StandardErrorContent": errors}
            return 200, json.dumps(answer)
        if operation == "TerminateSession":
            return 200, json.dumps(parameters)
        url = self.targets.get(parameters["Target"])
        if url is None:
            return 400, json.dumps({"__type": "TargetNotConnected", "message": "i-1 is not connected."})
        session = f"user-{uuid.uuid4().hex[:8]}"
        answer = {"SessionId": session, "TokenValue": f"token of {session}", "StreamUrl": url}
        return 200, json.dumps(answer)


@contextmanager
def moto() -> Iterator[str]:
    """URL of moto's server, in the environment of the tests that use the mock AWS."""
    command = [sys.executable, SUPPORT / "python_environment.py", "mock-aws"]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    server = subprocess.Popen(
        [Path(found.stdout.strip()) / "python", "-B", SUPPORT / "mock-aws" / "server.py", os.devnull],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a line for each request
        text=True,
    )
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait(20)
        server.stdout.close()


class Account:
    """The account of a test, in which its clusters are."""

    def __init__(self, url: str, sessions: SessionManager) -> None:
        options = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "endpoint_url": url}
        self.sessions = sessions
        self._ec2 = boto3.client("ec2", REGION, **options)
        self._secrets = boto3.client("secretsmanager", REGION, **options)
        self._s3 = boto3.client("s3", REGION, **options)
        self._autoscaling = boto3.client("autoscaling", REGION, **options)

    def pool(
        self, cluster: str, pool: str, sizes: tuple[int, int, int], states: list[str]
    ) -> list[tuple[str, str]]:
        """Create a pool; returns id and host name of each of its instances.

        :param sizes: least, greatest and desired number of instances
        :param states: tag `dask:state` of each instance that runs, empty during its boot
        """
        tags = {"dask:cluster": cluster, "dask:role": "worker", "dask:pool": pool}
        name = f"dask-{cluster}--{pool}"
        least, greatest, desired = sizes
        self._autoscaling.create_launch_configuration(
            LaunchConfigurationName=name, ImageId="ami-785db401", InstanceType="m7i.large"
        )
        self._autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName=name,
            MinSize=0,
            MaxSize=greatest,
            DesiredCapacity=0,
            AvailabilityZones=[f"{REGION}a"],
            Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()],
        )
        found = [self._worker(tags | {"dask:state": state}) for state in states]
        if found:
            self._autoscaling.attach_instances(
                AutoScalingGroupName=name, InstanceIds=[instance for instance, _ in found]
            )
        # moto launches instances that are missing, without a tag of their state.
        self._autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=least)
        if desired > len(states):
            self._autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=desired)
        return found

    def desired(self, cluster: str, pool: str) -> int:
        """Desired number of instances of a pool."""
        name = f"dask-{cluster}--{pool}"
        answer = self._autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return answer["AutoScalingGroups"][0]["DesiredCapacity"]

    def members(self, cluster: str, pool: str) -> list[str]:
        """Ids of the instances of a pool's group."""
        name = f"dask-{cluster}--{pool}"
        answer = self._autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return [one["InstanceId"] for one in answer["AutoScalingGroups"][0]["Instances"]]

    def _worker(self, tags: dict[str, str]) -> tuple[str, str]:
        answer = self._ec2.run_instances(
            ImageId="ami-785db401",
            MinCount=1,
            MaxCount=1,
            InstanceType="m7i.large",
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items() if v]}
            ],
        )
        instance = answer["Instances"][0]
        return instance["InstanceId"], instance["PrivateDnsName"].partition(".")[0]

    def scheduler(
        self, cluster: str, target: str | None, state: str = "ready", address: str = REFUSING
    ) -> str:
        """Start an instance of a scheduler; returns its id.

        :param target: `host:port` that sessions reach; None if it is not connected to Session Manager
        :param address: private address; by default one that refuses connections
        """
        tags = {"dask:cluster": cluster, "dask:role": "scheduler"} | ({"dask:state": state} if state else {})
        answer = self._ec2.run_instances(
            ImageId="ami-785db401",
            MinCount=1,
            MaxCount=1,
            PrivateIpAddress=address,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
            ],
        )
        instance = answer["Instances"][0]["InstanceId"]
        if target:
            self.sessions.targets[instance] = f"tcp://{target}"
        return instance

    def clear(self) -> None:
        """Remove all groups, instances and secrets."""
        for group in self._autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
            name = group["AutoScalingGroupName"]
            self._autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
            self._autoscaling.delete_launch_configuration(LaunchConfigurationName=name)
        # moto answers with 100 of them at most, those of earlier tests included.
        pages = self._ec2.get_paginator("describe_instances").paginate()
        groups = [group for page in pages for group in page["Reservations"]]
        found = [one["InstanceId"] for group in groups for one in group["Instances"]]
        if found:
            self._ec2.terminate_instances(InstanceIds=found)
            # moto keeps all tags unless they are named, also those of terminated instances.
            self._ec2.delete_tags(Resources=found, Tags=[{"Key": f"dask:{name}"} for name in TAGS])
        for secret in self._secrets.list_secrets()["SecretList"]:
            self._secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)

    def stop(self, instance: str) -> None:
        self._ec2.stop_instances(InstanceIds=[instance])

    def terminate(self, instance: str) -> None:
        self._ec2.terminate_instances(InstanceIds=[instance])

    def tag(self, instance: str, key: str, value: str) -> None:
        self._ec2.create_tags(Resources=[instance], Tags=[{"Key": key, "Value": value}])

    def bucket(self, name: str) -> None:
        self._s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    def secret(self, cluster: str, pem: str | None) -> None:
        """Create the secret of clients, without a value for None."""
        value = {} if pem is None else {"SecretString": pem}
        self._secrets.create_secret(Name=f"/dask/{cluster}/client", **value)

    def dashboard_password(self, cluster: str, password: str) -> None:
        self._secrets.create_secret(Name=f"/dask/{cluster}/dashboard", SecretString=password)

    def store(self, cluster: str, pem: str) -> None:
        self._secrets.put_secret_value(SecretId=f"/dask/{cluster}/client", SecretString=pem)


def install_plugin(folder: Path) -> None:
    """Install the plugin's double; `folder` then belongs on the PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "session-manager-plugin"
    program.write_text(f"#!{sys.executable} -SEI\n{PLUGIN.read_text()}")
    program.chmod(0o755)
