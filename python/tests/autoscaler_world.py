"""Random clusters for tests of properties: pools, limits, and what happens from one decision to the next."""

from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from cdktf_dask.autoscaler.decide import decide
from cdktf_dask.autoscaler.launches import Launches
from cdktf_dask.autoscaler.model import Capacity, Demand, Limits, Node, Pool

# Otherwise it writes into the checkout.
set_hypothesis_home_dir(Path(__file__).parents[2] / ".test" / "hypothesis")

KINDS = (None, (("CPU", 1.0),), (("GPU", 1.0),), (("GPU", 8.0),), (("CPU", 2.0), ("LICENSE", 1.0)))


@dataclass(frozen=True)
class Step:
    """What happens before a decision."""

    seconds: int
    work: tuple[int, ...]
    """Tasks of each kind."""
    task_seconds: float | None
    fulfilled: bool
    """Whether the provider starts nodes that it is asked for."""
    joins: bool
    """Whether nodes that boot join."""
    fails: bool
    """Whether they end instead."""
    blocks: bool
    """Whether the provider reports that pools have no capacity."""
    lost: int | None
    """A node that ends by itself."""
    held: str
    used: float
    """Share of memory of the first node of each pool."""


@st.composite
def pools(draw):
    """One to four pools, with and without GPUs, in any order."""

    def pool(index):
        gpu = draw(st.booleans())
        min_size = draw(st.sampled_from((0, 0, 1, 2)))
        offers = {"GPU": draw(st.sampled_from((1, 4)))} if gpu else {"CPU": draw(st.sampled_from((1, 8)))}
        return Pool(
            f"pool{index}",
            offers,
            workers=draw(st.sampled_from((1, 2))),
            threads=draw(st.sampled_from((1, 8))),
            min_size=min_size,
            max_size=draw(st.integers(max(1, min_size), 12)),
            idle_timeout=float(draw(st.sampled_from((30, 120)))),
            usd_per_hour=draw(st.sampled_from((None, 0.4, 1.0))),
            gpu=gpu,
        )

    return [pool(index) for index in range(draw(st.integers(1, 4)))]


limits = st.builds(
    Limits,
    max_nodes=st.none() | st.integers(1, 12),
    max_hourly_cost=st.none() | st.sampled_from((1.0, 4.0)),
    scheduler_usd_per_hour=st.sampled_from((0.0, 0.3)),
)
work = st.tuples(*(st.sampled_from((0, 0, 0, 1, 3, 40, 400, 20_000)) for _ in KINDS))
steps = st.lists(
    st.builds(
        Step,
        seconds=st.sampled_from((1, 5, 15, 30)),
        work=work,
        task_seconds=st.sampled_from((None, 0.01, 5.0, 600.0)),
        fulfilled=st.sampled_from((True, True, False)),
        joins=st.sampled_from((True, True, False)),
        fails=st.sampled_from((False, False, False, True)),
        blocks=st.sampled_from((False, False, False, True)),
        lost=st.none() | st.integers(0, 9),
        held=st.sampled_from(("", "", "actor", "shuffle")),
        used=st.sampled_from((0.0, 0.0, 0.0, 0.9)),
    ),
    min_size=15,
    max_size=35,
)


@dataclass
class Instance:
    """A node of the world."""

    joined: bool = False
    draining: int = 0
    """Decisions since its drain began; 0 if it does not drain."""
    held: str = ""
    used: float = 0.0

    def seen(self, name):
        """The node as the scheduler knows it."""
        return Node(name, draining=self.draining > 0, held=self.held, used=self.used)


@dataclass
class World:
    """A provider whose nodes boot, join, drain and get lost."""

    pools: list[Pool]
    limits: Limits
    now: float = 0.0
    count: int = 0
    memories: dict = field(default_factory=dict)

    def __post_init__(self):
        self.desired = {pool.name: 0 for pool in self.pools}
        self.blocked = {pool.name: 0.0 for pool in self.pools}
        self.launches = {pool.name: Launches() for pool in self.pools}
        self.instances = {pool.name: {} for pool in self.pools}
        self.wanted = {pool.name: [] for pool in self.pools}

    def happen(self, step):
        """Changes of the world up to the next decision."""
        self.now += step.seconds
        for pool in self.pools:
            there, launches = self.instances[pool.name], self.launches[pool.name]
            for name, instance in list(there.items()):
                if not instance.joined and step.fails:
                    del there[name]
                    launches.failed(self.now)
                    continue
                if not instance.joined and step.joins:
                    instance.joined = True
                    launches.joined()
                instance.draining += instance.draining > 0
                if instance.draining > 3:
                    del there[name]
                    self.desired[pool.name] -= 1
            if step.lost is not None and step.lost < len(there):
                del there[list(there)[step.lost]]
            while step.fulfilled and len(there) < self.desired[pool.name]:
                self.count += 1
                there[f"node{self.count:03}"] = Instance(held=step.held)
            for index, instance in enumerate(there.values()):
                instance.used = step.used if index == 0 else 0.0
            if step.blocks and len(there) < self.desired[pool.name]:
                self.blocked[pool.name] = self.now + 60.0

    def decide(self, work, task_seconds):
        """What is seen of the world, and the decision."""
        demands = [Demand(needs, tasks, 0, task_seconds) for needs, tasks in zip(KINDS, work, strict=True)]
        nodes = {
            name: [instance.seen(key) for key, instance in there.items() if instance.joined]
            for name, there in self.instances.items()
        }
        capacity = {
            name: Capacity(
                self.desired[name],
                len(there),
                max(self.blocked[name], self.launches[name].blocked_until),
                self.launches[name].failures,
            )
            for name, there in self.instances.items()
        }
        decision = decide(self.pools, demands, nodes, capacity, self.memories, self.limits, self.now)
        for name, want in decision.wants.items():
            self.wanted[name].append((self.now, want))
        return demands, nodes, capacity, decision

    def carry_out(self, decision):
        """Do what was decided."""
        for action in decision.actions:
            if action.kind in ("out", "lower"):
                self.desired[action.pool] = action.to
            for name in action.nodes:
                self.instances[action.pool][name].draining = int(action.kind == "in")

    def most_wanted(self, pool):
        """Largest number of nodes wanted during the idle timeout; None as long as it is unknown."""
        history = self.wanted[pool.name]
        if self.now - history[0][0] < pool.idle_timeout:
            return None
        return max(want for at, want in history if at >= self.now - pool.idle_timeout)

    def cost(self):
        """USD per hour of all nodes that are desired, and of the scheduler."""
        nodes = sum(self.desired[pool.name] * (pool.usd_per_hour or 0.0) for pool in self.pools)
        return self.limits.scheduler_usd_per_hour + nodes
