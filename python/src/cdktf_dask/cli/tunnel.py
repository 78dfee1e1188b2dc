"""`dask-cluster tunnel`: keeps a tunnel open, for programs that do not use `connect`."""

import logging
import signal
import sys

import click

from cdktf_dask.cli.options import cluster_options, print_warnings, report
from cdktf_dask.client.ports import DASHBOARD_PORT, SCHEDULER_PORT

PORTS = {"scheduler": SCHEDULER_PORT, "dashboard": DASHBOARD_PORT}

CHECK_SECONDS = 30
"""Time between two questions whether the scheduler is on another instance."""


@click.command()
@cluster_options
@click.option(
    "--to", type=click.Choice(list(PORTS)), default="scheduler", show_default=True, help="What to reach."
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of localhost.  [default: a free one]")
def tunnel(
    name: str, region: str | None, profile: str | None, as_json: bool, to: str, port: int | None
) -> None:
    """Keep a tunnel to the cluster NAME on AWS open, through Session Manager, until Ctrl-C."""
    from cdktf_dask.client.local import refuse_local
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.client.route import Access
    from cdktf_dask.client.tunnel import Tunnel

    print_warnings()
    refuse_local("tunnel", name, region, profile, f"dask-cluster connect {name} prints its address")
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("cdktf_dask.client").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Progress() as progress:
        access = Access(name, region, profile, progress)
        progress.step(f"looking for the scheduler of {name} on AWS")
        scheduler = access.aws.scheduler()
        if not access.read():
            access.fetch()
        progress.step(f"opening a tunnel to {scheduler.id} through Session Manager")
        opened = Tunnel(access.aws, scheduler, PORTS[to], port)
    # It has no client that notices a lost scheduler.
    opened.lost, opened.check_seconds = lambda: True, CHECK_SECONDS
    try:
        protocol = access.protocol if to == "scheduler" else {"tls": "https", "tcp": "http"}[access.protocol]
        address = f"{protocol}://localhost:{opened.port}"
        document = {"cluster": name, "address": address, "port": opened.port, "instance": scheduler.id}
        report(document, [f"{address} is {to} of {name}, until Ctrl-C"], as_json)
        opened.wait()
    except KeyboardInterrupt:
        pass
    finally:
        opened.close()
