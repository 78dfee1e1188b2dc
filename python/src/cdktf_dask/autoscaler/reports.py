"""What the autoscaler logs and publishes of its decisions and drains."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from cdktf_dask.autoscaler.drains import Outcome
from cdktf_dask.autoscaler.metrics import Metrics
from cdktf_dask.autoscaler.model import Capacity, Decision, Node, Pool
from cdktf_dask.autoscaler.notices import Notices
from cdktf_dask.autoscaler.scheduler import Snapshot

logger = logging.getLogger("autoscaler")


class Reports:
    """Lines of the log and values of metrics."""

    def __init__(self, pools: Sequence[Pool], metrics: Metrics, notices: Notices) -> None:
        self._pools = pools
        self._metrics = metrics
        self._notices = notices
        self._offers = ", ".join(f"{pool.name} {amounts(pool.offers.items())}" for pool in pools)

    def drain(self, outcome: Outcome) -> None:
        """Report a drain that ended."""
        self._metrics.add("drains_total", pool=outcome.pool, result=outcome.result)
        drained, text = outcome.drained, f": {outcome.why}"
        if drained:
            self._metrics.add("drain_given_back_tasks_total", drained.given_back, pool=outcome.pool)
            self._metrics.add("drain_rerun_tasks_total", drained.rerun, pool=outcome.pool)
            self._metrics.add("drain_lost_results_total", drained.lost, pool=outcome.pool)
        if drained and outcome.result == "ended":
            self._metrics.observe_drain(drained.seconds)
            text = (
                f" after a drain of {drained.seconds:.1f} s: {drained.given_back} tasks given back, "
                f"{drained.rerun} run again, {drained.lost} results lost"
            )
        log = logger.info if outcome.result in ("ended", "undone") else logger.warning
        log("%s %s%s", outcome.result, outcome.node, text)

    def decision(
        self,
        decision: Decision,
        snapshot: Snapshot,
        nodes: Mapping[str, Sequence[Node]],
        capacity: Mapping[str, Capacity],
    ) -> None:
        """Report what holds at a tick."""
        for pool in self._pools:
            name, there = pool.name, capacity[pool.name]
            self._metrics.set("demand_tasks", decision.demand.get(name, 0), pool=name)
            self._metrics.set("wanted_nodes", decision.wants[name], pool=name)
            self._metrics.set("desired_nodes", there.desired, pool=name)
            for state, count in _states(nodes[name], there).items():
                self._metrics.set("nodes", count, pool=name, state=state)
        self._limited(decision, capacity)
        self._unsatisfiable(decision, snapshot)

    def _limited(self, decision: Decision, capacity: Mapping[str, Capacity]) -> None:
        self._metrics.clear("limited")
        sizes = {name: found.desired for name, found in capacity.items()}
        sizes |= {action.pool: action.to for action in decision.actions if action.kind == "out"}
        lines = {}
        for name, limit in decision.limited.items():
            self._metrics.set("limited", 1, pool=name, reason=limit)
            lines[f"{name} {limit}"] = f"limited {name} at {sizes[name]}: {limit}"
        self._notices.update("limited", lines)

    def _unsatisfiable(self, decision: Decision, snapshot: Snapshot) -> None:
        self._metrics.clear("unsatisfiable_tasks")
        counts: Counter[str] = Counter()
        prefixes: dict[str, str] = {}
        for demand in decision.unsatisfiable:
            needs = amounts(demand.needs or ())
            counts[needs] += demand.tasks
            prefixes.setdefault(needs, snapshot.prefixes.get(demand, ""))
        lines = {}
        for needs, count in counts.items():
            self._metrics.set("unsatisfiable_tasks", count, needs=needs)
            lines[needs] = (
                f"unsatisfiable {prefixes[needs]}: {count} tasks need {needs} of a worker, and workers offer "
                f"{self._offers or 'nothing'}. Hint: correct the resources of the tasks, or add a pool"
            )
        self._notices.update("unsatisfiable", lines)


def _states(nodes: Sequence[Node], capacity: Capacity) -> dict[str, int]:
    here = [node for node in nodes if node.name not in capacity.ending]
    draining = sum(node.draining for node in here)
    return {
        "booting": max(0, capacity.existing - len(here)),
        "joined": len(here) - draining,
        "draining": draining,
        "ending": len(capacity.ending),
    }


def amounts(resources: Iterable[tuple[str, float]]) -> str:
    """Resources as in Dask's options: `CPU=2 GPU=1`."""
    return " ".join(f"{name}={amount:g}" for name, amount in resources) or "no resources"
