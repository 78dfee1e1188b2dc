"""Write the lockfiles in locks/ and of the tests from the .in files next to them.

    npm run lock:releases                 keeps the versions of existing lockfiles
    npm run lock:releases -- --upgrade    upgrades all packages that no .in file pins

Each release has cpu.txt and gpu.txt, for all platforms and versions of Python, with the hashes of all wheels.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOCKS = ROOT / "locks"

# Lowest version of Python for the tools.
TOOLS_PYTHON = "3.11"

# Maximum seconds of pip or uv; a resolution takes less than ten.
TIMEOUT = 300


def clean_environment() -> dict[str, str]:
    """Return the environment without additional indexes and folders of wheels."""
    added = {"PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_EXTRA_INDEX_URL", "UV_INDEX"}
    kept = {name: value for name, value in os.environ.items() if name not in added}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never"}


def run(*command: str | pathlib.Path, cwd: pathlib.Path = LOCKS) -> None:
    shown = f"{pathlib.Path(command[0]).name} {' '.join(map(str, command[1:]))}"
    try:
        done = subprocess.run(
            command, cwd=cwd, env=clean_environment(), timeout=TIMEOUT, text=True, capture_output=True
        )
    except subprocess.TimeoutExpired:
        sys.exit(f"{shown}: timeout after {TIMEOUT} s in {cwd}. Hint: check the connection and try again")
    if done.returncode:
        sys.exit(f"{shown}: failed in {cwd}\n{done.stdout}{done.stderr}")


class Locker:
    """Resolve with uv in a temporary virtual environment."""

    def __init__(self, scratch: pathlib.Path, upgrade: bool):
        self.scratch = scratch
        self.upgrade = ["--upgrade"] if upgrade else []
        venv.create(scratch / "uv", with_pip=True)
        run(scratch / "uv" / "bin" / "pip", "install", "--quiet", "--requirement", LOCKS / "tools" / "uv.in")
        self.uv = scratch / "uv" / "bin" / "uv"

    def compile(self, *arguments: str, cwd: pathlib.Path) -> None:
        run(self.uv, "pip", "compile", "--quiet", "--only-binary", ":all:", *arguments, cwd=cwd)

    def universal(self, folder: pathlib.Path, name: str, python: str, upgrade: bool = True) -> None:
        """Lock one version of each package for all platforms and for Python from `python` on."""
        self.compile(
            *["--universal", "--fork-strategy", "fewest", "--python-version", python],
            *["--generate-hashes", "--emit-build-options", "--annotation-style", "line"],
            *["--custom-compile-command", "npm run lock:releases"],
            *["--output-file", f"{name}.txt", f"{name}.in"],
            *(self.upgrade if upgrade else []),
            cwd=folder,
        )


def pins(lock: pathlib.Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[.+\])?==([^ ;\\]+)", lock.read_text(), re.MULTILINE))


def lowest_python(folder: pathlib.Path) -> str:
    """Read the lowest Python of local clusters from the head of cpu.in."""
    source = folder / "cpu.in"
    found = re.search(r"^# python: node 3\.\d+; local (3\.\d+)\b", source.read_text(), re.MULTILINE)
    if not found:
        sys.exit(f"{source}: expected a line such as '# python: node 3.12; local 3.11 3.12'")
    return found[1]


def lock_release(locker: Locker, folder: pathlib.Path) -> None:
    python = lowest_python(folder)
    print(f"release {folder.name}: Python {python} and later", flush=True)
    # The GPU packages have more constraints, so they are resolved first. uv prefers the versions
    # in its output file, so the CPU lockfile gets the same versions.
    locker.universal(folder, "gpu", python)
    (folder / "cpu.txt").write_text((folder / "gpu.txt").read_text())
    locker.universal(folder, "cpu", python, upgrade=False)
    gpu = pins(folder / "gpu.txt")
    for package, version in pins(folder / "cpu.txt").items():
        if gpu[package] != version:
            found = f"{version} in cpu.txt and {gpu[package]} in gpu.txt"
            sys.exit(f"{folder.name}: {package} is {found}. Hint: pin it in cpu.in")


def lock_tools(locker: Locker, folder: pathlib.Path) -> None:
    for tool in sorted(folder.glob("*.in")):
        print(f"tools: {tool.stem}", flush=True)
        locker.universal(folder, tool.stem, TOOLS_PYTHON)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the lockfiles in locks/.")
    parser.add_argument("--upgrade", action="store_true", help="upgrade all packages that no .in file pins")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        locker = Locker(pathlib.Path(scratch), options.upgrade)
        lock_tools(locker, LOCKS / "tools")
        for folder in sorted(path.parent for path in LOCKS.glob("*/cpu.in")):
            lock_release(locker, folder)
        lock_tools(locker, ROOT / "__tests__" / "support")
    print("The lockfiles are written. Next: `git diff --stat`, then `npm run test:releases`.")
