"""Installs a lockfile into a new environment, checks the environment and removes it.

    python3 __tests__/releases/verify_lock.py --lock locks/2026.7/cpu.txt --python 3.12 \
        --expect dask=2026.7.1 --import dask,distributed --work .test/releases

Prints progress on standard error and one JSON object on standard output. Exit codes: 0 success,
1 problems with the lockfile, 2 this computer does not have the version of Python.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LOCKS = pathlib.Path(__file__).resolve().parents[2] / "locks"

# Seconds. The GPU lock downloads 3 GB; an import of cudf reads a good part of that from disk.
INSTALL_TIMEOUT = 1200
IMPORT_TIMEOUT = 300
COMMAND_TIMEOUT = 120
RUN_TIMEOUT = 300

# Runs in the environment under test: imports its arguments, prints their versions and errors.
IMPORT_ALL = """
import importlib, json, sys
versions, errors = {}, {}
for name in sys.argv[1:]:
    try:
        versions[name] = str(getattr(importlib.import_module(name), "__version__", ""))
    except BaseException as error:
        errors[name] = f"{type(error).__name__}: {error}"
print("\\n" + json.dumps([versions, errors]))
"""


class Failure(Exception):
    """A command failed; the message is the end of its output."""


def run(*command: object, timeout: int = COMMAND_TIMEOUT, **environment: str) -> str:
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, timeout=timeout, env=os.environ | environment, text=True, capture_output=True
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"{pathlib.Path(words[0]).name} took more than {timeout} s") from None
    if done.returncode:
        output = (done.stdout + done.stderr).strip()[-2000:]
        raise Failure(f"{pathlib.Path(words[0]).name} ended with {done.returncode}: {output}")
    return done.stdout


def find_python(wanted: str) -> pathlib.Path | None:
    """The interpreter at a path, or the first of a version that runs: a pyenv shim on the PATH may not."""
    if os.sep in wanted:
        candidates = [pathlib.Path(wanted)]
    else:
        pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
        candidates = [pathlib.Path(path) for path in [shutil.which(f"python{wanted}")] if path]
        candidates += sorted(pyenv.glob(f"versions/{wanted}.*/bin/python"))
    for candidate in candidates:
        try:
            return pathlib.Path(run(candidate, "-c", "import sys; print(sys.executable)").strip())
        except (Failure, OSError):
            continue
    return None


def install_uv(work: pathlib.Path) -> pathlib.Path:
    """The locked uv, as a node and a local stack install it: by pip, with its hash."""
    run(sys.executable, "-m", "venv", work / "uv")
    pip = work / "uv" / "bin" / "pip"
    run(pip, "install", "--quiet", "--require-hashes", "--requirement", LOCKS / "tools" / "uv.txt")
    return work / "uv" / "bin" / "uv"


def verify(options: argparse.Namespace, python: pathlib.Path, work: pathlib.Path) -> dict:
    def log(message: str) -> None:
        print(f"{options.lock}: {message}", file=sys.stderr, flush=True)

    environment = {"UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never"}
    if options.cache:
        environment["UV_CACHE_DIR"] = str(options.cache.resolve())
    target = work / "environment"
    result: dict = {"lock": str(options.lock), "problems": []}

    log("installing uv")
    uv = install_uv(work)
    run(uv, "venv", "--python", python, target, **environment)
    log("installing the lock")
    started = time.monotonic()
    install = [uv, "pip", "install", "--python", target, "--require-hashes", "--only-binary", ":all:"]
    run(*install, "--requirement", options.lock, timeout=INSTALL_TIMEOUT, **environment)
    result["installSeconds"] = round(time.monotonic() - started, 1)

    listed = json.loads(run(uv, "pip", "list", "--python", target, "--format", "json", **environment))
    installed = {package["name"]: package["version"] for package in listed}
    result["packages"] = len(installed)
    result["versions"] = {}
    for expectation in options.expect:
        name, _, version = expectation.partition("=")
        result["versions"][name] = installed.get(name)
        if installed.get(name) != version:
            result["problems"].append(f"{name}: installed {installed.get(name)}, expected {version}")

    log("checking the requirements of the installed packages")
    try:
        run(uv, "pip", "check", "--python", target, **environment)
    except Failure as failure:
        result["problems"].append(str(failure))

    if options.modules:
        log(f"importing {', '.join(options.modules)}")
        # The last line, because a package may print something while it is imported.
        printed = run(target / "bin" / "python", "-c", IMPORT_ALL, *options.modules, timeout=IMPORT_TIMEOUT)
        result["imports"], errors = json.loads(printed.splitlines()[-1])
        result["problems"] += [f"import {module}: {error}" for module, error in errors.items()]
    if options.run:
        log(f"running {options.run.name}")
        result["printed"] = json.loads(run(target / "bin" / "python", "-B", options.run, timeout=RUN_TIMEOUT))
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Install a lockfile into a new environment and check it.")
    add = parser.add_argument
    add("--lock", type=pathlib.Path, required=True)
    add("--python", required=True, help="a version such as 3.12, or the path of an interpreter")
    add("--expect", action="append", default=[], metavar="NAME=VERSION", help="may be repeated")
    add("--import", dest="modules", type=lambda text: text.split(","), default=[], metavar="A,B")
    add("--run", type=pathlib.Path, help="a program to run in the environment; it prints JSON")
    add("--work", type=pathlib.Path, required=True, help="folder for the environment")
    add("--cache", type=pathlib.Path, help="folder that keeps the wheels; default: that of uv")
    options = parser.parse_args()

    python = find_python(options.python)
    if python is None:
        missing = f"this computer does not have Python {options.python}"
        print(json.dumps({"lock": str(options.lock), "problems": [missing]}))
        sys.exit(2)
    # The time limit of a caller sends SIGTERM: exit in a way that also removes the directory.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        try:
            result = verify(options, python, pathlib.Path(work).resolve())
        except Failure as failure:
            result = {"lock": str(options.lock), "problems": [str(failure)]}
    print(json.dumps(result, indent=2))
    sys.exit(1 if result["problems"] else 0)
