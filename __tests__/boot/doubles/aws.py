"""Double of the APIs of EC2, EC2 Auto Scaling, CloudWatch Logs, Secrets Manager, SNS and SSM, over HTTPS.

Checks signatures. Tags, instances, logs, secrets, topics and parameters are in moto, where a test reads them
with boto3. moto has no lifecycle actions, so they are answered here: an instance with a launch hook in the
instances file has a pending action until the action is completed, and one with a termination hook does once
its lifecycle is `Terminated`. No action times out, so heartbeats are only checked and recorded. IAM policies
are not evaluated, with two exceptions: an instance can use only the secrets that the instances file lists for
it, and write only the log streams that it lists.

FOLDER/calls.jsonl has a line of JSON for each call, without values of secrets. `instance` is the instance
whose credentials signed the call, or null if they were rejected. Completed actions are read from this file.
FOLDER/ca.pem is the CA certificate of the server.
"""

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import boto3
from certificates import ca_certificate, server_context
from instances import Instance
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2 import ec2_backends
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from serving import Handler, Server, arguments
from signatures import AwsError, authenticate

AUTOSCALING = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
VERSIONS = {"autoscaling": "2011-01-01", "ec2": "2016-11-15", "sns": "2010-03-31"}
FORWARDED = ("CreateTags", "DescribeTags", "DescribeInstances")
ACTIONS = ("CompleteLifecycleAction", "RecordLifecycleActionHeartbeat")
GROUPS = ("DescribeAutoScalingGroups", "DescribeScalingActivities")
ALLOWED = {"autoscaling": (*ACTIONS, *GROUPS), "ec2": FORWARDED, "sns": ("Publish",)}
TARGETS = {
    "logs": ("Logs_20140328.CreateLogStream", "Logs_20140328.PutLogEvents"),
    "secretsmanager": ("secretsmanager.GetSecretValue", "secretsmanager.PutSecretValue"),
    "ssm": ("AmazonSSM.GetParameter",),
}
JSON = "application/x-amz-json-1.1"
NO_ACTION = "No active Lifecycle Action found with instance ID"

#: Calls of each service that each fault below rejects.
REJECTED_CALLS = 2

#: Calls of the status page.
OF_PAGE = ("DescribeInstances", *GROUPS)

#: By fault and service: code, message and status of the error. CloudWatch Logs and calls of the status page
#: are not rejected: they are not part of a boot, so tests could not count them.
FIRST_CALL_ERRORS = {
    "throttled": {
        "autoscaling": ("Throttling", "Rate exceeded"),
        "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
        "secretsmanager": ("ThrottlingException", "Rate exceeded"),
        "sns": ("Throttled", "Rate exceeded", 429),
        "ssm": ("ThrottlingException", "Rate exceeded"),
    },
    "denied-at-first": {
        "autoscaling": ("AccessDenied", "User is not authorized to perform this action", 403),
        "ec2": ("UnauthorizedOperation", "You are not authorized to perform this operation.", 403),
        "secretsmanager": ("AccessDeniedException", "User is not authorized to perform this action"),
        "sns": ("AuthorizationError", "User is not authorized to perform this action", 403),
        "ssm": ("AccessDeniedException", "User is not authorized to perform this action"),
    },
}

IMAGE = "ami-785db401"  # exists in moto


class Apis(Server):
    """Server of the APIs, with their state."""

    def __init__(self, listen: str, instances: Path, folder: Path, region: str):
        self.hosts = [f"{service}.{region}.amazonaws.com" for service in (*VERSIONS, *TARGETS)]
        super().__init__(listen, Api, instances, server_context(folder, *self.hosts))
        self.calls = folder / "calls.jsonl"
        self.calls.touch()
        self.lock = threading.Lock()
        self.moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.moto.start()
        moto_host, moto_port = self.moto.get_host_and_port()
        self.endpoint = f"http://{moto_host}:{moto_port}"
        self.ec2 = boto3.client(
            "ec2", region, endpoint_url=self.endpoint, aws_access_key_id="mock", aws_secret_access_key="mock"
        )

    def record(self, **call: object) -> None:
        """Append a call to calls.jsonl."""
        with self.lock, open(self.calls, "a") as calls:
            calls.write(json.dumps({"at": f"{datetime.now(UTC):%FT%T.%fZ}", **call}) + "\n")

    def completed(self, instance: Instance, hook: str) -> bool:
        """Whether the lifecycle action of a hook for an instance is completed."""
        with self.lock:
            calls = [json.loads(line) for line in self.calls.read_text().splitlines()]
        return any(
            (call["status"], call["action"]) == (200, "CompleteLifecycleAction")
            and call["parameters"]["InstanceId"] == instance.id
            and call["parameters"]["LifecycleHookName"] == hook
            for call in calls
        )

    def calls_of(self, instance: Instance, host: str, action: str | None = None) -> list[dict]:
        """Return the calls of an instance to a service, or for one of its actions."""
        with self.lock:
            calls = [json.loads(line) for line in self.calls.read_text().splitlines()]
        calls = [call for call in calls if (call["instance"], call["host"]) == (instance.id, host)]
        return [call for call in calls if action in (None, call["action"])]

    def create_instances(self, instances: list[Instance]) -> None:
        """Create the instances in moto. Its API cannot set ids, so they are set in its backend."""
        with self.lock:
            for instance in instances:
                backend = ec2_backends[DEFAULT_ACCOUNT_ID][instance.region]
                if backend.get_instance_by_id(instance.id) is None:
                    started = self.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"][0]
                    backend.get_instance_by_id(started["InstanceId"]).id = instance.id


class Api(Handler):
    """Handles a call."""

    server: Apis

    def do_POST(self) -> None:
        if self.has_fault("aws-silent"):
            return self.stay_silent()
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        host = headers.get("host", "").partition(":")[0]
        parameters = read(host.split(".")[0], headers, body)
        call = {"from": self.client_address[0], "instance": None, "host": host}
        call |= {"action": parameters.get("Action"), "parameters": redact(parameters)}
        try:
            caller = authenticate(host, headers, body, self.server.instances.all())
            call["instance"] = caller.id
            if call["action"] not in OF_PAGE:
                self.reject_first_calls(caller, host)
            status, answer = self.handle_call(caller, host.split(".")[0], parameters, headers, body)
        except AwsError as rejected:
            call |= {"error": rejected.code, "message": rejected.message}
            status, answer = error(host, rejected)
        self.server.record(**call, status=status)
        content_type = JSON if host.split(".")[0] in TARGETS else "text/xml"
        self.respond(status, answer, Content_Type=content_type)

    def reject_first_calls(self, caller: Instance, host: str) -> None:
        """Reject the first calls of an instance with such a fault, with the error of the service."""
        faults = [fault for fault in FIRST_CALL_ERRORS if fault in caller.faults]
        found = [FIRST_CALL_ERRORS[fault].get(host.split(".")[0]) for fault in faults]
        errors = [error for error in found if error for _ in range(REJECTED_CALLS)]
        calls = [call for call in self.server.calls_of(caller, host) if call["action"] not in OF_PAGE]
        if len(calls) < len(errors):
            raise AwsError(*errors[len(calls)])

    def handle_call(self, caller: Instance, service: str, parameters: dict, headers: dict, body: bytes):
        """Execute a call. Returns status and body of the response."""
        if service in TARGETS:
            self.authorize(caller, service, parameters, headers)
            return self.forward(headers, body)
        instances = self.server.instances.all()
        action, version = parameters.get("Action"), parameters.get("Version")
        if action not in ALLOWED[service] or version != VERSIONS[service]:
            raise AwsError("InvalidAction", f"Could not find operation {action} for version {version}")
        if service == "ec2":
            self.server.create_instances(instances)
        if service in ("ec2", "sns") or action in GROUPS:
            return self.forward(headers, body)
        self.require_pending_wait(caller, headers["host"])
        self.require_action(parameters, instances)
        return 200, (
            f'<{action}Response xmlns="{AUTOSCALING}">\n  <{action}Result/>\n'
            f"  <ResponseMetadata>\n    <RequestId>{uuid.uuid4()}</RequestId>\n  </ResponseMetadata>\n"
            f"</{action}Response>\n"
        )

    def authorize(self, caller: Instance, service: str, parameters: dict, headers: dict) -> None:
        """Reject unknown operations of the JSON APIs, and secrets that the instance must not use."""
        if headers.get("x-amz-target") not in TARGETS[service] or headers.get("content-type") != JSON:
            raise AwsError("UnknownOperationException", "")
        secret = parameters.get("SecretId")
        if service == "secretsmanager" and secret not in caller.secrets:
            message = f"{caller.role} is not authorized to perform {parameters['Action']} on {secret}"
            raise AwsError("AccessDeniedException", message)
        stream = f"{parameters.get('logGroupName')}:log-stream:{parameters.get('logStreamName')}"
        if service == "logs" and not any(fnmatchcase(stream, pattern) for pattern in caller.logStreams):
            message = f"{caller.role} is not authorized to perform {parameters['Action']} on {stream}"
            raise AwsError("AccessDeniedException", message)

    def require_pending_wait(self, caller: Instance, host: str) -> None:
        """Reject a lifecycle action before the group has moved the instance to `Pending:Wait`."""
        first = next(
            iter(self.server.calls_of(caller, host.partition(":")[0], "CompleteLifecycleAction")), None
        )
        pending = datetime.fromisoformat(first["at"]) + timedelta(seconds=caller.hookAfter) if first else None
        if caller.hookAfter and (pending is None or datetime.now(UTC) < pending):
            raise AwsError("ValidationError", f"{NO_ACTION} {caller.id}")

    def require_action(self, parameters: dict[str, str], instances: list[Instance]) -> None:
        """Reject a call for a lifecycle action that is not pending. An action can be completed once."""
        instance, group, hook = (
            parameters.get(name) for name in ("InstanceId", "AutoScalingGroupName", "LifecycleHookName")
        )
        waiting = [one for one in instances if (one.id, one.group) == (instance, group) and hook in one.hooks]
        if hook is None or not waiting or self.server.completed(waiting[0], hook):
            raise AwsError("ValidationError", f"{NO_ACTION} {instance}")
        completes = parameters["Action"] == "CompleteLifecycleAction"
        if completes and parameters.get("LifecycleActionResult") not in ("CONTINUE", "ABANDON"):
            raise AwsError("ValidationError", "The lifecycle action result must be CONTINUE or ABANDON")

    def forward(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Forward a call to moto."""
        moto = HTTPConnection(*self.server.moto.get_host_and_port(), timeout=30)
        try:
            moto.request("POST", "/", body, headers)
            response = moto.getresponse()
            return response.status, response.read()
        finally:
            moto.close()


def read(service: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
    """Return the parameters of a call, including `Action`."""
    if service not in TARGETS:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        return {**json.loads(body), "Action": action}
    except (TypeError, ValueError):
        return {"Action": action}


def redact(parameters: dict[str, str]) -> dict[str, str]:
    """Return the parameters without values of secrets, and without log events."""
    return {name: value for name, value in parameters.items() if name not in ("SecretString", "logEvents")}


def error(host: str, rejected: AwsError) -> tuple[int, str]:
    """Return status and body of an error. EC2 uses `AuthFailure` for all wrong credentials."""
    code, message, status = rejected.code, rejected.message, rejected.status
    if host.split(".")[0] in TARGETS:
        return 400, json.dumps({"__type": code, "message": message})
    if host.startswith("ec2."):
        if status == 403 and code != "UnauthorizedOperation":
            code, status = "AuthFailure", 401
            message = f"AWS was not able to validate the provided access credentials: {message}"
        return status, (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
            f"<Code>{code}</Code><Message>{escape(message)}</Message>"
            f"</Error></Errors><RequestID>{uuid.uuid4()}</RequestID></Response>"
        )
    return status, (
        f'<ErrorResponse xmlns="{AUTOSCALING}">\n  <Error>\n    <Type>Sender</Type>\n'
        f"    <Code>{code}</Code>\n"
        f"    <Message>{escape(message)}</Message>\n  </Error>\n"
        f"  <RequestId>{uuid.uuid4()}</RequestId>\n</ErrorResponse>\n"
    )


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder for calls.jsonl and certificates")
    parser.add_argument("--region", default="eu-central-1")
    options = parser.parse_args()
    apis = Apis(options.listen, options.instances, options.folder, options.region)
    apis.run(ca=str(ca_certificate(options.folder)), moto=apis.endpoint)
