"""Reaches the HTTP server of a scheduler: its own port on a local cluster, a tunnel on AWS."""

from collections.abc import Iterator
from contextlib import contextmanager

from cdktf_dask.client.ports import DASHBOARD_PORT, SCHEDULER_HTTP_PORT
from cdktf_dask.client.progress import Progress
from cdktf_dask.client.tunnel import Tunnel
from cdktf_dask.operations.cluster import Cluster


@contextmanager
def scheduler_http(cluster: Cluster, progress: Progress) -> Iterator[str]:
    """URL of the scheduler's HTTP server, without TLS and password, as long as the context lasts.

    Raises:
        ConnectError: the tunnel cannot be opened.
    """
    if cluster.local:
        yield f"http://127.0.0.1:{cluster.local.dashboard}"
        return
    tls = protocol(cluster) == "tls"
    tunnel = open_tunnel(cluster, progress, SCHEDULER_HTTP_PORT if tls else DASHBOARD_PORT, None)
    try:
        yield f"http://127.0.0.1:{tunnel.port}"
    finally:
        tunnel.close()


def protocol(cluster: Cluster) -> str:
    """`tls` or `tcp`, of a cluster on AWS.

    Raises:
        ConnectError: the client bundle, which says it, cannot be fetched.
    """
    assert cluster.access
    if not cluster.access.read():
        cluster.access.fetch()
    return cluster.access.protocol


def open_tunnel(cluster: Cluster, progress: Progress, remote: int, local: int | None) -> Tunnel:
    """Open a tunnel to a port of the scheduler's instance.

    Raises:
        ConnectError: it cannot be opened.
    """
    assert cluster.aws
    scheduler = cluster.aws.scheduler()
    progress.step(f"opening a tunnel to {scheduler.id} through Session Manager")
    return Tunnel(cluster.aws, scheduler, remote, local)
