"""`dask-cluster cost`: what the instances of a cluster cost."""

from dataclasses import asdict
from pathlib import Path

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report
from cdktf_dask.cli.table import table
from cdktf_dask.operations.cost import PoolCost, add_counters, all_pools, costs_now
from cdktf_dask.operations.facts import camel
from cdktf_dask.operations.rows import UNKNOWN

HOUR = 3600.0

LOOK = "it runs if the minSize of a pool is below its maxSize; see docs/scaling.md"

NOT_INCLUDED = "without disks, network and other services"


@click.command()
@cluster_options
@PATH
def cost(name: str, region: str | None, profile: str | None, as_json: bool, path: Path | None) -> None:
    """Show the cost of the instances of the cluster NAME by pool: now, and as its autoscaler has counted."""
    from cdktf_dask.cli.scheduler_page import autoscaler_http, read_page
    from cdktf_dask.client.errors import ConnectError
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    with Progress() as progress:
        cluster = Cluster(name, region, profile, path, progress)
        status = cluster.status(ask_scheduler=False)
        costs, notes = costs_now(status), list(status.notes)
        try:
            with autoscaler_http(cluster, progress) as url:
                add_counters(costs, read_page(f"{url}/metrics", "the autoscaler's page /metrics", LOOK))
        except ConnectError as error:
            notes.append(f"the cost so far is unknown: {error}")
    summed = all_pools(costs)
    document = {
        "cluster": name,
        "place": status.place,
        "pools": [camel(asdict(one)) for one in costs],
        "all": {key: value for key, value in camel(asdict(summed)).items() if key != "name"},
        "notes": notes,
    }
    report(document, _lines([*costs, summed], notes), as_json)


def _lines(costs: list[PoolCost], notes: list[str]) -> list[str]:
    header = ("POOL", "NODES", "USD/h", "NODE HOURS", "IDLE HOURS", "USD SO FAR")
    rows = [
        (
            one.name,
            one.nodes,
            _number(one.usd_per_hour, ".4g"),
            _number(_hours(one.node_seconds), ".1f"),
            _number(_hours(one.idle_node_seconds), ".1f"),
            _number(one.usd, ".2f"),
        )
        for one in costs
    ]
    return [*table(header, *rows), "", NOT_INCLUDED, *(f"note: {note}" for note in notes)]


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / HOUR


def _number(amount: float | None, form: str) -> str:
    return UNKNOWN if amount is None else format(amount, form)
