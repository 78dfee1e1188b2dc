"""Preload of the scheduler: HTTP interface for the autoscaler, on the scheduler's HTTP server.

`GET /autoscaling` returns what tasks need and what nodes do; `POST /autoscaling/command` drains workers. The
autoscaler is another process of the scheduler's node, so requests of other nodes are answered with 404.

Workers and clients can report anything. A value that is not a number in its range is left out.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from distributed import Scheduler
from distributed.core import Status
from distributed.scheduler import WorkerState
from tornado.web import RequestHandler

HOSTS = r"(127\.0\.0\.1|localhost)$"
"""Hosts in URLs of requests. Rejecting others prevents access of web pages by DNS rebinding."""

NAME = re.compile(
    # A host may end with a number, as the number of a process does: those of AWS and of local clusters do.
    r"(?P<node>(?P<pool>[a-z](?:-?[a-z0-9]){0,62})--(?P<host>ip(?:-\d{1,3}){4}|local-\d+|.+?))(?:-\d{1,3})?"
)
"""Name of a pool's worker: `cpu--ip-10-20-0-17`, or `cpu--ip-10-20-0-17-3` if its node has several."""

MAX_TEXT = 128
"""Characters of a text; what is longer is cut."""

MAX_KINDS = 1_000
"""Kinds of tasks that are listed by prefix; others are summed up by what they need."""

MAX_SECONDS = 86_400
"""Longest time that a drain may have."""

# Largest plausible values.
BYTES = 2.0**60
COUNT = 2.0**53
PERCENT = 1e6
TASK_SECONDS = 1e9


def dask_setup(server: object) -> None:
    """Add the routes. Dask calls this when the scheduler starts; its HTTP server is started before."""
    if isinstance(server, Scheduler):
        shared = {"scheduler": server, "started": time.time()}
        server.http_application.add_handlers(
            HOSTS, [(r"/autoscaling", Snapshot, shared), (r"/autoscaling/command", Command, shared)]
        )


class Handler(RequestHandler):
    """Request of a process on this node."""

    def initialize(self, scheduler: Scheduler, started: float) -> None:
        """Take the arguments of the route."""
        self.scheduler = scheduler
        self.started = started

    def prepare(self) -> None:
        """Reject requests of other nodes."""
        if not ip_address(self.request.remote_ip or "").is_loopback:
            self.send_error(404)

    def reject(self, status: int, reason: str) -> None:
        """Answer with an error: one sentence."""
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{reason}\n")


class Snapshot(Handler):
    """What tasks need, and what nodes do."""

    def get(self) -> None:
        """Answer with the snapshot as JSON."""
        if plugin(self.scheduler, "demand") is None:
            return self.reject(501, "The scheduler runs without the preload count_demand.py.")
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(snapshot(self.scheduler, self.started)))


class Command(Handler):
    """Drains workers, or gives them back to the scheduler."""

    async def post(self) -> None:
        """Run the command, and answer with the result as JSON."""
        # Browsers send this type to another site only after a preflight request, which is not answered.
        if self.request.headers.get("Content-Type", "").partition(";")[0] != "application/json":
            return self.reject(400, "The command must have the Content-Type application/json.")
        try:
            verb, arguments = command(self.request.body)
        except ValueError as error:
            return self.reject(400, f"The command is invalid: {error}.")
        drain = plugin(self.scheduler, "drain")
        if drain is None:
            return self.reject(501, "The scheduler runs without the preload drain_workers.py.")
        # The autoscaler undoes a drain if work comes back, for which it is asked again.
        result = await getattr(drain, verb)(**arguments, **({"yields": True} if verb == "drain" else {}))
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(result, default=str))  # keys of tasks can be bytes


def command(body: bytes) -> tuple[str, dict[str, Any]]:
    """Verb and arguments of a command. Raises `ValueError` with the reason if there is something wrong."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("got no JSON, expected an object") from None
    if not isinstance(given, dict):
        raise ValueError("got no object, expected an object with verb and workers")
    verb = given.pop("verb", None)
    if verb not in ("drain", "undrain"):
        raise ValueError("verb: expected drain or undrain")
    workers = given.get("workers")
    if not isinstance(workers, list) or not all(isinstance(worker, str) for worker in workers):
        raise ValueError("workers: expected a list of addresses")
    expected = {"workers"} | ({"seconds", "force", "end"} if verb == "drain" else set())
    for name in given.keys() - expected:
        raise ValueError(f"{text(name)}: expected one of {', '.join(sorted(expected))}")
    if "seconds" in given and not is_valid(given["seconds"], MAX_SECONDS):
        raise ValueError(f"seconds: expected a number from 0 to {MAX_SECONDS}")
    for name in ("force", "end"):
        if not isinstance(given.get(name, False), bool):
            raise ValueError(f"{name}: expected true or false")
    return verb, given


def snapshot(scheduler: Scheduler, started: float) -> dict[str, Any]:
    """What the autoscaler decides by: demands by kind of task, and nodes by pool."""
    pools: dict[str, dict[str, Node]] = {}
    for worker in scheduler.workers.values():
        pool, name, host = node_of(worker)
        pools.setdefault(pool, {}).setdefault(name, Node(scheduler, name, host)).add(worker)
    return {
        "now": time.time(),
        "started": started,
        "scheduler": scheduler.id,
        "demands": list(demands(scheduler)),
        "nodes": {pool: [node.summary() for node in nodes.values()] for pool, nodes in pools.items()},
    }


def demands(scheduler: Scheduler) -> Iterator[dict[str, Any]]:
    """Tasks that are ready or on workers, by what they need and by the prefix of their keys."""
    others: dict[Any, list[int]] = {}
    counts = enumerate(plugin(scheduler, "demand").counts.items())
    for number, ((needs, prefix), (ready, on_workers)) in counts:
        # Amounts that are not numbers are those of tasks that run nowhere.
        if needs is not None and not all(is_valid(amount, COUNT) for _, amount in needs):
            continue
        if number < MAX_KINDS:
            yield demand(needs, text(prefix), ready, on_workers, task_seconds(scheduler, prefix))
        else:
            count = others.setdefault(needs, [0, 0])
            count[0] += ready
            count[1] += on_workers
    for needs, (ready, on_workers) in others.items():
        yield demand(needs, "", ready, on_workers, None)


def demand(needs: Any, prefix: str, ready: int, on_workers: int, seconds: float | None) -> dict[str, Any]:
    """An entry of the snapshot."""
    amounts = None if needs is None else sorted([text(name), float(amount)] for name, amount in needs)
    return {"needs": amounts, "prefix": prefix, "ready": ready, "on_workers": on_workers, "seconds": seconds}


def task_seconds(scheduler: Scheduler, prefix: str) -> float | None:
    """How long a task runs, as Dask assumes it; `None` as long as no task of the prefix has run."""
    found = scheduler.task_prefixes.get(prefix)
    if found is None:
        return None
    average, longest = found.duration_average, found.max_exec_time
    # Dask forgets the average when a task runs for more than twice as long.
    seconds = average if average >= 0 else 2 * longest
    return float(seconds) if seconds >= 0 and is_valid(seconds, TASK_SECONDS) else None


def node_of(worker: WorkerState) -> tuple[str, str, str]:
    """Pool, name and host of a worker's node; a worker that is not named after a pool is its own node."""
    name = text(worker.name) if isinstance(worker.name, str | int) else ""
    found = NAME.fullmatch(name)
    return (found["pool"], found["node"], found["host"]) if found else ("", name, text(worker.host))


@dataclass
class Node:
    """The workers of a node, added up."""

    scheduler: Scheduler
    name: str
    host: str
    workers: list[WorkerState] = field(default_factory=list)

    def add(self, worker: WorkerState) -> None:
        """Add a worker of this node."""
        self.workers.append(worker)

    def summary(self) -> dict[str, Any]:
        """The node's entry of the snapshot."""
        workers = self.workers
        finished = plugin(self.scheduler, "demand").finished
        drain = plugin(self.scheduler, "drain")
        forced = drain.forced if drain is not None else ()
        ordered = drain.ordered if drain is not None else ()
        stored = total(worker.nbytes for worker in workers)
        memory = total(worker.memory_limit for worker in workers)
        threads = total(worker.nthreads for worker in workers)
        cpu = total((reported(worker, "cpu") for worker in workers), PERCENT)
        return {
            "name": self.name,
            "host": self.host,
            "workers": [worker.address for worker in workers],
            "busy": sum(len(worker.processing) for worker in workers),
            # An upper bound: what other nodes have as well is included.
            "unique_bytes": int(stored),
            "held": self.held(drain),
            "draining": any(worker.status is Status.closing_gracefully for worker in workers),
            "forced": any(worker.address in forced for worker in workers),
            "ordered": any(worker.address in ordered for worker in workers),
            "under_way": drain is not None and any(drain.is_under_way(worker) for worker in workers),
            "paused": all(worker.status is Status.paused for worker in workers),
            "used": stored / memory if memory else 0.0,
            "finished": sum(finished.get(worker.address, 0) for worker in workers),
            "cpu": cpu / threads if threads else 0.0,
        }

    def held(self, drain: Any) -> str:
        """What keeps the node from being drained without loss: state that lives only in its processes."""
        if any(worker.actors for worker in self.workers):
            return "actor"
        if drain is not None and any(drain.in_shuffle(worker) for worker in self.workers):
            return "shuffle"
        return "long-running" if any(worker.long_running for worker in self.workers) else ""


def plugin(scheduler: Scheduler, name: str) -> Any:
    """Plugin of another preload of this project; `None` if the scheduler runs without it."""
    return scheduler.plugins.get(name)


def reported(worker: WorkerState, name: str) -> Any:
    """A value of the worker's last heartbeat."""
    return worker.metrics.get(name) if isinstance(worker.metrics, Mapping) else None


def total(values: Iterator[Any], limit: float = BYTES) -> float:
    """Sum of those values that are numbers from 0 to a limit."""
    return float(sum(value for value in values if is_valid(value, limit)))


def is_valid(value: Any, limit: float) -> bool:
    """Whether a value is a number from 0 to a limit. NaN is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= limit


def text(value: object) -> str:
    """A text, cut, and without characters that are not printable, such as line breaks."""
    cut = str(value)[:MAX_TEXT]
    return cut if cut.isprintable() else "".join(char if char.isprintable() else "?" for char in cut)
