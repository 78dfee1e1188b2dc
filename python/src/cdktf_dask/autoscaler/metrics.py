"""Metrics of the autoscaler, as a page for Prometheus (exposition format 0.0.4)."""

import json
import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from cdktf_dask.autoscaler.settings import Address

PREFIX = "dask_autoscaler_"

DRAIN_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Upper bounds of the histogram `drain_seconds`."""

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Metric:
    """A metric, without its prefix."""

    kind: Literal["gauge", "counter", "histogram"]
    help: str


METRICS: Mapping[str, Metric] = {
    "scheduler_up": Metric("gauge", "Whether the scheduler answered"),
    "provider_up": Metric("gauge", "Whether the provider of the nodes answered"),
    "provider_errors_total": Metric("counter", "Changes that the provider refused"),
    "last_tick_timestamp_seconds": Metric("gauge", "Time of the last complete tick"),
    "tick_seconds": Metric("gauge", "Duration of the last tick"),
    "decision_seconds": Metric("gauge", "Duration of the last decision"),
    "demand_tasks": Metric("gauge", "Tasks that count for a pool"),
    "unsatisfiable_tasks": Metric("gauge", "Tasks that no pool can run, by the resources that they need"),
    "wanted_nodes": Metric("gauge", "Nodes that a pool should have"),
    "desired_nodes": Metric("gauge", "Nodes that the provider is to have"),
    "nodes": Metric("gauge", "Nodes of a pool: booting, joined, draining or ending"),
    "limited": Metric("gauge", "Whether a limit keeps a pool from nodes that its work needs"),
    "actions_total": Metric("counter", "Changes of a pool: out, in, back, lower, replace or end"),
    "drains_total": Metric("counter", "Drains by their result: ended, kept, undone or failed"),
    "drain_seconds": Metric("histogram", "Duration of drains that ended"),
    "drain_given_back_tasks_total": Metric("counter", "Tasks that other workers got before they started"),
    "drain_rerun_tasks_total": Metric("counter", "Tasks that ran again, because they ran for too long"),
    "drain_lost_results_total": Metric("counter", "Finished results that were lost in a drain"),
    "hung": Metric("gauge", "Whether workers have tasks, but none finishes and no CPU is in use"),
    "node_seconds_total": Metric("counter", "Seconds that nodes existed"),
    "idle_node_seconds_total": Metric("counter", "Seconds that nodes had no task"),
    "hourly_cost_dollars": Metric("gauge", "Cost of all nodes of a pool in USD per hour"),
    "cost_dollars_total": Metric("counter", "Cost of a pool so far in USD"),
}
"""All metrics by name, in the order of the page."""


class Metrics:
    """Values of the metrics. One thread changes them, others read the page."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, dict[Labels, float]] = {name: {} for name in METRICS}
        self._buckets = [0] * (len(DRAIN_SECONDS) + 1)
        self._sum = 0.0

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._values[name][tuple(labels.items())] = value

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        key = tuple(labels.items())
        with self._lock:
            self._values[name][key] = self._values[name].get(key, 0) + amount

    def clear(self, name: str) -> None:
        """Remove all values of a gauge, whose labels may change."""
        with self._lock:
            self._values[name].clear()

    def observe_drain(self, seconds: float) -> None:
        """Add the duration of a drain."""
        with self._lock:
            self._buckets[bisect_left(DRAIN_SECONDS, seconds)] += 1
            self._sum += seconds

    def page(self) -> str:
        """All metrics as text."""
        with self._lock:
            lines = [line for name in METRICS for line in self._lines(name)]
        return "".join(f"{line}\n" for line in lines)

    def _lines(self, name: str) -> list[str]:
        metric, full = METRICS[name], PREFIX + name
        head = [f"# HELP {full} {metric.help}.", f"# TYPE {full} {metric.kind}"]
        if metric.kind == "histogram":
            return head + self._histogram(full)
        return head + [f"{full}{_labels(key)} {value!r}" for key, value in self._values[name].items()]

    def _histogram(self, full: str) -> list[str]:
        total, lines = 0, []
        for bound, count in zip((*DRAIN_SECONDS, "+Inf"), self._buckets, strict=True):
            total += count
            lines.append(f'{full}_bucket{{le="{bound}"}} {total}')
        return [*lines, f"{full}_sum {self._sum!r}", f"{full}_count {total}"]


def _labels(labels: Labels) -> str:
    # JSON escapes what the format escapes: backslash, quotation mark and line break.
    pairs = ",".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels)
    return f"{{{pairs}}}" if pairs else ""


def serve(metrics: Metrics, address: Address) -> ThreadingHTTPServer:
    """Serve the page at `/metrics`, in a thread that ends with the process.

    Raises:
        OSError: the address is in use.
    """

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = metrics.page().encode() if self.path == "/metrics" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Do not log requests."""

    server = ThreadingHTTPServer((address.host, address.port), Page)
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics").start()
    return server
