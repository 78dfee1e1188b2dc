"""Runs a command on nodes by Run Command of Systems Manager, and waits for its end.

Unlike a session of Session Manager, Run Command reports the exit code of a command
(aws/session-manager-plugin#59), needs no plugin and no terminal, and reaches several nodes by one call.
"""

import time
from dataclasses import dataclass

from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.errors import CommandFailed, ConnectError, NotConnected

DOCUMENT = "AWS-RunShellScript"

MAX_INSTANCES = 50
"""Of one call (Systems Manager API Reference, SendCommand)."""

MAX_OUTPUT = 24_000
"""Characters of the output of a command (Systems Manager API Reference, GetCommandInvocation)."""

DELIVERY_SECONDS = 60
"""Until an instance starts the command; AWS accepts 30 and more."""

POLL_SECONDS = 1.0
ENDING = "failed to run commands: "
"""AWS-RunShellScript ends the errors of a command that failed with this, and `exit status 1`."""

RUNNING = ("Pending", "InProgress", "Delayed", "Cancelling")


@dataclass(frozen=True)
class Output:
    """Output of a command on one instance. Root runs it."""

    instance: str
    text: str
    """Standard output; for a command that failed also standard error."""
    failure: str = ""
    """Status of a command that failed, or why it was not run; empty for one that succeeded."""

    def check(self, cluster: str) -> str:
        """Return the output.

        Raises:
            CommandFailed: the command failed; the message has the last line of its output.
        """
        if not self.failure:
            return self.text
        hint = f"see the logs: dask-cluster logs {cluster} {self.instance}"
        last = (self.text or self.failure).splitlines()[-1]
        raise CommandFailed(f"the command on {self.instance} failed: {last}", hint)


def run_on(aws: AwsCluster, instances: list[str], command: str, seconds: int) -> list[Output]:
    """Run a command on instances, as root.

    Args:
        aws: The cluster.
        instances: Ids of the instances, at most 50.
        command: Command line of a shell.
        seconds: Time that the command may take.

    Returns:
        The output of each instance. One of several that is not connected to Systems Manager has failed.

    Raises:
        NotConnected: the only instance is not connected to Systems Manager.
        ConnectError: AWS does not run it, or it does not end in time.
    """
    permission = (
        f"ssm:SendCommand on the instance {instances[0]} and the document {DOCUMENT}, "
        "and ssm:GetCommandInvocation"
    )
    request = {
        "DocumentName": DOCUMENT,
        "TimeoutSeconds": DELIVERY_SECONDS,
        "Parameters": {"commands": [command], "executionTimeout": [str(seconds)]},
    }

    def send(to: list[str]) -> str:
        answer = aws.call("ssm", "send_command", permission, {"InstanceIds": to, **request})
        return str(answer["Command"]["CommandId"])

    missing: dict[str, str] = {}
    try:
        sent = dict.fromkeys(instances, send(instances))
    except NotConnected:
        if len(instances) == 1:
            raise
        # AWS rejects a command for all instances if one is not connected, such as one that boots.
        sent = {}
        for instance in instances:
            try:
                sent[instance] = send([instance])
            except NotConnected as error:
                missing[instance] = error.reason
    ends = time.monotonic() + DELIVERY_SECONDS + seconds
    return [
        Output(instance, "", missing[instance])
        if instance in missing
        else _wait(aws, sent[instance], instance, permission, ends)
        for instance in instances
    ]


def run_on_one(aws: AwsCluster, instance: str, command: str, seconds: int) -> Output:
    """Run a command on one instance.

    Raises:
        ConnectError: AWS does not run it, or it does not end in time.
    """
    [output] = run_on(aws, [instance], command, seconds)
    return output


def _wait(aws: AwsCluster, command: str, instance: str, permission: str, ends: float) -> Output:
    parameters = {"CommandId": command, "InstanceId": instance}
    while True:
        try:
            answer = aws.call("ssm", "get_command_invocation", permission, parameters)
        except ConnectError as error:
            # AWS knows the invocation a moment after it accepted the command.
            if "InvocationDoesNotExist" not in error.reason:
                raise
            answer = {"Status": "Pending"}
        status = answer["Status"]
        if status not in RUNNING:
            text = answer["StandardOutputContent"]
            if status == "Success":
                return Output(instance, text)
            lines = [*text.splitlines(), *answer["StandardErrorContent"].splitlines()]
            own = [line for line in lines if not line.startswith(ENDING)]
            return Output(instance, "\n".join(own).strip("\n"), status)
        if time.monotonic() > ends:
            hint = (
                f"its output: aws ssm get-command-invocation --command-id {command} --instance-id {instance}"
            )
            raise CommandFailed(f"the command on {instance} did not end: its status is {status}", hint)
        time.sleep(POLL_SECONDS)
