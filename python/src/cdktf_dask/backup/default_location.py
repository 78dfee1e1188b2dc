"""Location of a cluster's backups, if the user names none."""

from pathlib import Path

from cdktf_dask.backup.errors import BackupError
from cdktf_dask.backup.location import Location
from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.local import on_aws, record


def open_location(
    name: str, url: str | None, region: str | None, profile: str | None, path: Path | None
) -> Location:
    """Find the location of a cluster's backups.

    A local cluster has the folder `.dask/.backups/<name>` of its project, which `npm stop` does not remove. A
    cluster on AWS has the bucket that the tag `dask:backup` of its scheduler names.

    Args:
        name: Name of the cluster.
        url: Location that the user named.
        region: Region of the cluster, also of the bucket.
        profile: Profile of AWS's configuration.
        path: Project of a local cluster.

    Raises:
        BackupError: the cluster has none, or a folder is named for a cluster on AWS.
        ConnectError: AWS cannot be asked.
    """
    project = None if on_aws(region, profile, path) else _project(name, path)
    if url:
        location = Location(url, region, profile)
        if location.is_folder and not project:
            raise BackupError(
                f"location: got the folder {url}, but workers of {name} are on other computers",
                "name a bucket: --location s3://BUCKET/PREFIX",
            )
        return location
    if project:
        return Location(str(backups(project, name)))
    found = AwsCluster(name, region, profile).scheduler().backup
    if not found:
        raise BackupError(
            f"the cluster {name} has no bucket for backups",
            "set `backup` in its definition and deploy it, or name a location: --location s3://BUCKET/PREFIX",
        )
    return Location(found, region, profile)


def backups(project: Path, name: str) -> Path:
    """Folder with the backups of a local cluster; not in its own folder, which `npm stop` removes."""
    return project / ".dask" / ".backups" / name


def _project(name: str, path: Path | None) -> Path | None:
    """Folder of the project in which a local cluster runs or has backups."""
    here = (path or Path.cwd()).expanduser().resolve()
    folders = (here,) if path else (here, *here.parents)
    return next(
        (one for one in folders if record(one, name).exists() or backups(one, name).exists()),
        here if path else None,
    )
