"""The project of a user with packages: builds the wheel of the example, runs `lock` and `client`."""

import json
import os
import subprocess
import sys
from pathlib import Path

from .python import VERSION, find_python

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "bring-your-own"
APP = ROOT / "__tests__" / "boot" / "own-work.cjs"
COMMAND = ROOT / "dist" / "lib" / "cli" / "main.js"

#: Timeout of a command that downloads packages.
SECONDS = 300


class OwnWork:
    """A folder with the wheel, the lockfiles, and the environment of a client."""

    def __init__(self, folder: Path):
        self.folder = folder
        #: Python of the guests, which the client needs too.
        self.python = find_python()
        folder.mkdir()
        build = (
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            folder / "wheels",
        )
        self._run(*build, EXAMPLE / "word_counts")
        (folder / "cdktf.json").write_text(json.dumps({"language": "typescript", "app": f"node {APP}"}))
        self._run("node", COMMAND, "lock", "rig")

    def make_client(self) -> Path:
        """Make the environment of a client. Returns its Python."""
        self._run("node", COMMAND, "client", "rig")
        return self.folder / ".dask" / "clients" / "rig" / "bin" / "python"

    def _run(self, *command: object) -> None:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env=os.environ | {"DASK_PYTHON": f"{self.python.prefix}/bin/python{VERSION}"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        if done.returncode != 0:
            words = " ".join(map(str, command))
            raise RuntimeError(
                f"{words} failed with exit code {done.returncode}:\n{done.stdout}{done.stderr}"
            )
