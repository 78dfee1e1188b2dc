"""What the scheduler publishes of the workers of each node, on its page of metrics.

For a process with permissions of AWS. It must not use Dask's connections: their messages may contain pickles,
and clients run code in the scheduler. A page of numbers is only text.
"""

import http.client
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from urllib.request import ProxyHandler, build_opener

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from cdktf_dask.client.errors import ConnectError
from cdktf_dask.node.names import nodes_of
from cdktf_dask.operations.facts import Node, printable

PREFIX = "dask_cluster_"
"""Of the metrics of `cdktf_dask.preloads.export_heartbeats`."""

NAMES = ("info", "worker_info", "worker_memory_bytes", "worker_memory_limit_bytes", "worker_tasks")
IN_MEMORY = ("managed", "unmanaged")

ANSWER_SECONDS = 10.0
MAX_BYTES = 32 * 2**20
"""The page of 1,000 workers has 6 MiB."""

MAX_NUMBER = 2**53
"""Greater numbers are wrong: a page has numbers of floating point, and those here are bytes and tasks."""

LOOK = "look at the scheduler's log"


def add_published(nodes: list[Node], url: str) -> None:
    """Add workers, memory and tasks to the nodes.

    Args:
        nodes: Nodes of a cluster that may have workers.
        url: URL of the scheduler's metrics.

    Raises:
        ConnectError: the scheduler does not answer, or does not publish what it should.
    """
    samples = _samples(_read(url), url)
    if f"{PREFIX}info" not in {sample.name for sample in samples}:
        raise ConnectError("the scheduler publishes no metrics of its workers", LOOK)
    by_node: defaultdict[str, list[_Worker]] = defaultdict(list)
    for worker in _workers(samples):
        for name in nodes_of(worker.name):
            by_node[name].append(worker)
    for node in nodes:
        own = by_node[node.name]
        node.workers = len(own)
        node.memory = sum(worker.memory for worker in own)
        node.memory_limit = sum(worker.memory_limit for worker in own)
        tasks = sum((worker.tasks for worker in own), Counter[str]())
        node.tasks = {state: count for state, count in tasks.items() if count}


@dataclass
class _Worker:
    name: str
    memory: int = 0
    memory_limit: int = 0
    tasks: Counter[str] = field(default_factory=Counter)


def _workers(samples: list[Sample]) -> list[_Worker]:
    names = [one for one in samples if one.name == f"{PREFIX}worker_info"]
    workers = {one.labels.get("worker", ""): _Worker(one.labels.get("name", "")) for one in names}
    for sample in samples:
        worker, count = workers.get(sample.labels.get("worker", "")), int(sample.value)
        if worker is None:
            continue
        if sample.name == f"{PREFIX}worker_memory_limit_bytes":
            worker.memory_limit += count
        elif sample.name == f"{PREFIX}worker_memory_bytes" and sample.labels.get("type") in IN_MEMORY:
            worker.memory += count
        elif sample.name == f"{PREFIX}worker_tasks":
            worker.tasks[printable(sample.labels.get("state", ""))] += count
    return list(workers.values())


def _read(url: str) -> str:
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_SECONDS) as response:
            page: bytes = response.read(MAX_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectError(f"the scheduler does not answer at {url} ({error})", LOOK) from error
    if len(page) > MAX_BYTES:
        raise ConnectError(f"the scheduler publishes more than {MAX_BYTES // 2**20} MiB of metrics", LOOK)
    return page.decode(errors="replace")


def _samples(page: str, url: str) -> list[Sample]:
    """The samples of these metrics. Other lines are not parsed: with 1,000 workers there are 40,000."""
    beginnings = tuple(f"{PREFIX}{name}{{" for name in NAMES)
    text = "".join(f"{line}\n" for line in page.split("\n") if line.startswith(beginnings))
    try:
        found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    except (ValueError, IndexError, KeyError) as error:
        raise ConnectError(f"the metrics at {url} cannot be read", LOOK) from error
    for sample in found:
        if not 0 <= sample.value < MAX_NUMBER:
            got = f"{sample.name} at {url}: got {sample.value}"
            raise ConnectError(f"{got}, expected a number from 0 to {MAX_NUMBER:g}", LOOK)
    return found
