"""The Python that the Miniforge double hands out: this machine's, of the version that the release wants."""

import glob
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

VERSION = "3.12"

#: Where a guest finds it.
PYTHON = "/opt/rig/python"

PROBE = "import platform, ssl, sys, venv; print(sys.base_prefix, platform.python_version())"


@dataclass(frozen=True)
class Python:
    """An installation that can be copied: all of it below one folder of its own."""

    prefix: Path
    version: str


class NoPython(Exception):
    """This machine has no Python that can be copied into a guest."""


def find_python() -> Python:
    """The first of DASK_RIG_PYTHON, PATH, pyenv and uv that is of the version, in a folder of its own."""
    home = Path.home()
    pyenv = os.environ.get("PYENV_ROOT", home / ".pyenv")
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python")
    candidates = [
        os.environ.get("DASK_RIG_PYTHON"),
        shutil.which(f"python{VERSION}"),
        *sorted(glob.glob(f"{pyenv}/versions/{VERSION}.*/bin/python{VERSION}"), reverse=True),
        *sorted(glob.glob(f"{uv}/cpython-{VERSION}.*/bin/python{VERSION}"), reverse=True),
    ]
    for candidate in filter(None, candidates):
        done = subprocess.run([candidate, "-I", "-c", PROBE], capture_output=True, text=True, timeout=20)
        prefix, _, version = done.stdout.strip().partition(" ")
        # One of the system's is spread over /usr, and needs the system's own C library.
        if (
            done.returncode == 0
            and version.startswith(f"{VERSION}.")
            and prefix not in ("/usr", "/usr/local")
        ):
            return Python(Path(prefix), version)
    raise NoPython(
        f"no Python {VERSION} in a folder of its own, as uv and pyenv make it: uv python install {VERSION}, "
        "or set DASK_RIG_PYTHON to its path"
    )
