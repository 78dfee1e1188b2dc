"""`dask-cluster scale`: sets the number of nodes of a pool."""

from pathlib import Path

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report


@click.command()
@cluster_options
@click.argument("pool")
@click.argument("nodes", type=click.IntRange(min=0))
@PATH
def scale(
    name: str,
    region: str | None,
    profile: str | None,
    as_json: bool,
    path: Path | None,
    pool: str,
    nodes: int,
) -> None:
    """Set the number of NODES of a POOL of the cluster NAME, within minSize and maxSize.

    On AWS, the autoscaler undoes this after the pool's idleTimeout if there is no work. A local cluster keeps
    at least so many nodes. Nodes are drained before they leave. `dask-cluster status` shows when the new ones
    are ready.
    """
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    with Progress() as progress:
        operations = Cluster(name, region, profile, path, progress).operations
        progress.step(f"scaling {pool}")
        before = operations.scale(pool, nodes).desired_size
    document = {"cluster": name, "pool": pool, "before": before, "nodes": nodes}
    report(document, [f"pool {pool} of {name}: {nodes} nodes wanted, {before} before"], as_json)
