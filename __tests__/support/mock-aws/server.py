"""The mock AWS: moto's server on a free port of the loopback, until its standard input ends.

server.py <file>: the file gets a line for each command and action that Terraform called, such as
`apply ec2:CreateVpc`. The command is at the end of the user agent (TF_APPEND_USER_AGENT), such as
`command/apply`.

What moto lacks is added, so that it stands for AWS here:
- the public SSM parameters of Canonical and of the Deep Learning AMI, whose names moto's API rejects; three
  of moto's stock images of the same architectures stand for theirs
- MonitorInstances, which Terraform's AWS provider calls for each instance with detailed monitoring
- an autoscaling group is rejected if its maximum size is below its on-demand base (terraform-provider-aws
  #9841), and an update without a mixed instances policy keeps the existing one
- requests are processed one at a time: moto rejected one of several concurrent requests that revoke rules
  of a security group, although the rule existed
- a request that the SDK repeats gets the answer of the first one: on a busy computer, connections to this
  server break after moto has processed the request, and moto would reject the second one as a duplicate
- a group gets its desired number of instances: moto drops the fractions of its two shares
- an instance refresh of a group is accepted; the group's instances do not change
- a subnet with the tag mock:owner belongs to that account, as one that RAM shares; moto shares no subnets
- a terminated instance frees its addresses, so that another one can have them
- wait conditions of CloudFormation (wait_conditions.py)
- policies of buckets are not applied: moto ignores their conditions, and would reject every request
"""

import re
import sys
from functools import partial
from pathlib import Path
from threading import Lock
from uuid import uuid4

import moto.ssm.models as ssm
import wait_conditions
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import utcnow
from moto.ec2.models.instances import Instance
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses.monitoring import Monitoring
from moto.iam.access_control import PermissionResult
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.s3.models import FakeBucket
from werkzeug.test import run_wsgi_app

PUBLIC_IMAGES = {
    "canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id": "ami-785db401",
    "canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id": "ami-0e9271c829888680e",
    "deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id": "ami-dca37ea5",
}


class Parameters(ssm.ParameterDict):
    """The parameters of an account and region, with the public ones that moto lacks."""

    def __init__(self, account_id: str, region_name: str):
        super().__init__(account_id, region_name)
        for published, image in PUBLIC_IMAGES.items():
            name = f"/aws/service/{published}"
            parameter = ssm.Parameter(
                account_id=account_id,
                name=name,
                value=image,
                parameter_type="String",
                description=None,
                allowed_pattern=None,
                keyid=None,
                last_modified_date=utcnow(),
                version=1,
                data_type="aws:ec2:image",
            )
            self[name].append(parameter)


def monitor_instances(request: Monitoring) -> ActionResult:
    instances = request.ec2_backend.get_multi_instances_by_id(request._get_param("InstanceIds", []))
    for instance in instances:
        instance.monitoring_state = "enabled"
    monitorings = [{"InstanceId": instance.id, "Monitoring": {"State": "enabled"}} for instance in instances]
    return ActionResult({"InstanceMonitorings": monitorings})


def create_group(backend, *, max_size: int, mixed_instances_policy: dict | None = None, **rest):
    distribution = (mixed_instances_policy or {}).get("InstancesDistribution", {})
    base = int(distribution.get("OnDemandBaseCapacity", 0))
    if max_size < base:
        raise ValidationError(
            f"Max bound, {max_size}, must be greater than or equal to OnDemandBaseCapacity, {base}."
        )
    return create_mixed_group(
        backend, max_size=max_size, mixed_instances_policy=mixed_instances_policy, **rest
    )


def update_group(backend, *, name: str, mixed_instances_policy: dict | None = None, **rest):
    group = backend.autoscaling_groups.get(name)
    if mixed_instances_policy is None and group is not None and group.mixed_instances_policy:
        mixed_instances_policy = group.mixed_instances_policy
        # moto adds the name of the template to the policy of an earlier request, but rejects it in a request.
        mixed_instances_policy["LaunchTemplate"]["LaunchTemplateSpecification"].pop(
            "LaunchTemplateName", None
        )
    return update_mixed_group(backend, name=name, mixed_instances_policy=mixed_instances_policy, **rest)


def set_capacity(group, capacity: int | None) -> None:
    policy, group.mixed_instances_policy = group.mixed_instances_policy, None
    set_mixed_capacity(group, capacity)
    group.mixed_instances_policy = policy


def start_refresh(response: AutoScalingResponse) -> ActionResult:
    name = response._get_param("AutoScalingGroupName")
    if name not in response.autoscaling_backend.autoscaling_groups:
        raise ValidationError(f"AutoScalingGroup name not found - no such group: {name}")
    return ActionResult({"InstanceRefreshId": str(uuid4())})


def owner(subnet: Subnet) -> str:
    tags = {tag["key"]: tag["value"] for tag in subnet.get_tags()}
    return tags.get("mock:owner", subnet.ec2_backend.account_id)


def terminate(instance: Instance):
    previous_state = terminate_plain(instance)
    subnet = instance.ec2_backend.get_subnet(instance.subnet_id)
    for address in instance._private_ips:
        subnet.del_subnet_ip(address)
    return previous_state


def answer_one_at_a_time(application, environ, start_response):
    invocation = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
    with answering:
        if invocation not in succeeded:
            body, status, headers = run_wsgi_app(partial(answer, application), environ, buffered=True)
            if invocation is None or not status.startswith("2"):
                start_response(status, headers.to_wsgi_list())
                return body
            succeeded[invocation] = (status, headers.to_wsgi_list(), b"".join(body))
        status, headers, body = succeeded[invocation]
        start_response(status, headers)
        return [body]


def record(response, action: str) -> None:
    """Runs where moto would check permissions. The calls of the tests themselves are left out."""
    agent = response.headers.get("User-Agent", "")
    command = re.search(r"\bcommand/(\w+)", agent)
    call = f"{command[1] if command else 'unknown'} {action}"
    if "Terraform" in agent and call not in called:
        called.add(call)
        with Path(sys.argv[1]).open("a") as file:
            file.write(f"{call}\n")


def record_action(response, resource) -> None:
    record(response, f"{response.service_name}:{response._get_action()}")
    authorize(response, resource)


def record_s3_action(response, bucket_name: str | None = None, key_name: str | None = None) -> None:
    action = response.data.get("Action", "ListAllMyBuckets")
    record(response, f"s3:{S3_PERMISSIONS.get(action, action)}")
    authorize_s3(response, bucket_name, key_name)


#: Permissions of S3's requests that are not named after them.
S3_PERMISSIONS = {"HeadBucket": "ListBucket"}

#: Answers of successful requests, by the id that the SDK gives to a request and its repetitions.
succeeded: dict[str, tuple[str, list[tuple[str, str]], bytes]] = {}
called: set[str] = set()
authorize = BaseResponse._authenticate_and_authorize_normal_action
authorize_s3 = BaseResponse._authenticate_and_authorize_s3_action
answering = Lock()
answer = DomainDispatcherApplication.__call__
create_mixed_group = AutoScalingBackend.create_auto_scaling_group
update_mixed_group = AutoScalingBackend.update_auto_scaling_group
set_mixed_capacity = FakeAutoScalingGroup.set_desired_capacity
terminate_plain = Instance.terminate


def main() -> None:
    ssm.ParameterDict = Parameters
    Monitoring.monitor_instances = monitor_instances
    AutoScalingBackend.create_auto_scaling_group = create_group
    AutoScalingBackend.update_auto_scaling_group = update_group
    FakeAutoScalingGroup.set_desired_capacity = set_capacity
    AutoScalingResponse.start_instance_refresh = start_refresh
    Instance.terminate = terminate
    Subnet.owner_id = property(owner)
    wait_conditions.install()
    BaseResponse._authenticate_and_authorize_normal_action = record_action
    BaseResponse._authenticate_and_authorize_s3_action = record_s3_action
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL
    DomainDispatcherApplication.__call__ = answer_one_at_a_time
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
