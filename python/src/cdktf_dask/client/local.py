"""Finds a local cluster: the record `.dask/<cluster>/run.json` of the project in which it was started."""

import json
from dataclasses import dataclass
from pathlib import Path

from distributed import Security

from cdktf_dask.client.bundle import tls_security
from cdktf_dask.client.errors import ConnectError, Refused

LOCAL = "local"
"""Name of a cluster that is never on AWS, unless a region or profile says so."""


@dataclass(frozen=True)
class LocalCluster:
    """A local cluster that has started."""

    address: str
    """Address of the scheduler, such as `tcp://127.0.0.1:8786`."""
    root: Path
    """`<project>/.dask/<cluster>`"""
    dashboard: int
    """Port of the dashboard on 127.0.0.1."""
    supervised: bool = True
    """Whether `npm start` started it, so that it has a supervisor; one of Docker Compose has none."""

    def security(self) -> Security:
        """Certificates of a client; none without TLS."""
        if not self.address.startswith("tls://"):
            return Security(require_encryption=False)
        return tls_security(self.root / "client" / "client.pem")


def on_aws(region: str | None, profile: str | None, path: str | Path | None) -> bool:
    """Whether options of the user say that a cluster is on AWS. A path says that it is local."""
    return bool(region or profile) and path is None


def choose(
    name: str, region: str | None, profile: str | None, path: str | Path | None
) -> LocalCluster | None:
    """Find a cluster by name and options of the user: the local one, or None for one on AWS.

    Raises:
        ConnectError: it has to be local, but does not run, or its record cannot be read.
    """
    if on_aws(region, profile, path):
        return None
    local = find_local(name, path)
    if local is None and name == LOCAL:
        hint = 'start it with `npm start`, or name its project: connect("local", path="…"), --path'
        raise ConnectError(
            f"no local cluster is running: .dask/local/run.json is neither in {Path.cwd()} nor above it", hint
        )
    return local


def refuse_local(command: str, name: str, region: str | None, profile: str | None, hint: str) -> None:
    """Refuse a command that is only for clusters on AWS.

    Raises:
        Refused: the cluster is local.
    """
    if not on_aws(region, profile, None) and (name == LOCAL or find_local(name, None)):
        raise Refused(f"{command} is only for clusters on AWS, and {name} is a local one", hint)


def find_local(name: str, path: str | Path | None) -> LocalCluster | None:
    """Find a local cluster by its name.

    Args:
        name: Name of the cluster.
        path: Folder of the project. By default the working directory, or the nearest folder above it.

    Raises:
        ConnectError: there is none in `path`, or its record cannot be read.
    """
    if path is not None:
        folder = Path(path).expanduser().resolve()
        if not record(folder, name).exists():
            hint = (
                f"start the cluster with `npm start` in that folder, or name the folder that has .dask/{name}"
            )
            raise ConnectError(
                f"{folder} has no running cluster {name!r} ({record(folder, name)} is missing)", hint
            )
        return read_record(record(folder, name))
    here = Path.cwd()
    found = (record(folder, name) for folder in (here, *here.parents))
    return next((read_record(file) for file in found if file.exists()), None)


def record(project: Path, name: str) -> Path:
    """Path of the record, `run` of `lib/local/paths.ts`."""
    return project / ".dask" / name / "run.json"


def read_record(file: Path) -> LocalCluster:
    """Read what the last start of a cluster recorded.

    Raises:
        ConnectError: the file cannot be read, or lacks the address or the port.
    """
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
        address, dashboard = str(run["address"]), int(run["ports"]["dashboard"])
        # `lib/compose/services.ts` writes a record without the generation of a start.
        supervised = "generation" in run
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConnectError(
            f"{file} cannot be read ({type(error).__name__}: {error})", "run `npm stop`, then `npm start`"
        ) from error
    return LocalCluster(address, file.parent, dashboard, supervised)
