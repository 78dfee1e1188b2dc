"""The double of an Auto Scaling group behaves as AWS documents it; the hook of a node outlasts a drain."""

import pytest

from cdktf_dask.autoscaler.capacity import CapacityError
from cdktf_dask.autoscaler.capacity.aws import AwsCapacity
from cdktf_dask.node.aws import AwsError
from cdktf_dask.node.failures import Failures
from cdktf_dask.node.termination_hook import TerminationHook
from group_double import NO_CAPACITY, Group, Hook

NAME = "dask-prod--cpu"
LAUNCH = Hook("workers-registered", 2700, "ABANDON")
END = Hook("workers-drained", 180, "CONTINUE")


@pytest.fixture
def group():
    """A group with both hooks, and records of its instances."""
    double = Group(NAME, greatest=4, launching=LAUNCH, terminating=END)
    double.events = []
    double.start = lambda one: double.events.append(f"start {one}")
    double.end = lambda one: double.events.append(f"end {one}")
    return double


def desire(group, number):
    group.call("autoscaling", "set_desired_capacity", AutoScalingGroupName=NAME, DesiredCapacity=number)


def complete(group, instance, hook=LAUNCH.name, result="CONTINUE"):
    group.call(
        "autoscaling",
        "complete_lifecycle_action",
        **{"AutoScalingGroupName": NAME, "LifecycleHookName": hook, "InstanceId": instance},
        LifecycleActionResult=result,
    )


def terminate(group, instance, decrement=True):
    group.call(
        "autoscaling",
        "terminate_instance_in_auto_scaling_group",
        InstanceId=instance,
        ShouldDecrementDesiredCapacity=decrement,
    )


def test_an_instance_waits_for_its_hooks(group):
    desire(group, 1)
    assert group.states() == {"i-1": "Pending:Wait"}
    complete(group, "i-1")
    assert group.states() == {"i-1": "InService"}
    terminate(group, "i-1")
    assert (group.states(), group.desired) == ({"i-1": "Terminating:Wait"}, 0)
    complete(group, "i-1", END.name)
    assert (group.states(), group.events) == ({}, ["start i-1", "end i-1"])
    assert [(each["Description"], each["StatusCode"]) for each in group.activities] == [
        ("Terminating EC2 instance: i-1", "Successful"),
        ("Launching a new EC2 instance: i-1", "Successful"),
    ]


def test_a_hook_that_times_out_has_its_default_result(group):
    desire(group, 1)
    group.advance(2699)
    assert group.states() == {"i-1": "Pending:Wait"}
    group.advance(1)
    assert group.states() == {"i-1": "Terminating:Wait", "i-2": "Pending:Wait"}
    group.advance(180)
    assert group.states() == {"i-2": "Pending:Wait"}


def test_an_abandoned_launch_is_replaced(group):
    desire(group, 1)
    complete(group, "i-1", result="ABANDON")
    assert group.states() == {"i-1": "Terminating:Wait", "i-2": "Pending:Wait"}


def test_a_termination_without_decrement_is_replaced(group):
    desire(group, 1)
    complete(group, "i-1")
    terminate(group, "i-1", decrement=False)
    assert (group.states(), group.desired) == ({"i-1": "Terminating:Wait", "i-2": "Pending:Wait"}, 1)


def test_limits_and_unknown_actions_are_rejected(group):
    group.least = 1
    desire(group, 1)
    for call, message in (
        (lambda: desire(group, 5), "New SetDesiredCapacity value 5 is above max value 4"),
        (lambda: desire(group, 0), "New SetDesiredCapacity value 0 is below min value 1"),
        (lambda: terminate(group, "i-1"), r"Currently, desiredSize equals minSize \(1\)"),
        (lambda: terminate(group, "i-9"), "Instance Id not found"),
        (lambda: complete(group, "i-1", END.name), "No active Lifecycle Action found with instance ID i-1"),
        (lambda: complete(group, "i-1", result="PERHAPS"), "must be CONTINUE or ABANDON"),
    ):
        with pytest.raises(AwsError, match=f"^ValidationError: .*{message}"):
            call()
    assert (group.states(), group.desired) == ({"i-1": "Pending:Wait"}, 1)


def test_an_instance_that_ends_cannot_be_ended_again(group):
    desire(group, 1)
    terminate(group, "i-1")
    group.desired = 1
    with pytest.raises(AwsError, match="is not in InService"):
        terminate(group, "i-1")


def test_without_capacity_launches_fail_and_are_tried_again(group):
    group.available = 1
    desire(group, 3)
    assert group.states() == {"i-1": "Pending:Wait"}
    failed = [each for each in group.activities if each["StatusCode"] == "Failed"]
    assert [each["StatusMessage"] for each in failed] == [NO_CAPACITY]
    group.advance(125)
    assert len([each for each in group.activities if each["StatusCode"] == "Failed"]) == 3
    group.available = 3
    group.advance(60)
    assert group.states() == {"i-1": "Pending:Wait", "i-2": "Pending:Wait", "i-3": "Pending:Wait"}


def test_a_lower_desired_capacity_ends_the_oldest_instances(group):
    desire(group, 3)
    desire(group, 1)
    assert group.states() == {"i-1": "Terminating:Wait", "i-2": "Terminating:Wait", "i-3": "Pending:Wait"}


def test_heartbeats_keep_an_instance_up_to_100_timeouts(group):
    desire(group, 1)
    terminate(group, "i-1")
    names = {"AutoScalingGroupName": NAME, "LifecycleHookName": END.name, "InstanceId": "i-1"}
    for _ in range(300):
        group.call("autoscaling", "record_lifecycle_action_heartbeat", **names)
        group.advance(59)
    assert group.states() == {"i-1": "Terminating:Wait"}
    group.advance(18000 - 300 * 59)
    assert group.states() == {}


def in_service(group, number):
    """Let a group have instances whose nodes are ready."""
    desire(group, number)
    for instance in group.states():
        complete(group, instance)


def test_a_spot_interruption_replaces_an_instance_and_ends_it_after_two_minutes(group):
    in_service(group, 1)
    group.interrupt("i-1")
    assert group.states() == {"i-1": "Terminating:Wait", "i-2": "Pending:Wait"}
    names = {"AutoScalingGroupName": NAME, "LifecycleHookName": END.name, "InstanceId": "i-1"}
    group.advance(119)
    group.call("autoscaling", "record_lifecycle_action_heartbeat", **names)
    assert "end i-1" not in group.events
    group.advance(1)
    assert (group.states(), group.events[-1]) == ({"i-2": "Pending:Wait"}, "end i-1")


def test_a_spot_interruption_shortens_the_wait_for_a_hook(group):
    in_service(group, 1)
    terminate(group, "i-1")
    group.advance(10)
    group.interrupt("i-1")
    group.advance(120)
    assert group.states() == {}


def refresh(group, **preferences):
    group.call("autoscaling", "start_instance_refresh", AutoScalingGroupName=NAME, Preferences=preferences)


def test_an_instance_refresh_replaces_as_many_at_once_as_may_be_unhealthy(group):
    in_service(group, 3)
    refresh(group, MinHealthyPercentage=50)
    ends = {"i-1": "Terminating:Wait", "i-2": "InService", "i-3": "InService", "i-4": "Pending:Wait"}
    assert group.states() == ends
    with pytest.raises(AwsError, match="InstanceRefreshInProgress"):
        refresh(group)
    complete(group, "i-1", END.name)
    complete(group, "i-4")
    assert group.states()["i-2"] == "Terminating:Wait"
    complete(group, "i-2", END.name)
    complete(group, "i-5")
    complete(group, "i-3", END.name)
    complete(group, "i-6")
    assert group.states() == {"i-4": "InService", "i-5": "InService", "i-6": "InService"}
    refresh(group, MinHealthyPercentage=0)
    assert list(group.states().values()).count("Terminating:Wait") == 3


def test_the_hook_of_a_node_outlasts_a_drain_with_failures(group):
    """Of its heartbeats each minute, two in a row fail; the drain takes ten minutes."""
    settings = {"GROUP": NAME, "TERMINATION_HOOK": END.name, "HEARTBEAT_SECONDS": "60", "HOOK_SECONDS": "180"}

    class Node:
        def get(self, _: str) -> str:
            return "i-1"

    hook = TerminationHook(settings, Node(), Failures())
    hook._aws = group
    desire(group, 1)
    complete(group, "i-1")
    terminate(group, "i-1")
    for second in range(0, 600, 2):
        group.error = AwsError("Throttling", "Rate exceeded", passes=True) if 200 < second < 330 else None
        hook.extend(second)
        group.advance(2)
        assert group.states() == {"i-1": "Terminating:Wait"}
    assert hook.complete(600)
    assert (group.states(), group.events[-1]) == ({}, "end i-1")


def test_the_capacity_of_a_pool_follows_the_group(group):
    capacity = AwsCapacity({"cpu": NAME}, group, lambda: group.now)
    capacity.grow("cpu", 2)
    assert (capacity.state()["cpu"].desired, capacity.state()["cpu"].existing) == (2, 2)
    complete(group, "i-1")
    capacity.end("cpu", "cpu--ip-1")
    state = capacity.state()["cpu"]
    assert (state.desired, state.existing, state.ending) == (1, 1, {"cpu--ip-1"})
    group.least = 1
    with pytest.raises(CapacityError, match="desiredSize equals minSize"):
        capacity.end("cpu", "cpu--ip-2")
