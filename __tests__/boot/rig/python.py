"""Finds a Python of the release's version on the host, which the double of Miniforge installs.

The release is that of the environment variable DASK_RIG_RELEASE, by default the default release.
"""

import glob
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Release of the clusters, of lib/config/releases.ts, and the version of Python on its nodes.
RELEASE = os.environ.get("DASK_RIG_RELEASE", "2026.7")
VERSION = {"2026.7": "3.12", "2024.7": "3.11"}[RELEASE]

#: Its path in a guest.
PYTHON = "/opt/rig/python"

PROBE = "import platform, ssl, sys, venv; print(sys.base_prefix, platform.python_version())"


@dataclass(frozen=True)
class Python:
    """A relocatable installation: all its files are in one folder."""

    prefix: Path
    version: str


class NoPython(Exception):
    """The host has no Python that can be copied into a guest."""


def find_python() -> Python:
    """Return the first relocatable Python of the version from DASK_RIG_PYTHON, PATH, pyenv and uv."""
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
        # The system's Python is spread over /usr, and needs the system's C library.
        if (
            done.returncode == 0
            and version.startswith(f"{VERSION}.")
            and prefix not in ("/usr", "/usr/local")
        ):
            return Python(Path(prefix), version)
    raise NoPython(
        f"no relocatable Python {VERSION} found. "
        f"Hint: run uv python install {VERSION}, or set DASK_RIG_PYTHON to the path of one"
    )
