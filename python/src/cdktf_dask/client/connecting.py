"""`connect`: a client of a cluster, by the cluster's name."""

import atexit
import warnings
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from distributed import Client
from distributed.versions import VersionMismatchWarning

from cdktf_dask.client.errors import ConnectError
from cdktf_dask.client.local import LocalCluster, choose
from cdktf_dask.client.probe import NoAnswer, Rejected, probe
from cdktf_dask.client.progress import Progress
from cdktf_dask.client.route import Access, Route, find_route
from cdktf_dask.client.tunnel import Tunnel
from cdktf_dask.client.versions import Check, check_packages, check_protocol

RECONNECT_SECONDS = 600
"""How long a client tries to reach its scheduler again; a new instance boots in this time."""

LOCAL_SECONDS = 5.0
CLOSE_SECONDS = 20.0


class ClusterClient(Client):
    """Client that closes its tunnel when it closes."""

    def __init__(self, address: str, tunnel: Tunnel | None, **options: Any) -> None:
        """Connect.

        Args:
            address: Address of the scheduler.
            tunnel: The tunnel to the scheduler; None for a direct connection.
            options: Arguments of `distributed.Client`.
        """
        self.tunnel = tunnel
        Client.__init__(self, address, **options)

    async def _ensure_connected(self, timeout: float | None = None) -> None:
        try:
            await Client._ensure_connected(self, timeout)
        except ValueError as error:
            # A tunnel accepts a connection, and closes it if no scheduler listens. Tornado then cannot start
            # TLS, and `Client._reconnect` tries again after an OSError only.
            raise OSError(f"the connection was closed ({error})") from error

    async def _close(self, fast: bool = False) -> None:
        try:
            await super()._close(fast=fast)
        finally:
            # Its thread may be the one that closes; `close` waits for it.
            if self.tunnel:
                self.tunnel.stop()

    def close(self, timeout: float = CLOSE_SECONDS) -> Any:
        """Close client and tunnel, as `distributed.Client.close` does.

        Args:
            timeout: Seconds for the client; the tunnel is then closed anyway.
        """
        try:
            return Client.close(self, timeout=timeout)
        finally:
            if self.tunnel and not self.asynchronous:
                self.tunnel.close()


def connect(
    name: str,
    *,
    region: str | None = None,
    profile: str | None = None,
    path: str | Path | None = None,
    check: Check = True,
    progress: bool | None = None,
    **options: Any,
) -> ClusterClient:
    """Connect to a cluster by its name.

    A local cluster is found by its folder `.dask/<name>`, in the working directory or above it. Other
    clusters are looked for on AWS. There, the client bundle in `~/.dask/<name>` is fetched if it is missing,
    ends soon or is rejected. Then the first one of these is used that answers: the scheduler's name, its
    private address, a tunnel through Session Manager. The tunnel is closed with the client.

    Args:
        name: Name of the cluster, such as `production` or `local`.
        region: Region of a cluster on AWS. By default that of AWS's configuration.
        profile: Profile of AWS's configuration.
        path: Folder of the project of a local cluster. By default the working directory, or one above it.
        check: Whether other versions of Python, dask or distributed are an error (True), a warning ("warn"),
            or not looked at (False). Other versions of other packages are a warning.
        progress: Whether to show progress. By default on a terminal and in a notebook.
        options: Other arguments of `distributed.Client`, such as `set_as_default`.

    Raises:
        ConnectError: the client cannot connect; the message has the reason and a hint.
        VersionsDiffer: Python, dask or distributed have other versions than the cluster.

    Example:
        >>> with cdktf_dask.connect("production") as client:
        ...     client.submit(sum, [1, 2, 3]).result()
    """
    with Progress(progress) as shown:
        route = find(name, region, profile, path, shown)
        try:
            client = _client(name, route, check, shown, options)
        except BaseException:
            if route.tunnel:
                route.tunnel.close()
            raise
        _open.add(client)
        shown.done(f"connected to {name}: {route.address} ({route.way})")
    return client


def find(
    name: str, region: str | None, profile: str | None, path: str | Path | None, progress: Progress
) -> Route:
    """Find the way to the scheduler of a cluster.

    Raises:
        ConnectError: there is none.
    """
    local = choose(name, region, profile, path)
    if local:
        return local_route(name, local)
    return find_route(Access(name, region, profile, progress), progress)


def local_route(name: str, local: LocalCluster) -> Route:
    """Check that the scheduler of a local cluster answers.

    Raises:
        ConnectError: it does not.
    """
    security = local.security()
    url = urlsplit(local.address)
    context = security.get_connection_args("client").get("ssl_context")
    try:
        probe(str(url.hostname), int(url.port or 0), context, LOCAL_SECONDS)
    except (NoAnswer, Rejected) as error:
        reason = f"the local cluster {name} in {local.root} does not answer: {error}"
        hint = "run `npm start` in its project, or `docker compose up` in its folder"
        raise ConnectError(reason, hint) from error
    return Route(local.address, security, "local")


def _client(
    name: str, route: Route, check: Check, progress: Progress, options: dict[str, Any]
) -> ClusterClient:
    progress.step(f"connecting to the scheduler of {name}")
    equal = check_protocol(name, route.address, route.security, check) if check else False
    with warnings.catch_warnings():
        # `check_packages` names the same packages and more, in one line.
        warnings.simplefilter("ignore", VersionMismatchWarning)
        defaults = {"security": route.security, "timeout": RECONNECT_SECONDS}
        client = ClusterClient(route.address, route.tunnel, **(defaults | options))
    try:
        if equal:
            progress.step(f"comparing versions with {name}")
            check_packages(name, client)
    except BaseException:
        client.close()
        raise
    if route.tunnel:
        reference = weakref.ref(client)
        route.tunnel.lost = lambda: (found := reference()) is not None and found.status != "running"
    return client


_open: weakref.WeakSet[ClusterClient] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Close clients before their tunnels, so that none of them tries to reconnect."""
    for client in list(_open):
        with suppress(Exception):
            client.close()
