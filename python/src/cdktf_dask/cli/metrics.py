"""`dask-cluster metrics`: the metrics of the scheduler, as Prometheus reads them."""

from pathlib import Path

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report

LOOK = "dask-cluster logs shows the scheduler's log"


@click.command()
@cluster_options
@PATH
@click.option("--match", default="", metavar="TEXT", help="Only metrics whose name contains TEXT.")
def metrics(
    name: str, region: str | None, profile: str | None, as_json: bool, path: Path | None, match: str
) -> None:
    """Print the metrics of the scheduler of the cluster NAME: its page /metrics."""
    from prometheus_client.parser import text_string_to_metric_families

    from cdktf_dask.cli.scheduler_page import read_page, scheduler_http
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    with Progress() as progress:
        cluster = Cluster(name, region, profile, path, progress)
        with scheduler_http(cluster, progress) as url:
            text = read_page(f"{url}/metrics", "the scheduler's page /metrics", LOOK)
    # A family is named without the suffix of its samples, such as _total.
    found = [family for family in text_string_to_metric_families(text) if match in family.name]
    samples = [sample for family in found for sample in family.samples]
    document = {
        "cluster": name,
        "metrics": [{"name": one.name, "labels": one.labels, "value": one.value} for one in samples],
    }
    report(document, _lines(text, {sample.name for sample in samples}), as_json)


def _lines(text: str, names: set[str]) -> list[str]:
    """The samples of these names, as they are on the page."""
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    return [line for line in samples if line.partition("{")[0].partition(" ")[0] in names]
