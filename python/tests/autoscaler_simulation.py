"""Virtual time for the decision of the autoscaler: nodes boot, run tasks, drain and end.

Stands for scheduler, provider and the loop of the autoscaler. A tick is one second.
"""

import json
from dataclasses import dataclass, field

from cdktf_dask.autoscaler.cost import Meter, usage
from cdktf_dask.autoscaler.decide import decide
from cdktf_dask.autoscaler.launches import Launches
from cdktf_dask.autoscaler.loop import MAX_BACKOFF, MIN_BACKOFF
from cdktf_dask.autoscaler.model import Capacity, Demand, Limits, Node

UNFULFILLED_SECONDS = 60.0
"""Time after which the provider reports that it has no capacity."""

BLOCKED_SECONDS = 600.0
"""Time for which other pools then take the work."""

DRAIN_SECONDS, END_SECONDS = 2.0, 5.0
"""Time to move results, and to terminate."""


@dataclass
class Instance:
    """A node with the tasks that run on it: their ends and kinds."""

    name: str
    pool: str
    born: float
    joins: float
    running: list = field(default_factory=list)
    drained: float | None = None
    """Earliest end of its drain; None if it does not drain."""
    ends: float | None = None


class Simulation:
    """A cluster from its start.

    Args:
        pools: Pools of the definition.
        boot: Seconds from launch to join.
        limits: Limits of the cluster.
        no_capacity: Pools for which the provider has no nodes.
        broken: Pools whose nodes end instead of joining.
        refuses: Start and end of a time in which the provider refuses changes.
        killed_every: The autoscaler is killed every so many seconds, and is down for two.
        measured: The duration that the scheduler reports for a task that takes so long, at a time.
    """

    def __init__(
        self,
        *pools,
        boot=60.0,
        limits=None,
        no_capacity=(),
        broken=(),
        refuses=(0.0, 0.0),
        killed_every=None,
        measured=lambda seconds, now: seconds,
    ):
        self.pools = {pool.name: pool for pool in pools}
        self.limits, self.boot = limits or Limits(), boot
        self.no_capacity, self.broken, self.refuses = set(no_capacity), set(broken), refuses
        self.killed_every, self.measured = killed_every, measured
        self.now, self.done = 0.0, 0
        self.waiting = {}
        self.known = set()
        self.desired = {name: 0 for name in self.pools}
        self.lacking, self.blocked = {}, {}
        self.launches = {name: Launches() for name in self.pools}
        self.instances = {name: [] for name in self.pools}
        self.gone = []
        self.memories, self.meter, self.backoff = {}, Meter(), {}
        self.actions, self.samples = [], []
        self.wanted_taken = 0
        """Nodes that ended while more were wanted than stayed."""
        self.most_nodes, self.most_usd = 0, 0.0
        """Largest desired number of nodes of all pools, and their cost per hour."""

    def submit(self, needs, tasks, seconds):
        """Tasks of one kind."""
        self.waiting[needs, seconds] = self.waiting.get((needs, seconds), 0) + tasks

    def run(self, seconds, feed=lambda now: None):
        """Let time pass; `feed` submits tasks at each tick."""
        end = self.now + seconds
        while self.now < end:
            feed(self.now)
            self._work()
            self._decide()
            self._provide()
            self.now += 1.0
        return self

    def _work(self):
        for instance in self._joined():
            ended = [kind for at, kind in instance.running if at <= self.now]
            self.known.update(ended)
            self.done += len(ended)
            if ended:
                instance.running = [(at, kind) for at, kind in instance.running if at > self.now]
        for kind in [kind for kind, tasks in self.waiting.items() if tasks]:
            for instance in self._joined():
                pool = self.pools[instance.pool]
                free = min(pool.slots(kind[0]), pool.threads * pool.workers) - len(instance.running)
                if instance.drained is None and free > 0 and pool.slots(kind[0]):
                    started = min(free, self.waiting[kind])
                    self.waiting[kind] -= started
                    instance.running += [(self.now + kind[1], kind)] * started

    def _joined(self):
        return [one for found in self.instances.values() for one in found if one.joins <= self.now]

    def _decide(self):
        if self.killed_every and self.now % self.killed_every < 2 and self.now >= self.killed_every:
            self.memories, self.backoff = {}, {}
            self.meter = Meter.restored(json.loads(json.dumps(self.meter.saved())))
            return
        running = [kind for one in self._joined() for _, kind in one.running]
        demands = [
            Demand(kind[0], tasks, running.count(kind), self._measured(kind))
            for kind, tasks in self.waiting.items()
        ]
        nodes = {
            name: [
                Node(one.name, busy=len(one.running), draining=one.drained is not None)
                for one in found
                if one.joins <= self.now
            ]
            for name, found in self.instances.items()
        }
        capacity = {
            name: Capacity(
                desired=self.desired[name],
                existing=sum(one.ends is None for one in found),
                blocked_until=max(self.blocked.get(name, 0.0), self.launches[name].blocked_until),
                failures=self.launches[name].failures,
                ending=frozenset(one.name for one in found if one.ends is not None),
            )
            for name, found in self.instances.items()
        }
        pools = list(self.pools.values())
        self.meter.record(self.now, usage(pools, nodes, capacity))
        decision = decide(pools, demands, nodes, capacity, self.memories, self.limits, self.now)
        for action in decision.actions:
            self._act(action)
        self._end_drained(decision.wants)
        for name in self.pools:
            self.samples.append(
                {
                    "t": self.now,
                    "pool": name,
                    "demand": decision.demand[name],
                    "wanted": decision.wants[name],
                    "running": len(nodes[name]),
                }
            )
        self.most_nodes = max(self.most_nodes, sum(self.desired.values()))
        self.most_usd = max(self.most_usd, sum(self.desired[pool.name] * pool.usd_per_hour for pool in pools))

    def _measured(self, kind):
        return self.measured(kind[1], self.now) if kind in self.known else None

    def _act(self, action):
        if action.kind in ("out", "lower"):
            if not self._refused(action.pool):
                self.desired[action.pool] = action.to
                self.actions.append((self.now, action))
            return
        self.actions.append((self.now, action))
        for one in self.instances[action.pool]:
            if one.name in action.nodes:
                one.drained = self.now + DRAIN_SECONDS if action.kind == "in" else None

    def _refused(self, key):
        """Whether the provider refuses a change, or the autoscaler still waits after it did."""
        again, delay = self.backoff.get(key, (0.0, MIN_BACKOFF / 2))
        if self.now < again:
            return True
        start, end = self.refuses
        if start <= self.now < end:
            delay = min(delay * 2, MAX_BACKOFF)
            self.backoff[key] = self.now + delay, delay
            return True
        self.backoff.pop(key, None)
        return False

    def _end_drained(self, wants):
        for pool, found in self.instances.items():
            for one in found:
                drained = one.drained is not None and one.drained <= self.now and not one.running
                if drained and one.ends is None and not self._refused(one.name):
                    one.ends = self.now + END_SECONDS
                    self.desired[pool] -= 1
                    staying = sum(other.drained is None for other in found)
                    self.wanted_taken += staying < wants[pool]

    def _provide(self):
        for name, found in self.instances.items():
            failed = [one for one in found if name in self.broken and one.joins <= self.now + 1]
            for one in failed:
                self.launches[name].failed(self.now)
                one.ends = self.now
            self.gone += [one for one in found if one.ends is not None and one.ends <= self.now]
            found[:] = [one for one in found if one.ends is None or one.ends > self.now]
            lack = self.desired[name] - sum(one.ends is None for one in found)
            if name in self.no_capacity:
                self._unfulfilled(name, lack)
            elif self.launches[name].blocked_until <= self.now:
                for _ in range(lack):
                    number = len(self.gone) + sum(map(len, self.instances.values()))
                    found.append(Instance(f"{name}-{number}", name, self.now, self.now + self.boot))

    def _unfulfilled(self, name, lack):
        if lack <= 0 or self.blocked.get(name, 0.0) > self.now:
            self.lacking.pop(name, None)
        elif self.now - self.lacking.setdefault(name, self.now) >= UNFULFILLED_SECONDS:
            self.blocked[name] = self.now + BLOCKED_SECONDS

    # What happened.

    def launched(self, pool):
        """All nodes of a pool so far, in the order of their launches."""
        found = [one for one in [*self.gone, *self.instances[pool]] if one.pool == pool]
        return sorted(found, key=lambda one: one.born)

    def started(self, pool):
        """Number of nodes that were launched."""
        return len(self.launched(pool))

    def peak(self, pool):
        """Largest number of nodes with workers."""
        return max(sample["running"] for sample in self.samples if sample["pool"] == pool)

    def outs(self, pool):
        """Time and size of each scale-out."""
        return [(at, one.to) for at, one in self.actions if one.kind == "out" and one.pool == pool]

    def taken(self, pool):
        """Number of nodes that were drained to scale in."""
        return sum(len(one.nodes) for _, one in self.actions if one.kind == "in" and one.pool == pool)

    def cost(self):
        """USD of all nodes by their starts and ends, counted without the meter."""
        return sum(
            ((self.now if one.ends is None else min(one.ends, self.now)) - one.born)
            * self.pools[one.pool].usd_per_hour
            / 3600
            for pool in self.pools
            for one in self.launched(pool)
        )
