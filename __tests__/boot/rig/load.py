"""A steady load on a cluster of booted nodes, and what their ends cost it: python/tests/steady_load.py."""

import json
from pathlib import Path
from typing import Any

from .client import PACKAGE, PYTHON, Client
from .rig import Rig

PROGRAM = PACKAGE.with_name("tests") / "steady_load.py"

#: Folder of nodes in which tasks record their starts. Dask's sandbox can write below /var/lib/dask.
STARTS = Path("/var/lib/dask/starts")


class Starts:
    """A file that all nodes with `options` share: names of the tasks that started."""

    def __init__(self, rig: Rig):
        folder = rig.namespaces.folder / "starts"
        folder.mkdir()
        folder.chmod(0o777)
        self.file = folder / "starts"
        self.file.touch()
        self.file.chmod(0o666)
        #: Options of `Rig.boot`.
        self.options = (f"--bind={folder}:{STARTS}",)


class Load:
    """The program, in a client of the cluster."""

    def __init__(self, client: Client, address: str, starts: Starts):
        for folder in (PROGRAM.parent, starts.file.parent):
            client.lend(folder)
        path = f"PYTHONPATH={PROGRAM.parent}"
        words = ("env", "PYTHONDONTWRITEBYTECODE=1", path, PYTHON, str(PROGRAM))
        self._program = client.start(*words, address, str(STARTS / starts.file.name), str(starts.file))

    def ask(self, command: str, *arguments: str) -> Any:
        """Run a command of the program, and return its answer."""
        try:
            print(json.dumps([command, *arguments]), file=self._program.stdin, flush=True)
            return json.loads(self._program.stdout.readline())
        except (BrokenPipeError, ValueError):  # it has ended
            self._program.kill()
            _, errors = self._program.communicate()
            raise AssertionError(f"{command}{arguments} failed:\n{errors}") from None

    def close(self) -> None:
        """End the program."""
        self._program.kill()
        self._program.communicate()
