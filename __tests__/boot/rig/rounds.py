"""Rounds in which a node of a group leaves a cluster under load, in each way in which nodes of AWS leave."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cdktf_dask.autoscaler.capacity.aws import AwsCapacity

from .group import BOOT_SECONDS, DRAIN_SECONDS, GuestGroup
from .load import Load
from .node import Node

POOL = "cpu"

STOPPED = "[[ $(systemctl show --value --property ActiveState dask-worker) == inactive ]]"

#: What has to be zero, as steady_load.py names it.
ZEROS = ("recomputed", "lost data", "started twice", "failed")


@dataclass
class Costs:
    """What rounds of a kind cost."""

    kind: str
    tasks: int = 0
    #: Keys of tasks and data, by the names of `ZEROS`.
    found: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in ZEROS})
    #: Until the workers of the node have left, of each round.
    seconds: list[float] = field(default_factory=list)

    @property
    def is_zero(self) -> bool:
        """Whether nothing was lost, and nothing was computed or started again."""
        return not any(self.found.values())


class Rounds:
    """Rounds with the nodes of a group. The load goes on during the rounds of a kind."""

    def __init__(self, group: GuestGroup, load: Load, size: int):
        """Take a group with so many instances in service."""
        self.group, self.load, self.size = group, load, size
        self._before: dict[str, list[str]] = {"tasks": [], **{name: [] for name in ZEROS}}

    def run(self, costs: Costs, rounds: int, report: Callable[[str], None] = lambda _: None) -> None:
        """Run rounds of a kind, and add what they cost."""
        kind, seconds = costs.kind, []
        self.load.ask("begin")
        for number in range(rounds):
            node, begun = self._end_one(kind, number)
            self.load.ask("gone", name_of(node))
            seconds.append(time.monotonic() - begun)
            number_of_all = len(costs.seconds) + number + 1
            report(f"{kind} {number_of_all}: {name_of(node)} left after {seconds[-1]:.1f} s")
            AFTERWARDS.get(kind, leave)(self, node)
        after = self.load.ask("counts")
        new = {name: sorted(set(after[name]) - set(self._before[name])) for name in after}
        self._before = after
        costs.seconds += seconds
        costs.tasks += len(new.pop("tasks"))
        for name, keys in new.items():
            costs.found[name] += keys

    def _end_one(self, kind: str, number: int) -> tuple[Node, float]:
        """Let a busy node end. Returns it, and when its end began."""
        if kind == "refresh" and (self.group.is_refreshing or self.group.leaving):
            self.group.wait_for(lambda: self.group.leaving, BOOT_SECONDS, "the next node of the refresh")
            [node] = self.group.leaving
            return node, self.group.notices[node.instance]
        # The replacement of the last node still boots: a round does not wait for it where it need not.
        self.group.wait_for_service(self.size - (kind in REPLACED))
        node = self.group.in_service[number % self.size if kind in AFTERWARDS else 0]
        self.load.ask("busy", name_of(node))
        begun = time.monotonic()
        KINDS[kind](self, node)
        return node, begun

    def scale_in(self, node: Node) -> None:
        """Drain and terminate a node as the autoscaler does, which then replaces it."""
        kept = self.load.ask("drain", name_of(node))
        assert kept is None, f"{name_of(node)} stays: {kept}"
        self._capacity().end(POOL, name_of(node))
        self._capacity().grow(POOL, self.size)
        self.group.step()

    def terminate(self, node: Node) -> None:
        """Terminate an instance by `TerminateInstanceInAutoScalingGroup`."""
        self.group.terminate(node)

    def refresh(self, node: Node) -> None:
        """Refresh the group, which replaces its instances one after another: one in each round."""
        self.group.refresh()
        assert self.group.leaving == [node]

    def interrupt(self, node: Node) -> None:
        """Interrupt a spot instance."""
        self.group.interrupt(node)

    def stop(self, node: Node) -> None:
        """Begin to stop the unit of the workers."""
        node.run("systemctl stop --no-block dask-worker")

    def start(self, node: Node) -> None:
        """Start the unit of the workers again, once it is stopped."""
        node.wait_for(STOPPED, DRAIN_SECONDS, "the end of the workers' unit")
        node.run("systemctl start dask-worker")
        self.return_of(node)

    def reboot(self, node: Node) -> None:
        """Begin to reboot."""
        node.attempt("systemctl reboot", 10)

    def return_of(self, node: Node) -> None:
        """Wait until the workers of a node are back."""
        self.load.ask("back", name_of(node))

    def _capacity(self) -> AwsCapacity:
        return AwsCapacity({POOL: self.group.double.name}, self.group.double)


def leave(rounds: Rounds, node: Node) -> None:
    """Wait until the group has ended a node."""
    rounds.group.wait_for(
        lambda: node not in rounds.group.leaving, DRAIN_SECONDS, f"the end of {name_of(node)}"
    )


#: What ends a node, by kind of round.
KINDS: dict[str, Callable[[Rounds, Node], None]] = {
    "scale-in": Rounds.scale_in,
    "terminate": Rounds.terminate,
    "refresh": Rounds.refresh,
    "spot": Rounds.interrupt,
    "stop": Rounds.stop,
    "reboot": Rounds.reboot,
}

#: Kinds of which a round can begin while an instance boots.
REPLACED = ("scale-in", "terminate", "spot")

#: What follows once the workers of a node have left that stays in its group. Others leave it.
AFTERWARDS: dict[str, Callable[[Rounds, Node], None]] = {
    "stop": Rounds.start,
    "reboot": Rounds.return_of,
}


def name_of(node: Node) -> str:
    """Name of the worker of a node."""
    return f"{POOL}--{node.name}"
