"""`dask-cluster connect`: the scheduler's address, and whether the versions are equal."""

from pathlib import Path

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report


@click.command()
@cluster_options
@PATH
def connect(name: str, region: str | None, profile: str | None, as_json: bool, path: Path | None) -> None:
    """Connect to the cluster NAME once: print how to reach it, and compare versions."""
    # Dask takes most of a second to import; the help does not need it.
    from cdktf_dask.client.connecting import connect as connect_client
    from cdktf_dask.client.versions import installed

    print_warnings()
    with connect_client(name, region=region, profile=profile, path=path, set_as_default=False) as client:
        workers = len(client.scheduler_info()["workers"])
        tunnel = client.tunnel
        address = client.scheduler.address
        way = f"Session Manager, {tunnel.instance}" if tunnel else "direct"
        document = {
            "cluster": name,
            "address": address,
            "tunnel": tunnel and tunnel.instance,
            "workers": workers,
        }
    packages = installed()
    document |= {package: packages[package] for package in ("dask", "distributed")}
    place = "".join(
        f", {option}={str(value)!r}"
        for option, value in (("region", region), ("profile", profile), ("path", path))
        if value
    )
    lines = [
        f"{name}: {address} ({way}), {workers} workers, dask {packages['dask']}",
        f"In Python: import cdktf_dask; client = cdktf_dask.connect({name!r}{place})",
    ]
    report(document, lines, as_json)
