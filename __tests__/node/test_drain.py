"""drain.py and registered.py against a real scheduler and real workers, run as a machine runs them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client

SCRIPTS = Path(__file__).resolve().parents[2] / "cloud-init" / "dask"
START_SECONDS = 60


class Cluster:
    """A scheduler, and workers under a nanny as on a machine; ends with every process killed."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.processes: list[subprocess.Popen] = []
        self.scheduler = self.dask("scheduler", "--host", self.address, "--dashboard-address", "127.0.0.1:0")

    def dask(self, *arguments: str) -> subprocess.Popen:
        config = self.directory / "config"
        environment = os.environ | {"DASK_CONFIG": str(config), "DASK_ROOT_CONFIG": str(config)}
        log = (self.directory / f"{len(self.processes)}.log").open("w")
        command = [sys.executable, "-m", "dask", *arguments]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def machine(self, name: str, workers: int = 1) -> subprocess.Popen:
        """The processes of one machine, once they are registered."""
        process = self.dask(
            *("worker", self.address, "--name", name, "--nworkers", str(workers), "--nthreads", "1"),
            *("--host", "127.0.0.1", "--no-dashboard", "--memory-limit", "512MiB"),
            *("--local-directory", str(self.directory / name)),
        )
        deadline = time.monotonic() + START_SECONDS
        while self.script("registered.py", name, str(workers)).returncode != 0:
            assert time.monotonic() < deadline, "workers did not register in time"
            assert process.poll() is None, "the worker ended"
        return process

    def script(self, name: str, *arguments: str, address: str | None = None) -> subprocess.CompletedProcess:
        command = [sys.executable, "-B", str(SCRIPTS / name), address or self.address, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=90)

    def end(self) -> None:
        for process in reversed(self.processes):
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
        cluster.machine("cpu--ip-10-20-0-12")
        yield cluster


@pytest.fixture
def empty_cluster(tmp_path):
    yield from new_cluster(tmp_path)


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

        done = cluster.script("drain.py", "cpu--ip-10-20-0-1", "60")

        assert (done.stdout, done.returncode) == ("1 workers of cpu--ip-10-20-0-1 retired\n", 0)
        assert {holder for holders in client.who_has(futures).values() for holder in holders} == {target}
        assert client.gather(futures) == [bytes([i]) * 1_000_000 for i in range(20)]
    assert machine.wait(timeout=30) == 0


def test_all_workers_of_the_machine_go_and_no_others(cluster):
    machine = cluster.machine("memory--ip-10-20-0-1", 2)
    assert names(cluster) >= {"memory--ip-10-20-0-1-0", "memory--ip-10-20-0-1-1"}
    done = cluster.script("drain.py", "memory--ip-10-20-0-1", "60")
    assert (done.stdout, done.returncode) == ("2 workers of memory--ip-10-20-0-1 retired\n", 0)
    assert machine.wait(timeout=30) == 0
    assert names(cluster) == {"cpu--ip-10-20-0-12"}


def test_a_machine_whose_name_begins_the_same_is_another(cluster):
    done = cluster.script("drain.py", "cpu--ip-10-20-0-1", "30")
    assert (done.stdout, done.returncode) == ("0 workers of cpu--ip-10-20-0-1 retired\n", 0)


def test_the_last_machine_says_that_nobody_takes_its_data(empty_cluster):
    empty_cluster.machine("cpu--ip-10-20-0-1")
    with Client(empty_cluster.address) as client:
        future = client.scatter(b"precious")
        done = empty_cluster.script("drain.py", "cpu--ip-10-20-0-1", "30")
        assert done.stdout == "data of cpu--ip-10-20-0-1 stays behind: 1 of 1 workers found no taker\n"
        assert done.returncode == 1
        assert future.result() == b"precious"


def test_a_scheduler_that_is_gone_ends_it_quickly(cluster):
    started = time.monotonic()
    gone = cluster.script("drain.py", "cpu--a", "60", address=f"tcp://127.0.0.1:{free_port()}")
    assert gone.stdout.startswith(
        "data of cpu--a stays behind: Timed out trying to connect to tcp://127.0.0.1:"
    )
    assert gone.returncode == 1
    assert time.monotonic() - started < 20


def test_a_scheduler_that_hangs_does_not_hold_it_beyond_its_deadline(cluster):
    cluster.scheduler.send_signal(signal.SIGSTOP)  # connections are accepted, nothing answers
    started = time.monotonic()
    try:
        done = cluster.script("drain.py", "cpu--ip-10-20-0-12", "3")
    finally:
        cluster.scheduler.send_signal(signal.SIGCONT)
    assert done.returncode == 1
    assert time.monotonic() - started < 3 + 5 + 10  # its deadline, the watchdog's five seconds, the imports


def test_registered_tells_how_many_are_there(cluster):
    one = cluster.script("registered.py", "cpu--ip-10-20-0-12", "1")
    assert (one.stdout, one.returncode) == ("1 of 1 workers of cpu--ip-10-20-0-12 are registered\n", 0)
    two = cluster.script("registered.py", "cpu--ip-10-20-0-12", "2")
    assert (two.stdout, two.returncode) == ("1 of 2 workers of cpu--ip-10-20-0-12 are registered\n", 1)


def test_registered_says_that_the_scheduler_does_not_answer(cluster):
    address = f"tcp://127.0.0.1:{free_port()}"
    done = cluster.script("registered.py", "cpu--a", "1", address=address)
    assert (done.stdout, done.returncode) == (f"{address} does not answer yet\n", 1)
