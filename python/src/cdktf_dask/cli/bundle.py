"""`dask-cluster bundle`: fetches the client bundle."""

import click

from cdktf_dask.cli.options import cluster_options, print_warnings, report


@click.command()
@cluster_options
@click.option("--force", is_flag=True, help="Fetch it even if the certificate is valid for some time.")
def bundle(name: str, region: str | None, profile: str | None, as_json: bool, force: bool) -> None:
    """Fetch or refresh the client bundle of the cluster NAME on AWS, in ~/.dask/NAME."""
    from cdktf_dask.client.local import refuse_local
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.client.route import Access

    print_warnings()
    refuse_local("bundle", name, region, profile, f"dask-cluster connect {name} needs none")
    with Progress() as progress:
        access = Access(name, region, profile, progress)
        found = access.bundle
        if force or found.fault() or found.near_end():
            access.fetch()
    if access.security and access.protocol == "tcp":
        report({"cluster": name, "tls": False}, [f"{name} has no TLS, so it needs no client bundle"], as_json)
        return
    yaml, ends = found.folder / "dask.yaml", f"{found.ends():%Y-%m-%dT%H:%M:%SZ}"
    document = {"cluster": name, "tls": True, "folder": str(found.folder), "notAfter": ends}
    report(document, [f"DASK_CONFIG={yaml}", f"the certificate is valid until {ends}"], as_json)
