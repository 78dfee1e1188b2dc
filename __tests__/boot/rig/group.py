"""An Auto Scaling group whose instances are guests: python/tests/group_double.py, wired to the rig.

The group boots a guest with the user data of its pool for each instance that it launches. To end one, it sets
the target lifecycle state in the metadata service, waits until the node completes the termination hook, and
shuts the guest down. It acts in `step`, in which it reads the calls of its nodes and lets time pass.

Known differences from AWS, in addition to those of the double:

- Nodes get their answers from doubles/aws.py, which knows no timeouts. The group reads the calls afterwards.
  It raises AwsError for a call that it would have rejected.
- Guests start from a baked image, and at once: EC2 takes half a minute until cloud-init begins.
- A spot instance is shut down once its hook is completed, not only two minutes after its notice.
- The shutdown of an instance takes as long as its guest needs, at most a minute.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from .client import PACKAGE
from .node import Node
from .rig import Rig

DOUBLE = PACKAGE.with_name("tests") / "group_double.py"

#: Timeout of a boot from a baked image, next to others, and that of a drain with the end of the workers.
BOOT_SECONDS, DRAIN_SECONDS = 240, 120

POLL_SECONDS = 0.2

#: Calls of nodes to their group.
OPERATIONS = {
    "CompleteLifecycleAction": "complete_lifecycle_action",
    "RecordLifecycleActionHeartbeat": "record_lifecycle_action_heartbeat",
}


def load(file: Path) -> ModuleType:
    """Import a module of another suite, whose folder has modules with the names of others here."""
    spec = spec_from_file_location(file.stem, file)
    module = sys.modules[file.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class GuestGroup:
    """The group of a pool of the cluster `rig`. Addresses of its instances begin with those of `subnet`."""

    def __init__(self, rig: Rig, pool: str, layers: tuple[Path, ...], options: tuple[str, ...] = ()):
        """Take layers and options of its guests (`Rig.boot`). The group has no instance yet."""
        self.rig, self._layers, self._options = rig, layers, options
        cluster = rig.clusters["rig"]
        self._launch = cluster.worker(pool)
        double = load(DOUBLE)

        def hook(name: str) -> Any:
            found = cluster.lifecycle_hook(name)
            return double.Hook(name, found["heartbeat_timeout"], found["default_result"])

        #: The double. Its `call` is that of `cdktf_dask.node.aws.Aws`.
        self.double = double.Group(
            self._launch.group,
            greatest=10,
            launching=hook(self._launch.hook),
            terminating=hook(self._launch.termination_hook),
            start=self._boot,
            end=self._end,
            name_instance=name_instance,
        )
        self._nodes: dict[str, Node] = {}
        #: When the node of each instance could read that it ends, on the monotonic clock.
        self.notices: dict[str, float] = {}
        self._threads = ThreadPoolExecutor()
        self._ends: list[Future] = []
        #: Bytes of the record of calls that it has read.
        self._read = 0
        self._stepped = time.monotonic()

    @property
    def in_service(self) -> list[Node]:
        """Nodes of the instances that are in service, the oldest first."""
        states = self.double.states().items()
        return [self._nodes[instance] for instance, state in states if state == "InService"]

    @property
    def leaving(self) -> list[Node]:
        """Nodes that drain."""
        states = self.double.states().items()
        return [self._nodes[instance] for instance, state in states if state == "Terminating:Wait"]

    @property
    def is_refreshing(self) -> bool:
        """Whether an instance refresh has still to replace an instance."""
        return bool(self.double.outdated)

    def call(self, operation: str, **parameters: object) -> None:
        """Call an operation of the group, such as `set_desired_capacity`, as a user does."""
        self.double.call("autoscaling", operation, **parameters)
        self.step()

    def resize(self, size: int) -> None:
        """Set the desired capacity."""
        self.call("set_desired_capacity", AutoScalingGroupName=self._launch.group, DesiredCapacity=size)

    def terminate(self, node: Node) -> None:
        """Terminate an instance, which the group replaces."""
        self.call(
            "terminate_instance_in_auto_scaling_group",
            InstanceId=node.instance,
            ShouldDecrementDesiredCapacity=False,
        )

    def refresh(self) -> None:
        """Start an instance refresh with the preferences of lib/aws/nodes/worker-pool.ts."""
        self.call(
            "start_instance_refresh",
            AutoScalingGroupName=self._launch.group,
            Preferences={"MinHealthyPercentage": 50},
        )

    def interrupt(self, node: Node) -> None:
        """Send a spot interruption notice."""
        at = datetime.now(UTC) + timedelta(seconds=120)
        self.rig.update(node, spot={"action": "terminate", "time": f"{at:%FT%TZ}"})
        self.double.interrupt(node.instance)
        self.step()

    def step(self) -> None:
        """Let the group react to the calls of its nodes since the last step, and to the time that passed."""
        for operation, parameters in self._accepted_calls():
            if parameters["InstanceId"] in self._nodes:
                self.double.call("autoscaling", operation, **parameters)
        now = time.monotonic()
        self.double.advance(now - self._stepped)
        self._stepped = now
        for node in self.leaving:
            if node.instance not in self.notices:
                self.rig.update(node, lifecycle="Terminated")
                self.notices[node.instance] = time.monotonic()

    def wait_for(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"timeout after {seconds:.0f} s: {what}; {self.double.states()}")
            time.sleep(POLL_SECONDS)
            self.step()

    def wait_for_service(self, number: int) -> None:
        """Wait until so many instances are in service."""
        self.wait_for(lambda: len(self.in_service) >= number, BOOT_SECONDS, f"{number} instances in service")

    def close(self) -> None:
        """Shut all instances down. Raises what an earlier shutdown raised."""
        for node in self._nodes.values():
            self._ends.append(self._threads.submit(self.rig.terminate, node))
        for end in self._ends:
            end.result()

    def _accepted_calls(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Calls of nodes to their groups since the last time: operation and parameters."""
        with open(self.rig.aws.calls, "rb") as record:
            record.seek(self._read)
            lines = record.readlines()
        # The last line may not be written to its end yet.
        for line in (line for line in lines if line.endswith(b"\n")):
            self._read += len(line)
            call = json.loads(line)
            if call["status"] == 200 and call["action"] in OPERATIONS:
                parameters = call["parameters"].items()
                given = {name: value for name, value in parameters if name not in ("Action", "Version")}
                yield OPERATIONS[call["action"]], given

    def _boot(self, instance: str) -> None:
        address = self.double.instances[instance].host.removeprefix("ip-").replace("-", ".")
        self._nodes[instance] = self.rig.boot(
            instance, self._launch, address, layers=self._layers, options=self._options, spot={}
        )

    def _end(self, instance: str) -> None:
        self._ends.append(self._threads.submit(self.rig.terminate, self._nodes.pop(instance)))


def name_instance(number: int) -> tuple[str, str]:
    """Return id and host name of an instance, in a subnet that no other test uses."""
    return f"i-0a5{number:014x}", f"ip-10-77-{2 + number // 250}-{1 + number % 250}"
