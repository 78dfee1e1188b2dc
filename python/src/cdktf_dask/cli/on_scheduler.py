"""Commands that do something on the scheduler's node."""

from pathlib import Path

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report

SMOKE_TEST_SECONDS = 600
ROTATE_SECONDS = 120


@click.command()
@cluster_options
@PATH
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def restart_scheduler(
    name: str, region: str | None, profile: str | None, as_json: bool, path: Path | None, yes: bool
) -> None:
    """Restart the scheduler of the cluster NAME. All tasks and results are lost; workers connect again."""
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    if not yes:
        question = f"Restart the scheduler of {name}? All tasks and results are lost."
        click.confirm(question, abort=True, err=True)
    with Progress() as progress:
        operations = Cluster(name, region, profile, path, progress).operations
        progress.step(f"restarting the scheduler of {name}")
        node = operations.restart_scheduler()
    report({"cluster": name, "node": node}, [f"the scheduler of {name} has restarted on {node}"], as_json)


@click.command()
@cluster_options
@PATH
def renew_certificates(
    name: str, region: str | None, profile: str | None, as_json: bool, path: Path | None
) -> None:
    """Renew all certificates of the cluster NAME on AWS now. Renewal is otherwise automatic."""
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    with Progress() as progress:
        operations = Cluster(name, region, profile, path, progress).operations
        progress.step(f"renewing the certificates of {name}")
        node = operations.renew_certificates()
    lines = [
        f"{node} has renewed the certificates of {name}",
        f"clients fetch theirs with: dask-cluster bundle {name} --force",
    ]
    report({"cluster": name, "node": node}, lines, as_json)


@click.command()
@cluster_options
def smoke_test(name: str, region: str | None, profile: str | None, as_json: bool) -> None:
    """Test on the scheduler's node of NAME on AWS whether the cluster matches its definition."""
    from cdktf_dask.client.local import refuse_local

    refuse_local("smoke-test", name, region, profile, "`npm start` runs the smoke test of a local cluster")
    _run_module(name, region, profile, as_json, "smoke_test", SMOKE_TEST_SECONDS)


@click.command()
@cluster_options
def rotate_password(name: str, region: str | None, profile: str | None, as_json: bool) -> None:
    """Change the password of the dashboard of the cluster NAME on AWS."""
    from cdktf_dask.client.local import refuse_local

    refuse_local("rotate-password", name, region, profile, "the dashboard of a local cluster has no password")
    _run_module(name, region, profile, as_json, "dashboard renew", ROTATE_SECONDS)


def _run_module(
    name: str, region: str | None, profile: str | None, as_json: bool, module: str, seconds: int
) -> None:
    from cdktf_dask.client.aws import AwsCluster
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.aws import AwsOperations

    print_warnings()
    with Progress() as progress:
        progress.step(f"running {module} on the scheduler's node of {name}")
        output = AwsOperations(AwsCluster(name, region, profile)).run_module(module, seconds)
    lines = output.text.splitlines()
    report({"cluster": name, "output": lines}, lines, as_json)
    output.check(name)
