"""Stands for the APIs of EC2, EC2 Auto Scaling, Secrets Manager and SSM, over HTTPS, as a node calls them.

Signatures are checked. Tags, instances, secrets and parameters live in moto, where a test reads them with
boto3. Lifecycle actions, which moto lacks, are answered here: one waits for each instance that the instances'
file gives a hook, until it is completed. IAM policies are not consulted, but for the secrets that a instance
may name: those that the instances' file gives it.

Each call is a line of JSON in FOLDER/calls.jsonl, which is also all that is remembered of completed actions;
its `instance` is whose credentials signed it, null where they were refused. Values of secrets are left out.
FOLDER/ca.pem is the authority behind the server's certificate.
"""

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import boto3
from certificates import authority, server_context
from instances import Instance
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2 import ec2_backends
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from serving import Handler, Server, arguments
from signatures import AwsError, authenticate

AUTOSCALING = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
VERSIONS = {"autoscaling": "2011-01-01", "ec2": "2016-11-15"}
FORWARDED = ("CreateTags", "DescribeTags", "DescribeInstances")
TARGETS = {
    "secretsmanager": ("secretsmanager.GetSecretValue", "secretsmanager.PutSecretValue"),
    "ssm": ("AmazonSSM.GetParameter",),
}
JSON = "application/x-amz-json-1.1"
NO_ACTION = "No active Lifecycle Action found with instance ID"

#: Calls of each service that a fault below refuses, and how: code, message and status.
FIRST_CALLS = 2
AT_FIRST = {
    "throttled": {
        "autoscaling": ("Throttling", "Rate exceeded"),
        "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
        "secretsmanager": ("ThrottlingException", "Rate exceeded"),
        "ssm": ("ThrottlingException", "Rate exceeded"),
    },
    "denied-at-first": {
        "autoscaling": ("AccessDenied", "User is not authorized to perform this action", 403),
        "ec2": ("UnauthorizedOperation", "You are not authorized to perform this operation.", 403),
        "secretsmanager": ("AccessDeniedException", "User is not authorized to perform this action"),
        "ssm": ("AccessDeniedException", "User is not authorized to perform this action"),
    },
}

IMAGE = "ami-785db401"  # one of moto's own


class Apis(Server):
    """The state behind the APIs."""

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
        """Add a call to the file that tests read."""
        with self.lock, open(self.calls, "a") as calls:
            calls.write(json.dumps({"at": f"{datetime.now(UTC):%FT%T.%fZ}", **call}) + "\n")

    def completed(self, instance: Instance) -> bool:
        """Whether the instance's lifecycle action was completed earlier."""
        with self.lock:
            calls = [json.loads(line) for line in self.calls.read_text().splitlines()]
        return any(
            (call["status"], call["action"], call["parameters"].get("InstanceId"))
            == (200, "CompleteLifecycleAction", instance.id)
            for call in calls
        )

    def earlier(self, instance: Instance, host: str, action: str | None = None) -> list[dict]:
        """The instance's calls of a service, or of one of its actions."""
        with self.lock:
            calls = [json.loads(line) for line in self.calls.read_text().splitlines()]
        mine = [call for call in calls if (call["instance"], call["host"]) == (instance.id, host)]
        return [call for call in mine if action in (None, call["action"])]

    def known(self, instances: list[Instance]) -> None:
        """Let moto have the instances as instances with their own ids, which its API cannot choose."""
        with self.lock:
            for instance in instances:
                backend = ec2_backends[DEFAULT_ACCOUNT_ID][instance.region]
                if backend.get_instance_by_id(instance.id) is None:
                    started = self.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"][0]
                    backend.get_instance_by_id(started["InstanceId"]).id = instance.id


class Api(Handler):
    """Answers a call."""

    server: Apis

    def do_POST(self) -> None:
        if self.has_fault("aws-silent"):
            return self.stay_silent()
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        host = headers.get("host", "").partition(":")[0]
        parameters = read(host.split(".")[0], headers, body)
        call = {"from": self.client_address[0], "instance": None, "host": host}
        call |= {"action": parameters.get("Action"), "parameters": withheld(parameters)}
        try:
            caller = authenticate(host, headers, body, self.server.instances.all())
            call["instance"] = caller.id
            self.refuse_at_first(caller, host)
            status, answer = self.act(caller, host.split(".")[0], parameters, headers, body)
        except AwsError as refusal:
            call |= {"error": refusal.code, "message": refusal.message}
            status, answer = error(host, refusal)
        self.server.record(**call, status=status)
        content_type = JSON if host.split(".")[0] in TARGETS else "text/xml"
        self.answer(status, answer, Content_Type=content_type)

    def refuse_at_first(self, caller: Instance, host: str) -> None:
        """Refuse the first calls of a instance with such a fault, in the service's own words."""
        faults = [fault for fault in AT_FIRST if fault in caller.faults]
        refusals = [AT_FIRST[fault] for fault in faults for _ in range(FIRST_CALLS)]
        if refusals and (earlier := len(self.server.earlier(caller, host))) < len(refusals):
            raise AwsError(*refusals[earlier][host.split(".")[0]])

    def act(self, caller: Instance, service: str, parameters: dict, headers: dict, body: bytes):
        """Do what the call asks; status and answer."""
        if service in TARGETS:
            self.check(caller, service, parameters, headers)
            return self.forward(headers, body)
        instances = self.server.instances.all()
        action, version = parameters.get("Action"), parameters.get("Version")
        allowed = ("CompleteLifecycleAction",) if service == "autoscaling" else FORWARDED
        if action not in allowed or version != VERSIONS[service]:
            raise AwsError("InvalidAction", f"Could not find operation {action} for version {version}")
        if service == "ec2":
            self.server.known(instances)
            return self.forward(headers, body)
        self.wait_for_hook(caller, headers["host"])
        self.complete(parameters, instances)
        return 200, (
            f'<CompleteLifecycleActionResponse xmlns="{AUTOSCALING}">\n  <CompleteLifecycleActionResult/>\n'
            f"  <ResponseMetadata>\n    <RequestId>{uuid.uuid4()}</RequestId>\n  </ResponseMetadata>\n"
            "</CompleteLifecycleActionResponse>\n"
        )

    def check(self, caller: Instance, service: str, parameters: dict, headers: dict) -> None:
        """Refuse what the JSON APIs have no name for, and a secret that the instance's role does not name."""
        if headers.get("x-amz-target") not in TARGETS[service] or headers.get("content-type") != JSON:
            raise AwsError("UnknownOperationException", "")
        secret = parameters.get("SecretId")
        if service == "secretsmanager" and secret not in caller.secrets:
            refused = f"{caller.role} is not authorized to perform {parameters['Action']} on {secret}"
            raise AwsError("AccessDeniedException", refused)

    def wait_for_hook(self, caller: Instance, host: str) -> None:
        """Refuse an answer that comes before the group has moved the instance to `Pending:Wait`."""
        first = next(
            iter(self.server.earlier(caller, host.partition(":")[0], "CompleteLifecycleAction")), None
        )
        waits = datetime.fromisoformat(first["at"]) + timedelta(seconds=caller.hookAfter) if first else None
        if caller.hookAfter and (waits is None or datetime.now(UTC) < waits):
            raise AwsError("ValidationError", f"{NO_ACTION} {caller.id}")

    def complete(self, parameters: dict[str, str], instances: list[Instance]) -> None:
        """Take the answer to a launch hook; each hook takes one."""
        instance, group, hook, result = (
            parameters.get(name)
            for name in ("InstanceId", "AutoScalingGroupName", "LifecycleHookName", "LifecycleActionResult")
        )
        waiting = [one for one in instances if (one.id, one.group, one.hook) == (instance, group, hook)]
        if hook is None or not waiting or self.server.completed(waiting[0]):
            raise AwsError("ValidationError", f"{NO_ACTION} {instance}")
        if result not in ("CONTINUE", "ABANDON"):
            raise AwsError("ValidationError", "The lifecycle action result must be CONTINUE or ABANDON")

    def forward(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Let moto answer."""
        moto = HTTPConnection(*self.server.moto.get_host_and_port(), timeout=30)
        try:
            moto.request("POST", "/", body, headers)
            response = moto.getresponse()
            return response.status, response.read()
        finally:
            moto.close()


def read(service: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
    """The parameters of a call, its action among them."""
    if service not in TARGETS:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        return {**json.loads(body), "Action": action}
    except (TypeError, ValueError):
        return {"Action": action}


def withheld(parameters: dict[str, str]) -> dict[str, str]:
    """The parameters without what nobody may read."""
    return {name: value for name, value in parameters.items() if name != "SecretString"}


def error(host: str, refusal: AwsError) -> tuple[int, str]:
    """An error as the service writes it. EC2 has one word for every wrong credential."""
    code, message, status = refusal.code, refusal.message, refusal.status
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
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the calls and certificates are written"
    )
    parser.add_argument("--region", default="eu-central-1")
    options = parser.parse_args()
    apis = Apis(options.listen, options.instances, options.folder, options.region)
    apis.run(ca=str(authority(options.folder)), moto=apis.endpoint)
