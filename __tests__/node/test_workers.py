"""workers.py against a real scheduler and real workers, run as a machine runs it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client

SCRIPT = Path(__file__).resolve().parents[2] / "cloud-init" / "dask" / "workers.py"
START_SECONDS = 60


class Cluster:
    """A scheduler, and workers under a nanny as on a machine; ends with every process killed."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.processes: list[subprocess.Popen] = []

    def start(self) -> subprocess.Popen:
        """The scheduler, which may not answer yet."""
        return self.run(
            "-m", "dask", "scheduler", "--host", self.address, "--dashboard-address", "127.0.0.1:0"
        )

    def machine(self, name: str, workers: int = 1) -> subprocess.Popen:
        """The processes of one machine, once they are registered."""
        process = self.run(
            *("-m", "dask", "worker", self.address, "--name", name, "--nworkers", str(workers)),
            *("--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--memory-limit", "512MiB"),
            *("--local-directory", str(self.directory / name)),
        )
        waiting = self.script("wait", name, "60", str(workers))
        assert waiting.returncode == 0, waiting.stdout
        return process

    def script(self, verb: str, *arguments: str) -> subprocess.CompletedProcess:
        """What workers.py says and how it ends."""
        command = [sys.executable, "-B", SCRIPT, verb, self.address, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=90)

    def waiting(self, name: str, seconds: int, workers: int = 1) -> "Waiting":
        """A machine that waits for its workers, in the background."""
        return Waiting(self.run("-B", str(SCRIPT), "wait", self.address, name, str(seconds), str(workers)))

    def run(self, *arguments: str) -> subprocess.Popen:
        config = str(self.directory / "config")
        environment = os.environ | {"DASK_CONFIG": config, "DASK_ROOT_CONFIG": config}
        log = self.directory / f"{len(self.processes)}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process.log = log
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in reversed(self.processes):
            end(process)


class Waiting:
    """workers.py wait, as it goes on."""

    def __init__(self, process: subprocess.Popen):
        self.process = process

    def says(self, line: str) -> None:
        """Returns once it has said the line."""
        deadline = time.monotonic() + START_SECONDS
        while line not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def said(self) -> list[str]:
        """Each line once, as it may repeat itself."""
        return list(dict.fromkeys(self.process.log.read_text().splitlines()))


def end(process: subprocess.Popen) -> None:
    for kill in (process.terminate, process.kill):
        kill()
        try:
            process.wait(timeout=20)
            break
        except subprocess.TimeoutExpired:
            continue


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def new_cluster(directory: Path) -> Iterator[Cluster]:
    cluster = Cluster(directory)
    try:
        yield cluster
    finally:
        cluster.end()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster with a machine that stays, and takes what others leave."""
    for cluster in new_cluster(tmp_path_factory.mktemp("cluster")):
        cluster.start()
        cluster.machine("cpu--ip-10-20-0-12")
        yield cluster


@pytest.fixture
def no_cluster(tmp_path):
    """Where a cluster is to be: nothing answers yet."""
    yield from new_cluster(tmp_path)


@pytest.fixture
def hanging_cluster(no_cluster):
    """The kernel accepts connections, nobody answers."""
    host, port = no_cluster.address.removeprefix("tcp://").split(":")
    with socket.create_server((host, int(port))):
        yield no_cluster


def address_of(client: Client, name: str) -> str:
    workers = client.scheduler_info()["workers"]
    return next(address for address, worker in workers.items() if worker["name"] == name)


def names(cluster: Cluster) -> set[str]:
    with Client(cluster.address) as client:
        return {worker["name"] for worker in client.scheduler_info()["workers"].values()}


def test_data_of_a_drained_machine_is_on_another(cluster):
    machine = cluster.machine("cpu--ip-10-20-0-1")
    with Client(cluster.address) as client:
        source, target = address_of(client, "cpu--ip-10-20-0-1"), address_of(client, "cpu--ip-10-20-0-12")
        # Scattered data has no recipe: what is not moved is lost.
        futures = client.scatter([bytes([i]) * 1_000_000 for i in range(20)], workers=[source])
        assert {holder for holders in client.who_has(futures).values() for holder in holders} == {source}

        done = cluster.script("drain", "cpu--ip-10-20-0-1", "60")

        assert (done.stdout, done.returncode) == ("1 workers of cpu--ip-10-20-0-1 retired\n", 0)
        assert {holder for holders in client.who_has(futures).values() for holder in holders} == {target}
        assert client.gather(futures) == [bytes([i]) * 1_000_000 for i in range(20)]
    assert machine.wait(timeout=30) == 0


def test_all_workers_of_the_machine_go_and_no_others(cluster):
    machine = cluster.machine("memory--ip-10-20-0-1", 2)
    assert names(cluster) >= {"memory--ip-10-20-0-1-0", "memory--ip-10-20-0-1-1"}
    done = cluster.script("drain", "memory--ip-10-20-0-1", "60")
    assert (done.stdout, done.returncode) == ("2 workers of memory--ip-10-20-0-1 retired\n", 0)
    assert machine.wait(timeout=30) == 0
    assert names(cluster) == {"cpu--ip-10-20-0-12"}


def test_a_machine_whose_name_begins_the_same_is_another(cluster):
    done = cluster.script("drain", "cpu--ip-10-20-0-1", "30")
    assert (done.stdout, done.returncode) == ("0 workers of cpu--ip-10-20-0-1 retired\n", 0)


def test_the_last_machine_says_that_nobody_takes_its_data(no_cluster):
    no_cluster.start()
    no_cluster.machine("cpu--ip-10-20-0-1")
    with Client(no_cluster.address) as client:
        future = client.scatter(b"precious")
        done = no_cluster.script("drain", "cpu--ip-10-20-0-1", "30")
        reason = "data stays behind: 1 of 1 found no taker"
        assert (done.stdout, done.returncode) == (f"drain of cpu--ip-10-20-0-1: {reason}\n", 1)
        assert future.result() == b"precious"


def test_a_scheduler_that_is_gone_ends_a_drain_quickly(no_cluster):
    started = time.monotonic()
    gone = no_cluster.script("drain", "cpu--a", "60")
    assert gone.stdout.startswith(f"drain of cpu--a: Timed out trying to connect to {no_cluster.address}")
    assert gone.returncode == 1
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("arguments", [("drain", "cpu--a", "3"), ("wait", "cpu--a", "3", "1")])
def test_a_scheduler_that_hangs_holds_nothing_beyond_its_deadline(hanging_cluster, arguments):
    started = time.monotonic()
    done = hanging_cluster.script(*arguments)
    assert (done.stdout, done.returncode) == (f"{arguments[0]} of cpu--a: not done after 3 s\n", 1)
    assert time.monotonic() - started < 3 + 5 + 10  # its deadline, the watchdog's five seconds, the imports


def test_a_wait_is_done_where_all_workers_are_there(cluster):
    done = cluster.script("wait", "cpu--ip-10-20-0-12", "30", "1")
    assert (done.stdout, done.returncode) == ("1 of 1 workers of cpu--ip-10-20-0-12 are registered\n", 0)


def test_a_wait_ends_at_its_deadline_with_what_it_saw_last(cluster):
    started = time.monotonic()
    done = cluster.script("wait", "cpu--ip-10-20-0-12", "4", "2")
    assert done.stdout == (
        "1 of 2 workers of cpu--ip-10-20-0-12 are registered\n"
        "wait of cpu--ip-10-20-0-12: not done after 4 s\n"
    )
    assert done.returncode == 1
    assert 4 <= time.monotonic() - started < 4 + 10


def test_a_wait_survives_a_scheduler_that_comes_late(no_cluster):
    waiting = no_cluster.waiting("cpu--a", 60)
    waiting.says(f"{no_cluster.address} does not answer yet")
    no_cluster.start()
    waiting.says("0 of 1 workers of cpu--a are registered")
    no_cluster.machine("cpu--a")
    assert waiting.process.wait(timeout=20) == 0
    assert waiting.said() == [
        f"{no_cluster.address} does not answer yet",
        "0 of 1 workers of cpu--a are registered",
        "1 of 1 workers of cpu--a are registered",
    ]


def test_a_wait_survives_a_scheduler_that_restarts(no_cluster):
    scheduler = no_cluster.start()
    waiting = no_cluster.waiting("cpu--a", 90)
    waiting.says("0 of 1 workers of cpu--a are registered")
    end(scheduler)
    waiting.says(f"{no_cluster.address} does not answer yet")
    time.sleep(7)  # longer than a client looks for a scheduler that it has lost
    no_cluster.start()
    no_cluster.machine("cpu--a")
    assert waiting.process.wait(timeout=20) == 0
    assert waiting.said()[-1] == "1 of 1 workers of cpu--a are registered"
