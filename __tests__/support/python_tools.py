"""Makes the virtual environment of the tests once, and prints where its commands are.

It holds the lock of the release and the tools of requirements.txt, stays in .test/ for the next run, and is
made anew where one of them has changed. Test files run side by side: the second waits for the first.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV, RELEASE, TOOLS = (
    ROOT / path
    for path in ("locks/tools/uv.txt", "locks/2026.7/cpu.txt", "__tests__/support/requirements.txt")
)
SECONDS = 540


def main() -> None:
    """Find or make the environment."""
    digest = hashlib.sha256(sys.version.encode())
    for file in (UV, RELEASE, TOOLS):
        digest.update(file.read_bytes())
    folder = ROOT / ".test" / f"tools-{digest.hexdigest()[:12]}"
    folder.parent.mkdir(exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            for earlier in folder.parent.glob("tools-*/"):
                shutil.rmtree(earlier)
            make(folder)
            (folder / "complete").touch()
    print(folder / "bin")


def make(folder: Path) -> None:
    """A virtual environment with uv, which installs the rest in seconds."""
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "venv", folder)
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
    run(*pip, "--require-hashes", "--requirement", UV)
    uv = (python, "-m", "uv", "--quiet", "pip", "install", "--python", python)
    run(*uv, "--require-hashes", "--compile-bytecode", "--requirement", RELEASE)
    run(*uv, "--no-deps", "--requirement", TOOLS)


def run(*command: object) -> None:
    """Run a command; what it says goes to stderr."""
    subprocess.run([os.fspath(word) for word in command], check=True, stdout=sys.stderr, timeout=SECONDS)


if __name__ == "__main__":
    main()
