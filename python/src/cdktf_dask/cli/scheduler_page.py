"""Reaches the pages of scheduler and autoscaler: their own ports on a local cluster, a tunnel on AWS."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from cdktf_dask.client.errors import ConnectError
from cdktf_dask.client.ports import AUTOSCALER_PORT, DASHBOARD_PORT, SCHEDULER_HTTP_PORT
from cdktf_dask.client.progress import Progress
from cdktf_dask.client.tunnel import Tunnel
from cdktf_dask.operations.cluster import Cluster

ANSWER_SECONDS = 20

AUTOSCALER_SETTINGS = "config/dask-autoscaler/autoscaler.json"
"""Of a local cluster (`lib/local/runtime/autoscaler.ts`)."""


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


@contextmanager
def autoscaler_http(cluster: Cluster, progress: Progress) -> Iterator[str]:
    """URL of the autoscaler's HTTP server, as long as the context lasts.

    Raises:
        ConnectError: a local cluster has no autoscaler, or the tunnel cannot be opened.
    """
    if cluster.local:
        file = cluster.local.root / AUTOSCALER_SETTINGS
        try:
            address = json.loads(file.read_text(encoding="utf-8"))["metrics"]
        except (OSError, ValueError, KeyError) as error:
            hint = "define a pool whose minSize is below its maxSize, and start the cluster again"
            raise ConnectError(f"{cluster.name} has no autoscaler", hint) from error
        yield f"http://{address}"
        return
    tunnel = open_tunnel(cluster, progress, AUTOSCALER_PORT, None)
    try:
        yield f"http://127.0.0.1:{tunnel.port}"
    finally:
        tunnel.close()


def read_page(url: str, what: str, hint: str) -> str:
    """Read a page, such as one of metrics.

    Args:
        url: Its URL.
        what: What it is, for an error.
        hint: Hint of an error.

    Raises:
        ConnectError: it cannot be read.
    """
    # No proxy: it does not reach 127.0.0.1.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_SECONDS) as answer:
            text: str = answer.read().decode()
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ConnectError(f"{what} cannot be read ({reason})", hint) from error
    return text


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
