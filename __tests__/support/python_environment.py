"""Makes a virtual environment of the tests once, and prints where its commands are.

    python_environment.py NAME

It stays in .test/ for the next run, and is created again if a lockfile has changed. Test files run in
parallel: the second waits for the first.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = "locks/tools/uv.txt"

#: Locks of each environment.
LOCKS = {
    # What the unit tests need.
    "shellcheck": ("__tests__/support/shellcheck.txt",),
    # What tests of Python need: Dask, pytest, mypy, ruff.
    "checkers": ("locks/2026.7/cpu.txt", "__tests__/support/checkers.txt"),
    # The older release, for tests of what depends on Dask's scheduler.
    "release-2024.7": ("locks/2024.7/cpu.txt", "__tests__/support/checkers.txt"),
    # What the tests of a notebook need: the client's environment, and a kernel.
    "notebook": ("locks/2026.7/cpu.txt", "__tests__/support/notebook.txt"),
    # What tests with real Terraform and with booted nodes need: the mock AWS, a second Terraform, pytest.
    "mock-aws": ("locks/tools/terraform.txt", "__tests__/support/mock-aws.txt"),
    # What tests of the local cluster's supervisor need.
    "supervisor": ("locks/tools/supervisor.txt",),
    # What tests of files for Docker Compose and of workflows need: linters.
    "linters": ("__tests__/support/linters.txt",),
    # What writes the page of the Python package in the API reference.
    "reference": ("__tests__/support/reference.txt",),
    # What the tests of the security policy need.
    "checkov": ("locks/tools/checkov.txt", "__tests__/support/parliament.txt"),
}
SECONDS = 540


def main(name: str) -> None:
    """Find or make the environment."""
    locks = LOCKS[name]
    digest = hashlib.sha256(sys.version.encode())
    for lock in (UV, *locks):
        digest.update((ROOT / lock).read_bytes())
    folder = ROOT / ".test" / "python" / f"{name}-{digest.hexdigest()[:12]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"{name}.lock", "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            for earlier in folder.parent.glob(f"{name}-*/"):
                shutil.rmtree(earlier)
            make(folder, locks)
            (folder / "complete").touch()
    print(folder / "bin")


def make(folder: Path, locks: tuple[str, ...]) -> None:
    """A virtual environment with uv, which installs the rest in seconds."""
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "venv", folder)
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
    run(*pip, "--require-hashes", "--requirement", UV)
    requirements = [word for lock in locks for word in ("--requirement", lock)]
    uv = (python, "-m", "uv", "--quiet", "pip", "install", "--python", python)
    run(*uv, "--require-hashes", "--compile-bytecode", *requirements)


def run(*command: object) -> None:
    """Run a command; its output goes to stderr."""
    words = [os.fspath(word) for word in command]
    cache = os.environ.get("UV_CACHE_DIR", str(ROOT / ".test" / "wheels"))
    environment = os.environ | {"UV_CACHE_DIR": cache}
    subprocess.run(words, cwd=ROOT, env=environment, check=True, stdout=sys.stderr, timeout=SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
