"""Where backups are: a prefix of a bucket, or a folder of this computer.

`index/<backup>.json` is written by the client, `datasets/<backup>/` by the workers too. So the role of the
workers needs no access to the index, and cannot change which pickles a restore loads.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from fsspec.core import url_to_fs

from cdktf_dask.backup.errors import BackupError, DamagedBackup
from cdktf_dask.backup.index import Index, parse_index
from cdktf_dask.tls.files import replace


class Location:
    """Backups of a cluster.

    Args:
        url: `s3://bucket/prefix`, `file:///folder`, or the path of a folder.
        region: Region of the bucket. By default that of AWS's configuration.
        profile: Profile of AWS's configuration.

    Raises:
        BackupError: it is neither.
    """

    def __init__(self, url: str, region: str | None = None, profile: str | None = None) -> None:
        protocol, separator, rest = url.partition("://")
        self.is_folder = not separator or protocol == "file"
        if self.is_folder:
            path = Path(rest if separator else url).expanduser().resolve()
            self.url = f"file://{path}"
            options: dict[str, Any] = {}
        elif protocol == "s3" and rest.strip("/"):
            self.url = url.rstrip("/")
            options = {"use_listings_cache": False}
            options |= {"client_kwargs": {"region_name": region}} if region else {}
            options |= {"profile": profile} if profile else {}
        else:
            raise BackupError(f"location: got {url!r}, expected s3://BUCKET/PREFIX or a folder", "correct it")
        self._files, self._root = url_to_fs(self.url, **options)

    def folder(self, backup: str) -> str:
        """URL of the pickles of a backup."""
        return f"{self.url}/datasets/{backup}"

    def create(self, backup: str) -> None:
        """Make the folder of a backup; only its owner can use it, as pickles run code."""
        if not self.is_folder:
            return
        with self._explained("written"):
            root = Path(self._root)
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("index", "datasets", f"datasets/{backup}"):
                (root / name).mkdir(mode=0o700, exist_ok=True)

    def check_writers(self) -> None:
        """Refuse a folder that other users of this computer own or can write, and such a folder in it.

        Root may own it, since root can write every folder anyway.

        Raises:
            BackupError: they can, so they could run code in the restore.
        """
        if not self.is_folder:
            return
        root = Path(self._root)
        for folder in (root, root / "index", root / "datasets"):
            if folder.exists():
                _check_writers(folder)

    def write(self, backup: str, file: str, data: bytes) -> None:
        """Write an object of a backup."""
        with self._explained("written"):
            self._files.pipe_file(f"{self._root}/datasets/{backup}/{file}", data)

    def read(self, backup: str, file: str) -> bytes:
        """Read an object of a backup."""
        with self._explained("read"):
            content: bytes = self._files.cat_file(f"{self._root}/datasets/{backup}/{file}")
        return content

    def sizes(self, backup: str) -> dict[str, int]:
        """Size of each object of a backup in bytes, by its name."""
        with self._explained("listed"):
            try:
                found = self._files.find(f"{self._root}/datasets/{backup}", detail=True)
            except FileNotFoundError:
                return {}
        return {path.rpartition("/")[2]: one["size"] for path, one in found.items()}

    def complete(self, index: Index) -> None:
        """Write the index, at once or not at all: the backup is whole now."""
        with self._explained("written"):
            path, text = f"{self._root}/index/{index.id}.json", index.to_json()
            if self.is_folder:
                replace(Path(path), text, 0o600)
            else:
                self._files.pipe_file(path, text.encode())

    def whole(self) -> list[str]:
        """Ids of the backups that have an index, the oldest first."""
        return sorted(name.removesuffix(".json") for name in self._names("index") if name.endswith(".json"))

    def started(self) -> list[str]:
        """Ids of all backups that have a folder, also of interrupted ones, the oldest first."""
        return sorted(self._names("datasets"))

    def index(self, backup: str) -> Index:
        """Read an index.

        Raises:
            BackupError: there is none.
            DamagedBackup: it is damaged.
        """
        path = f"{self._root}/index/{backup}.json"
        hint = f"choose another one: dask-cluster backups --location {self.url}"
        with self._explained("read"):
            try:
                text = self._files.cat_file(path)
            except FileNotFoundError:
                reason = f"{self.url} has no backup {backup!r}"
                if backup in self.started():
                    reason = f"the backup {backup} in {self.url} was interrupted and is not whole"
                raise BackupError(reason, hint) from None
        try:
            found = parse_index(text)
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedBackup(f"{self.url}/index/{backup}.json is damaged: {error}", hint) from error
        if found.id != backup:
            raise DamagedBackup(f"{self.url}/index/{backup}.json is the index of the backup {found.id}", hint)
        return found

    def delete(self, backup: str) -> None:
        """Delete a backup, the index first: what a loss of power leaves is not taken for a whole backup."""
        with self._explained("deleted"):
            for path in (f"index/{backup}.json", f"datasets/{backup}"):
                if self._files.exists(f"{self._root}/{path}"):
                    self._files.rm(f"{self._root}/{path}", recursive=True)

    def _names(self, folder: str) -> list[str]:
        with self._explained("listed"):
            try:
                found = self._files.ls(f"{self._root}/{folder}", detail=False)
            except FileNotFoundError:
                return []
        return [path.rstrip("/").rpartition("/")[2] for path in found]

    @contextmanager
    def _explained(self, step: str) -> Iterator[None]:
        try:
            yield
        except (OSError, BotoCoreError, ClientError) as error:
            hint = "check the location, and your permissions and credentials for it"
            raise BackupError(
                f"{self.url} cannot be {step} ({type(error).__name__}: {error})", hint
            ) from error


def _check_writers(folder: Path) -> None:
    found = folder.stat()
    if found.st_uid not in (0, os.geteuid()):
        raise BackupError(
            f"{folder}: got the owner {found.st_uid}, expected the user {os.geteuid()}, because a restore "
            "runs code",
            f"check its content, then run chown -R {os.geteuid()} {folder}",
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        raise BackupError(
            f"{folder}: got mode {mode}, expected that only its owner can write, because a restore runs code",
            f"check its content, then run chmod go-w {folder}",
        )
