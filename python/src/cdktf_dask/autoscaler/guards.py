"""What ends nodes that the work does not: results that nothing needs for hours, and clusters that hang."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cdktf_dask.autoscaler.hung import HungWatch
from cdktf_dask.autoscaler.keep import Keeper, without_results
from cdktf_dask.autoscaler.metrics import Metrics
from cdktf_dask.autoscaler.model import Demand, Node, Pool
from cdktf_dask.autoscaler.notices import Notices
from cdktf_dask.autoscaler.settings import Settings

logger = logging.getLogger("autoscaler")


class Guards:
    """Watches results and tasks that keep nodes alive.

    Attributes:
        stopped: Whether all pools are stopped, as the cluster hung, until its tasks are gone.
        gives_up: Whether nodes leave although that loses results or tasks.
    """

    def __init__(self, settings: Settings, metrics: Metrics, notices: Notices) -> None:
        self._keeper = Keeper(settings.keep_results)
        self._hung = HungWatch(settings.hung_after)
        self._stop_hung = settings.stop_hung
        self._metrics = metrics
        self._notices = notices
        self.stopped = False
        self.gives_up = False

    def apply(
        self,
        pools: Sequence[Pool],
        demands: Sequence[Demand],
        nodes: Mapping[str, Sequence[Node]],
        now: float,
    ) -> tuple[Sequence[Pool], Mapping[str, Sequence[Node]]]:
        """Pools and nodes as the decision is to see them at one moment."""
        everything = [node for found in nodes.values() for node in found]
        possible = [demand for demand in demands if any(pool.slots(demand.needs) for pool in pools)]
        keeping = self._keeper.observe(possible, everything, now)
        lines = {}
        if keeping and keeping.announced:
            at = time.strftime("%H:%M", time.localtime(time.time() + max(0.0, keeping.until - now)))
            lines["results"] = (
                f"nothing runs, and only results keep nodes: they are given up at {at}. "
                "Hint: save the results and release them, or raise keepResults"
            )
        self._notices.update("results", lines)
        released = keeping is not None and keeping.released
        stopped = self._is_stopped(everything, sum(demand.tasks for demand in demands), now)
        self.gives_up = released or stopped
        if stopped:
            pools = [replace(pool, min_size=0, max_size=0) for pool in pools]
        return pools, without_results(nodes) if released else nodes

    def _is_stopped(self, nodes: Sequence[Node], tasks: int, now: float) -> bool:
        hung = self._hung.observe(nodes, now)
        self._metrics.set("hung", 1 if hung else 0)
        self._notices.update("hung", {"hung": f"hung: {hung}"} if hung else {})
        if tasks == 0:
            self.stopped = False
        elif hung and self._stop_hung and not self.stopped:
            logger.warning("all pools stop, as onHung is stop; new tasks start them once these are cancelled")
            self.stopped = True
        return self.stopped
