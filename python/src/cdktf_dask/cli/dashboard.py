"""`dask-cluster dashboard`: opens the dashboard in a browser."""

import signal
import sys
import webbrowser
from pathlib import Path

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report


@click.command()
@cluster_options
@PATH
@click.option("--open/--no-open", "browser", default=True, help="Whether to open a browser.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of localhost on AWS.  [default: a free one]"
)
@click.option("--password", is_flag=True, help="Print the password of the user dask, and nothing else.")
def dashboard(
    name: str,
    region: str | None,
    profile: str | None,
    as_json: bool,
    path: Path | None,
    browser: bool,
    port: int | None,
    password: bool,
) -> None:
    """Open the dashboard of the cluster NAME in a browser, on AWS through a tunnel until Ctrl-C.

    On AWS, the browser warns once, because it does not know the cluster's CA; the user is dask.
    """
    from cdktf_dask.cli.scheduler_page import open_tunnel, protocol
    from cdktf_dask.client.errors import Refused
    from cdktf_dask.client.ports import DASHBOARD_PORT
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    # Before there is a tunnel to close.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Progress() as progress:
        cluster = Cluster(name, region, profile, path, progress)
        if password:
            value = cluster.aws.secret("dashboard") if cluster.aws else None
            if value is None:
                raise Refused(f"the dashboard of {name} has no password", "open it without --password")
            report({"cluster": name, "user": "dask", "password": value}, [value], as_json)
            return
        if cluster.local:
            url = f"http://127.0.0.1:{cluster.local.dashboard}/status"
            tunnel = None
        else:
            http = {"tls": "https", "tcp": "http"}[protocol(cluster)]
            tunnel = open_tunnel(cluster, progress, DASHBOARD_PORT, port)
            url = f"{http}://localhost:{tunnel.port}/status"
    try:
        report({"cluster": name, "url": url, "tunnel": tunnel and tunnel.instance}, [url], as_json)
        sys.stdout.flush()
        if browser:
            webbrowser.open(url)
        if tunnel:
            tunnel.wait()
    except KeyboardInterrupt:
        pass
    finally:
        if tunnel:
            tunnel.close()
