"""A real scheduler and real workers on 127.0.0.1, and the smoke test run against them as a user would."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = REPOSITORY / "python" / "src"
START_SECONDS = 30

# Without this package: scheduler and workers of a cluster do not have it.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith("DASK_") and name != "PYTHONPATH"
}


def end(process: subprocess.Popen) -> None:
    """Terminate a process, and kill it if it does not end within 20 s."""
    for kill in (process.terminate, process.kill):
        kill()
        try:
            process.wait(timeout=20)
            break
        except subprocess.TimeoutExpired:
            continue


class Cluster:
    """Ends with every process killed and every file removed."""

    def __init__(self, *scheduler_options: str):
        (REPOSITORY / ".test").mkdir(exist_ok=True)
        self.directory = Path(tempfile.mkdtemp(prefix="smoke-", dir=REPOSITORY / ".test"))
        # An empty configuration, so that Dask settings of the host do not affect tests.
        self.environment = ENVIRONMENT | {
            "DASK_CONFIG": str(self.directory / "config"),
            "DASK_ROOT_CONFIG": str(self.directory / "config"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.processes: list[subprocess.Popen] = []
        self.scheduler_options = scheduler_options

    def __enter__(self):
        try:
            self.scheduler = self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes:
            with suppress(ProcessLookupError):  # a scheduler that was restarted
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
        shutil.rmtree(self.directory)

    def _start(self):
        file = self.directory / "scheduler.json"
        process = self._dask(
            "scheduler",
            *("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"),
            *("--scheduler-file", str(file)),
            *("--idle-timeout", "900s", *self.scheduler_options),
        )
        deadline = time.monotonic() + START_SECONDS
        while not file.exists() or not file.read_text().strip():
            self._alive(process, "scheduler", deadline)
        self.address = json.loads(file.read_text())["address"]
        return process

    def restart(self) -> None:
        """End the scheduler and start it again. It has another port, unless its options have one."""
        end(self.scheduler)
        (self.directory / "scheduler.json").unlink(missing_ok=True)
        self.scheduler = self._start()

    def worker(self, name: str, resources: str, *options: str, **environment: str) -> subprocess.Popen:
        """Start a worker process without nanny, and return once it has registered."""
        directory = self.directory / name
        process = self._dask(
            "worker",
            self.address,
            *("--name", name, "--resources", resources, "--local-directory", str(directory)),
            *("--no-nanny", "--no-dashboard", "--nthreads", "1", "--death-timeout", "30"),
            # Dask's default limits depend on the threads, and add up to more than the memory.
            *("--memory-limit", "512MiB", *options),
            **environment,
        )
        self.wait_for(process, name, "Registered to")
        return process

    def wait_for(self, process: subprocess.Popen, what: str, words: str) -> None:
        """Return once the process has written the words."""
        deadline = time.monotonic() + START_SECONDS
        while words not in self.log(process):
            self._alive(process, what, deadline)

    def log(self, process: subprocess.Popen) -> str:
        """All that the process wrote."""
        return (self.directory / f"{self.processes.index(process)}.log").read_text()

    def smoke(self, *arguments: str, expect: dict | None = None, address: str | None = None) -> "Result":
        """Run the smoke test with --json against this cluster."""
        return smoke(address or self.address, *arguments, expect=expect, environment=self.environment)

    def _dask(self, *arguments: str, **environment: str) -> subprocess.Popen:
        with open(self.directory / f"{len(self.processes)}.log", "w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment | environment,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def _alive(self, process: subprocess.Popen, what: str, deadline: float) -> None:
        assert process.poll() is None, f"{what} ended:\n{self.log(process)}"
        assert time.monotonic() < deadline, f"{what} did not start in time:\n{self.log(process)}"
        time.sleep(0.05)


@dataclass
class Result:
    """How a run of the smoke test ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def report(self) -> dict:
        return json.loads(self.stdout)

    def check(self, name: str) -> tuple[str, str]:
        """Status and detail of a check."""
        found = next(check for check in self.report["checks"] if check["name"] == name)
        return found["status"], found["detail"]

    def statuses(self) -> dict[str, str]:
        return {check["name"]: check["status"] for check in self.report["checks"]}


def smoke(*arguments: str, expect=None, environment=ENVIRONMENT, as_json=True) -> Result:
    """Run the smoke test; an expectation goes in by stdin."""
    command = [sys.executable, "-m", "cdktf_dask.smoke_test", *arguments]
    command += ["--json"] if as_json else []
    command += ["--expect", "-"] if expect is not None else []
    started = time.monotonic()
    done = subprocess.run(
        command,
        input=json.dumps(expect) if isinstance(expect, dict) else (expect or ""),
        env=environment | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - started)
