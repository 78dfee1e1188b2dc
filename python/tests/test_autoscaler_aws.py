"""Auto Scaling groups as the capacity of pools: moto for the calls, a double for what moto lacks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from autoscaler_doubles import Clock
from cdktf_dask.autoscaler.capacity import CapacityError, capacity_of
from cdktf_dask.autoscaler.capacity.aws import AwsCapacity
from cdktf_dask.autoscaler.capacity.spot_prices import SpotPrices
from cdktf_dask.autoscaler.model import Capacity
from cdktf_dask.autoscaler.settings import SettingsError
from cdktf_dask.node.aws import Aws, AwsError

GROUP = "dask-prod--cpu"
REGION = "eu-central-1"
THROTTLED = AwsError("Throttling", "Rate exceeded", passes=True)
NO_CAPACITY = "We currently do not have sufficient m7i.large capacity in the Availability Zone you requested."


@dataclass
class GroupDouble:
    """Stands for EC2 and EC2 Auto Scaling with one group, for what moto lacks.

    It enforces the maximum, refuses to end an instance that is not in service, and has lifecycle states of
    hooks, scaling activities and errors.
    """

    desired: int = 0
    greatest: int = 4
    instances: dict[str, str] = field(default_factory=dict)
    """Lifecycle state by id; the host of `i-1` is `ip-1`."""
    activities: list[dict] = field(default_factory=list)
    """Newest first."""
    spot: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Type and zone of each spot instance."""
    prices: dict[tuple[str, str], float] | None = None
    """Prices of spot instances by type and zone; None: nobody may read them."""
    error: AwsError | None = None
    """Error of every call."""
    calls: list[str] = field(default_factory=list)

    def call(self, _: str, operation: str, **parameters: object) -> dict:
        self.calls.append(operation)
        if self.error:
            raise self.error
        return getattr(self, operation)(**parameters)

    def describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str], MaxRecords: int) -> dict:
        assert (AutoScalingGroupNames, MaxRecords) == ([GROUP], 100)
        instances = [{"InstanceId": one, "LifecycleState": state} for one, state in self.instances.items()]
        group = {"AutoScalingGroupName": GROUP, "DesiredCapacity": self.desired, "MaxSize": self.greatest}
        return {"AutoScalingGroups": [group | {"Instances": instances}]}

    def describe_instances(self, Filters: list[dict]) -> dict:
        wanted = Filters[0]["Values"]
        found = [
            {"InstanceId": one, "PrivateDnsName": f"ip-{one[2:]}.eu-central-1.compute.internal"}
            | self._lifecycle(one)
            for one in self.instances
            if one in wanted
        ]
        return {"Reservations": [{"Instances": found}]}

    def _lifecycle(self, instance: str) -> dict:
        if instance not in self.spot:
            return {}
        instance_type, zone = self.spot[instance]
        return {
            "InstanceLifecycle": "spot",
            "InstanceType": instance_type,
            "Placement": {"AvailabilityZone": zone},
        }

    def describe_spot_price_history(
        self, InstanceTypes: list[str], ProductDescriptions: list[str], StartTime: datetime
    ) -> dict:
        assert ProductDescriptions == ["Linux/UNIX"]
        if self.prices is None:
            raise AwsError("UnauthorizedOperation", "not allowed", passes=False)
        history = [
            {
                "InstanceType": found[0],
                "AvailabilityZone": found[1],
                "SpotPrice": str(price),
                "Timestamp": StartTime,
            }
            for found, price in self.prices.items()
            if found[0] in InstanceTypes
        ]
        old = [one | {"SpotPrice": "9", "Timestamp": StartTime - timedelta(hours=1)} for one in history]
        return {"SpotPriceHistory": history + old}

    def describe_scaling_activities(self, AutoScalingGroupName: str, MaxRecords: int) -> dict:
        assert (AutoScalingGroupName, MaxRecords) == (GROUP, 20)
        if self.activities is None:
            raise AwsError("Throttling", "Rate exceeded", passes=True)
        return {"Activities": self.activities}

    def set_desired_capacity(
        self, AutoScalingGroupName: str, DesiredCapacity: int, HonorCooldown: bool
    ) -> dict:
        assert (AutoScalingGroupName, HonorCooldown) == (GROUP, False)
        if DesiredCapacity > self.greatest:
            raise AwsError("ValidationError", "New SetDesiredCapacity value is above max value", passes=False)
        self.desired = DesiredCapacity
        return {}

    def terminate_instance_in_auto_scaling_group(
        self,
        InstanceId: str,
        ShouldDecrementDesiredCapacity: bool,
    ) -> dict:
        if self.instances[InstanceId] != "InService":
            raise AwsError("ValidationError", "Instance is not InService", passes=False)
        self.instances[InstanceId] = "Terminating:Wait"
        self.desired -= ShouldDecrementDesiredCapacity
        return {}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def group():
    return GroupDouble()


@pytest.fixture
def capacity(group, clock):
    return AwsCapacity({"cpu": GROUP}, group, clock)


def test_state_counts_instances_by_their_lifecycle(group, capacity):
    group.desired = 4
    group.instances = {"i-1": "InService", "i-2": "Pending:Wait", "i-3": "Terminating:Wait"}
    assert capacity.state() == {
        "cpu": Capacity(4, 2, ending=frozenset({"cpu--ip-3"}), serving=frozenset({"cpu--ip-1"}))
    }


def test_state_is_read_each_15_seconds_while_instances_start_and_each_60_otherwise(group, capacity, clock):
    group.desired, group.instances = 1, {"i-1": "Pending"}
    for seconds, reads in ((0, 1), (14, 1), (1, 2), (1, 2)):
        clock.now += seconds
        capacity.state()
        assert group.calls.count("describe_auto_scaling_groups") == reads
    group.instances = {"i-1": "InService"}
    for seconds, reads in ((14, 3), (59, 3), (1, 4)):
        clock.now += seconds
        capacity.state()
        assert group.calls.count("describe_auto_scaling_groups") == reads


def test_grow_raises_the_desired_number_to_the_maximum_and_never_lowers_it(group, capacity):
    group.desired = 2
    capacity.grow("cpu", 9)
    assert group.desired == 4
    capacity.grow("cpu", 3)
    assert group.desired == 4
    assert group.calls.count("set_desired_capacity") == 1


def test_a_change_is_seen_in_the_next_state(group, capacity):
    assert capacity.state() == {"cpu": Capacity(0, 0)}
    capacity.grow("cpu", 1)
    assert capacity.state() == {"cpu": Capacity(1, 0)}


def test_lower_ends_no_instance(group, capacity):
    group.desired, group.instances = 4, {"i-1": "InService", "i-2": "Pending", "i-3": "Terminating"}
    capacity.lower("cpu", 0)
    assert group.desired == 2
    capacity.lower("cpu", 0)
    capacity.lower("cpu", 3)
    assert group.desired == 2
    assert group.calls.count("set_desired_capacity") == 1


def test_end_terminates_the_instance_of_the_node_once_and_lowers_the_desired_number(group, capacity):
    group.desired, group.instances = 2, {"i-1": "InService", "i-2": "InService"}
    capacity.end("cpu", "cpu--ip-2")
    capacity.end("cpu", "cpu--ip-2")
    assert (group.desired, group.instances) == (1, {"i-1": "InService", "i-2": "Terminating:Wait"})
    ending, serving = frozenset({"cpu--ip-2"}), frozenset({"cpu--ip-1"})
    assert capacity.state() == {"cpu": Capacity(1, 1, ending=ending, serving=serving)}


def test_replace_terminates_the_instance_and_leaves_the_desired_number(group, capacity):
    group.desired, group.instances = 2, {"i-1": "InService", "i-2": "InService"}
    capacity.replace("cpu", "cpu--ip-2")
    assert (group.desired, group.instances) == (2, {"i-1": "InService", "i-2": "Terminating:Wait"})
    assert capacity.state()["cpu"].serving == frozenset({"cpu--ip-1"})


def test_end_of_a_node_without_an_instance_is_an_error(group, capacity):
    with pytest.raises(CapacityError, match=f"^the group {GROUP} has no instance of the node cpu--ip-7$"):
        capacity.end("cpu", "cpu--ip-7")
    assert "terminate_instance_in_auto_scaling_group" not in group.calls


def test_a_refusal_has_the_call_and_the_reason(group, capacity):
    group.instances = {"i-1": "Pending:Wait"}
    with pytest.raises(
        CapacityError,
        match=r"^terminate instance in auto scaling group: ValidationError: Instance is not InService$",
    ):
        capacity.end("cpu", "cpu--ip-1")


def test_while_aws_throttles_the_known_state_is_used_for_5_minutes_and_asked_for_ever_less(
    group, capacity, clock
):
    group.desired, group.instances = 1, {"i-1": "InService"}
    capacity.state()
    group.error = THROTTLED
    asked, began = [], clock.now
    for _ in range(300):
        clock.now += 1
        before = len(group.calls)
        assert capacity.state() == {"cpu": Capacity(1, 1, serving=frozenset({"cpu--ip-1"}))}
        if len(group.calls) > before:
            asked.append(clock.now - began)
    assert asked == [60, 62, 66, 74, 90, 122, 182, 242]
    # Older than that, it is not used between two questions either.
    for _ in range(100):
        clock.now += 1
        with pytest.raises(CapacityError, match=r"^describe auto scaling groups: Throttling: Rate exceeded$"):
            capacity.state()
    group.error = None
    clock.now += 60
    group.desired = 3
    assert capacity.state() == {"cpu": Capacity(3, 1, serving=frozenset({"cpu--ip-1"}))}


def test_a_first_state_that_cannot_be_read_is_an_error(group, capacity):
    group.error = THROTTLED
    with pytest.raises(CapacityError):
        capacity.state()


def test_no_capacity_blocks_the_pool_for_10_minutes_after_a_minute_and_is_logged_once(
    group, capacity, clock, caplog
):
    group.desired = 2
    group.activities = [
        {"Description": "Terminating EC2 instance: i-0", "StatusCode": "Successful"},
        {
            "Description": "Launching a new EC2 instance.  Status Reason: …",
            "StatusCode": "Failed",
            "StatusMessage": NO_CAPACITY,
        },
    ]
    for _ in range(4):
        assert capacity.state()["cpu"].blocked_until == 0
        assert "describe_scaling_activities" not in group.calls
        clock.now += 15
    assert capacity.state() == {"cpu": Capacity(2, 0, blocked_until=1660)}
    clock.now += 15
    assert capacity.state()["cpu"].blocked_until == 1675
    assert [record.message for record in caplog.records] == [f"cpu cannot launch instances: {NO_CAPACITY}"]


def test_a_launch_that_goes_on_does_not_block_the_pool(group, capacity, clock):
    group.desired = 1
    group.activities = [
        {"Description": "Launching a new EC2 instance: i-1", "StatusCode": "InProgress"},
        {"Description": "Launching a new EC2 instance", "StatusCode": "Failed", "StatusMessage": NO_CAPACITY},
    ]
    for _ in range(6):
        assert capacity.state()["cpu"].blocked_until == 0
        clock.now += 15


def test_instances_that_end_before_they_are_in_service_count_as_failed_launches(group, capacity, clock):
    group.desired = 1
    for number in range(3):
        group.instances = {f"i-{number}": "Pending:Wait"}
        capacity.state()
        clock.now += 15
        group.instances = {f"i-{number}": "Terminating:Wait"} if number == 0 else {}
        assert capacity.state()["cpu"].failures == number + 1
        clock.now += 15
    assert capacity.state()["cpu"].blocked_until == clock.now - 15 + 60
    group.instances = {"i-4": "Pending:Wait"}
    clock.now += 15
    capacity.state()
    group.instances = {"i-4": "InService"}
    clock.now += 15
    assert capacity.state() == {"cpu": Capacity(1, 1, serving=frozenset({"cpu--ip-4"}))}


def test_a_failed_launch_counts_once_while_its_reason_cannot_be_read(group, capacity, clock):
    group.desired = 1
    group.instances = {"i-0": "Pending:Wait"}
    capacity.state()
    clock.now += 75
    group.instances, group.activities = {}, None
    for _ in range(6):
        assert capacity.state() == {"cpu": Capacity(1, 0, failures=1)}
        clock.now += 15


def test_spot_instances_have_the_present_price_of_their_type_and_zone(group, capacity, clock, caplog):
    group.desired = 3
    group.instances = {"i-1": "InService", "i-2": "Terminating:Wait", "i-3": "InService"}
    group.spot = {"i-1": ("m7i.large", "eu-central-1a"), "i-2": ("m7i.large", "eu-central-1b")}
    group.prices = {("m7i.large", "eu-central-1a"): 0.03, ("m7i.large", "eu-central-1b"): 0.04}
    assert capacity.state()["cpu"].spot_prices == (0.03, 0.04)
    # Prices are five minutes old at most, unless EC2 does not tell them.
    group.prices = {("m7i.large", "eu-central-1a"): 0.05}
    after(capacity, clock, 285)
    assert (capacity.state()["cpu"].spot_prices, asked(group)) == ((0.03, 0.04), 1)
    after(capacity, clock, 15)
    assert (capacity.state()["cpu"].spot_prices, asked(group)) == ((0.05,), 2)
    group.prices = None
    after(capacity, clock, 3600)
    assert (capacity.state()["cpu"].spot_prices, asked(group)) == ((0.05,), 14)
    after(capacity, clock, 300)
    assert capacity.state()["cpu"].spot_prices == ()
    assert [record.message for record in caplog.records] == [
        "spot instances count with earlier prices, or those on demand: "
        "describe spot price history: UnauthorizedOperation: not allowed"
    ]
    group.prices = {("m7i.large", "eu-central-1a"): 0.06}
    after(capacity, clock, 300)
    assert capacity.state()["cpu"].spot_prices == (0.06,)


def test_prices_are_asked_for_a_new_type_at_once_and_not_without_spot_instances(group, capacity, clock):
    group.desired, group.instances = 1, {"i-1": "InService"}
    capacity.state()
    assert asked(group) == 0
    group.prices = {("m7i.large", "a"): 0.03, ("m6i.large", "a"): 0.02}
    for number, instance_type in enumerate(("m7i.large", "m6i.large"), 2):
        group.instances[f"i-{number}"] = "InService"
        group.spot[f"i-{number}"] = (instance_type, "a")
        clock.now += 60
        capacity.state()
        assert asked(group) == number - 1
    assert capacity.state()["cpu"].spot_prices == (0.03, 0.02)


def asked(group):
    """How often prices were asked for."""
    return group.calls.count("describe_spot_price_history")


def after(capacity, clock, seconds):
    """Let time pass, with a state every 15 seconds."""
    for _ in range(seconds // 15):
        clock.now += 15
        capacity.state()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": {}}, "capacity.region: got None, expected a region"),
        ({"region": REGION, "groups": 1}, "capacity.groups: got 1, expected the group of each pool"),
    ],
)
def test_settings_without_region_or_groups_are_rejected(settings, message):
    with pytest.raises(SettingsError, match=f"^{message}$"):
        AwsCapacity.of(settings)


def test_the_calls_are_those_of_aws(account, monkeypatch):
    # moto has no hooks: an instance is in service, or gone, at once.
    (_, first), (_, host) = account.pool("prod", "cpu", (0, 5, 2), ["ready", "ready"])
    for name, value in (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")):
        monkeypatch.setenv(name, value)
    capacity = AwsCapacity({"cpu": GROUP}, Aws(0, REGION, attempts=1))
    names = frozenset({f"cpu--{first}", f"cpu--{host}"})
    assert capacity.state() == {"cpu": Capacity(2, 2, serving=names)}
    capacity.end("cpu", f"cpu--{host}")
    assert capacity.state() == {"cpu": Capacity(1, 1, serving=frozenset({f"cpu--{first}"}))}
    capacity.grow("cpu", 3)
    assert len(capacity.state()["cpu"].serving) == 3
    capacity.replace("cpu", f"cpu--{first}")
    state = capacity.state()["cpu"]
    assert (state.desired, state.existing, f"cpu--{first}" in state.serving) == (3, 3, False)
    capacity.lower("cpu", 1)
    assert account.desired("prod", "cpu") == 3
    prices = SpotPrices(capacity._call)
    prices.refresh({"m7i.large"}, 0.0)
    assert prices.price("m7i.large", f"{REGION}a") == 0.00001


def test_the_kind_of_the_settings_decides_the_provider():
    settings = {"kind": "aws", "region": REGION, "groups": {"cpu": GROUP}}
    assert isinstance(capacity_of(settings), AwsCapacity)
    with pytest.raises(SettingsError, match=r"^capacity.kind: got 'ec2', expected aws or local$"):
        capacity_of({"kind": "ec2"})
