"""Cost of the nodes: its metrics, its lines in the log, and the file that keeps it across restarts."""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cdktf_dask.autoscaler.cost import HOUR, Meter, Usage, usage
from cdktf_dask.autoscaler.metrics import Metrics
from cdktf_dask.autoscaler.model import Capacity, Node, Pool

SCHEDULER = "scheduler"
"""Stands for the pool of the scheduler's node."""

SAVE_SECONDS = 10.0

logger = logging.getLogger("autoscaler")


class Costs:
    """Cost of a cluster."""

    def __init__(self, file: Path | None, metrics: Metrics, scheduler_usd_per_hour: float) -> None:
        """Restore the cost.

        Args:
            file: Where it is saved; None: nowhere.
            metrics: Where it is published.
            scheduler_usd_per_hour: Price of the scheduler's node.
        """
        self._file = file
        self._metrics = metrics
        self._scheduler = {SCHEDULER: Usage(1, 0, scheduler_usd_per_hour)} if scheduler_usd_per_hour else {}
        self._meter = Meter()
        self._saved = self._logged = time.time()
        if file and file.exists():
            try:
                self._meter = Meter.restored(json.loads(file.read_text(encoding="utf-8")))
            except (OSError, ValueError, AttributeError) as error:
                logger.warning("the cost starts at zero: %s: %s", file, error)

    def record(
        self, pools: Sequence[Pool], nodes: Mapping[str, Sequence[Node]], capacity: Mapping[str, Capacity]
    ) -> None:
        """Count the time since the last tick."""
        now, meter = time.time(), self._meter
        meter.record(now, self._scheduler | usage(pools, nodes, capacity))
        for pool, used in meter.last.items():
            cost = meter.costs[pool]
            self._metrics.set("node_seconds_total", cost.node_seconds, pool=pool)
            self._metrics.set("idle_node_seconds_total", cost.idle_node_seconds, pool=pool)
            if used.usd_per_hour is not None:
                self._metrics.set("hourly_cost_dollars", used.nodes * used.usd_per_hour, pool=pool)
                self._metrics.set("cost_dollars_total", cost.usd, pool=pool)
        if now - self._saved >= SAVE_SECONDS:
            self._save(now)
        if now - self._logged >= HOUR and meter.hourly:
            self._logged = now
            logger.info(
                "cost: %.2f USD an hour now, %.2f USD so far, of which %.2f for idle nodes",
                *(meter.hourly, meter.total, meter.idle),
            )

    def _save(self, now: float) -> None:
        self._saved = now
        if self._file:
            try:
                new = self._file.with_suffix(".new")
                new.write_text(json.dumps(self._meter.saved()), encoding="utf-8")
                new.replace(self._file)
            except OSError as error:
                logger.warning("the cost is not saved: %s", error)
