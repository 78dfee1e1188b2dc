"""Wait conditions of CloudFormation, which moto ignores.

No node runs on the mock, so a condition gets its signal as soon as its stack is created: success, or a
failure where the parameter `/mock/signal/<stack>` exists, with its value as the reason. A stack that fails
ends as on AWS with OnFailure=DELETE: its resources are deleted, its events contain the reason, and
the token of the request, by which Terraform's AWS provider finds them.
"""

from uuid import uuid4

from moto.cloudformation import parsing
from moto.cloudformation.models import CloudFormationBackend, Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.common_models import CloudFormationModel
from moto.core.responses import ActionResult
from moto.ssm.models import ssm_backends

HANDLE = "AWS::CloudFormation::WaitConditionHandle"
CONDITION = "AWS::CloudFormation::WaitCondition"


class Handle(CloudFormationModel):
    """A handle; a reference to it is the URL that takes the signal."""

    # moto derives the service from the name of a model's module.
    __module__ = "moto.cloudformation.wait_conditions"

    def __init__(self, region_name: str):
        bucket = f"cloudformation-waitcondition-{region_name}"
        self.physical_resource_id = (
            f"https://{bucket}.s3.{region_name}.amazonaws.com/{uuid4()}?X-Amz-Signature=mock"
        )

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return HANDLE

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name, cloudformation_json, account_id, region_name, **_
    ):
        return cls(region_name)

    @classmethod
    def delete_from_cloudformation_json(cls, *_):
        """A handle has no state."""


def create_stack(response: CloudFormationResponse) -> ActionResult:
    result = create_plain_stack(response)
    backend = response.cloudformation_backend
    stack = backend.get_stack(result.result["StackId"])
    resources = stack.template_dict["Resources"]
    conditions = [name for name, resource in resources.items() if resource["Type"] == CONDITION]
    reason = failure(backend, stack)
    if conditions and reason is not None:
        fail(stack, conditions[0], reason)
        if response._get_param("OnFailure") != "DELETE":
            raise NotImplementedError("the mock only supports OnFailure=DELETE")
        backend.delete_stack(stack.stack_id)
    for event in stack.events:
        event.client_request_token = response._get_param("ClientRequestToken")
    return result


def failure(backend: CloudFormationBackend, stack: Stack) -> str | None:
    parameter = ssm_backends[backend.account_id][backend.region_name].get_parameter(
        f"/mock/signal/{stack.name}"
    )
    return parameter and parameter.value


def fail(stack: Stack, condition: str, reason: str) -> None:
    stack.events.append(
        Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=condition,
            physical_resource_id=condition,
            resource_type=CONDITION,
            resource_status="CREATE_FAILED",
            resource_status_reason=f"WaitCondition received failed message: '{reason}' for uniqueId: i-mock",
            resource_properties=None,
        )
    )


create_plain_stack = CloudFormationResponse.create_stack


def install() -> None:
    """Puts the wait conditions into moto."""
    parsing.NULL_MODELS.remove(HANDLE)
    CloudFormationResponse.create_stack = create_stack
