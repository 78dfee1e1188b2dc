"""The facts of a cluster as texts: a row for each node, and a line for each pool, problem and note."""

from dataclasses import dataclass
from datetime import timedelta

from cdktf_dask.operations.facts import SCHEDULER, ClusterStatus, Node, Pool

UNKNOWN = "–"

HEADER = ["POOL", "NODE", "STATE", "AGE", "TYPE", "SPOT", "WORKERS", "MEMORY GiB", "TASKS", "USD/h"]


@dataclass(frozen=True)
class Line:
    """A line below the rows."""

    kind: str
    """`fact`, `problem`, `note` or `verdict`."""
    text: str


def rows(status: ClusterStatus) -> list[list[str]]:
    """The header and a row for each node, with the columns that some node has.

    A local cluster has no types and no prices.
    """
    found = [_row(status, node) for node in status.nodes]
    columns = [index for index in range(len(HEADER)) if any(row[index] != UNKNOWN for row in found)]
    return [[row[index] for index in columns] for row in (HEADER, *found)]


def lines(status: ClusterStatus) -> list[Line]:
    """Pools, price, problems and notes; the last line is the verdict."""
    problems = status.problems()
    found = [Line("fact", _size(pool)) for pool in status.pools]
    price = status.usd_per_hour()
    if price is not None:
        text = f"all instances: {price:.4g} USD an hour, without disks, network and other services"
        found.append(Line("fact", text))
    found += [Line("problem", problem) for problem in problems]
    found += [Line("note", note) for note in status.notes]
    if status.unreachable and not problems:
        return [*found, Line("verdict", f"the workers of {status.cluster} are unknown")]
    return [*found, Line("verdict", f"{status.cluster} is {'not ' if problems else ''}healthy")]


def age(span: timedelta) -> str:
    """An age in its largest unit, such as `3 h`."""
    seconds = max(0, int(span.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def gibibytes(amount: int) -> str:
    """An amount of memory, such as `7.5`."""
    return f"{amount / 2**30:.1f}"


def _size(pool: Pool) -> str:
    possible = f"{pool.min_size} to {pool.max_size} possible"
    return f"pool {pool.name}: {pool.desired_size} nodes wanted, {possible}"


def _row(status: ClusterStatus, node: Node) -> list[str]:
    asked = node.workers is not None and node.pool != SCHEDULER
    return [
        node.pool,
        node.id,
        node.state,
        age(status.at - node.started) if node.started else UNKNOWN,
        node.instance_type or UNKNOWN,
        ("yes" if node.spot else "no") if node.instance_type else UNKNOWN,
        str(node.workers) if asked else UNKNOWN,
        f"{gibibytes(node.memory)} of {gibibytes(node.memory_limit)}" if asked else UNKNOWN,
        (", ".join(f"{count} {state}" for state, count in node.tasks.items()) or "0") if asked else UNKNOWN,
        UNKNOWN if node.usd_per_hour is None else f"{node.usd_per_hour:.4g}",
    ]
