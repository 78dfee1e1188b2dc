"""Installs the lockfile for CPU nodes on arm64 under qemu-user, and forms a cluster with x86_64 processes.

    python3 __tests__/releases/arm64/verify.py --release 2026.7 --work .test/arm64 --cache .test/wheels

Scheduler and client run on x86_64, one worker on each architecture. Prints progress on standard error and one
JSON object on standard output. Exit codes: 0 success, 1 a failure, 2 this computer cannot run it.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chroot import PYTHON, Chroot, make_root, missing, run

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from verify_lock import LOCKS, find_python, install_uv  # noqa: E402

PLATFORM = "aarch64-manylinux_2_28"


def log(message: str) -> None:
    print(f"{time.strftime('%T')} {message}", file=sys.stderr, flush=True)


def verify(release: str, work: Path, cache: Path, root: Path) -> dict:
    lock = LOCKS / release / "cpu.txt"
    environment = os.environ | {"UV_CACHE_DIR": str(cache), "UV_NO_CONFIG": "1"}
    uv = install_uv(work)
    strict = ("--no-deps", "--no-build", "--require-hashes", "--requirement")

    log(f"{release}: installing the lockfile on x86_64")
    run([str(uv), "venv", "--python", str(find_python(PYTHON)), str(work / "x86")], env=environment)
    x86 = work / "x86" / "bin"
    run([str(uv), "pip", "install", "--python", str(x86 / "python"), *strict, str(lock)], env=environment)

    log(f"{release}: installing the lockfile on arm64, by uv for arm64")
    chroot = Chroot(root, work)
    shutil.copytree(LOCKS, work / "locks")
    target = ("--target", str(work / "tool"), "--python-platform", PLATFORM, "--python-version", PYTHON)
    run([str(uv), "pip", "install", *target, *strict, str(LOCKS / "tools" / "uv.txt")], env=environment)
    started = time.monotonic()
    arm_uv, arm_python = "/work/tool/bin/uv", "/work/arm64/bin/python"
    chroot.run(arm_uv, "venv", "--python", "/usr/bin/python3", "/work/arm64")
    chroot.run(arm_uv, "pip", "install", "--python", arm_python, *strict, f"/work/locks/{release}/cpu.txt")
    install_seconds = round(time.monotonic() - started)
    listed = json.loads(chroot.run(arm_uv, "pip", "list", "--python", arm_python, "--format", "json"))

    log(f"{release}: starting scheduler and workers")
    with contextlib.ExitStack() as processes:
        address = f"tcp://127.0.0.1:{free_port()}"
        flags = ("--nthreads", "1", "--no-dashboard", "--death-timeout", "120")
        port = address.rpartition(":")[2]
        scheduler = ("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        arm_worker = chroot.command("/work/arm64/bin/dask", "worker", address, *flags)
        for name, words, variables in (
            ("scheduler", [str(x86 / "dask"), *scheduler], os.environ),
            (
                "x86",
                [str(x86 / "dask"), "worker", address, *flags, "--local-directory", str(work)],
                os.environ,
            ),
            ("arm64", [*arm_worker, "--local-directory", "/work"], chroot.environment()),
        ):
            processes.enter_context(process(words, work / f"{name}.log", variables))
        log(f"{release}: moving values")
        try:
            crossed = run([str(x86 / "python"), str(HERE / "crossing.py"), address])
        except RuntimeError as failure:
            raise RuntimeError(f"{failure}\n{tail(work / 'arm64.log')}") from None
    return {
        "release": release,
        "packages": {package["name"]: package["version"] for package in listed},
        "installSeconds": install_seconds,
        **json.loads(crossed.stdout),
    }


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def process(words: list[str], output: Path, environment):
    """A process that is ended with the block, together with its children."""
    with open(output, "w") as file:
        started = subprocess.Popen(words, stdout=file, stderr=file, env=environment, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def tail(file: Path) -> str:
    return file.read_text()[-2000:] if file.exists() else ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Install a lockfile on arm64 and form a mixed cluster.")
    parser.add_argument("--release", required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder for the arm64 Debian, which is kept")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the wheels for x86_64")
    parser.add_argument("--check", action="store_true", help="only check whether this computer can run it")
    options = parser.parse_args()
    reason = missing()
    if reason is None and find_python(PYTHON) is None:
        reason = f"Python {PYTHON} is missing, which the arm64 Debian has too. Hint: install it"
    if reason is not None:
        print(json.dumps({"missing": reason}))
        return 2
    if options.check:
        print("{}")
        return 0
    # The time limit of a caller sends SIGTERM: exit in a way that also ends the processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        root = make_root(options.work.resolve())
        with tempfile.TemporaryDirectory(dir=options.work) as work:
            result = verify(options.release, Path(work).resolve(), options.cache.resolve(), root)
    except RuntimeError as failure:
        print(json.dumps({"failure": str(failure)}))
        return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
