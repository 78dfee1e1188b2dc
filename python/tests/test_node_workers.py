"""Joining and draining against a real scheduler and real workers, by the commands that a node runs."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client

from cluster import ENVIRONMENT, SOURCES, end

START_SECONDS = 60

PRELOAD = SOURCES / "cdktf_dask" / "preloads" / "drain_workers.py"

NODE = ENVIRONMENT | {"PYTHONPATH": str(SOURCES)}
"""Environment of the commands, as `run.sh` sets it."""


def module(name: str) -> tuple[str, ...]:
    """Options of Python that run a module, as in `run.sh`."""
    return ("-BP", "-m", f"cdktf_dask.node.{name}")


class Cluster:
    """A scheduler, and workers under a nanny as on a node; ends with every process killed."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.processes: list[subprocess.Popen] = []

    def start(self, *preload: str) -> subprocess.Popen:
        """The scheduler, which may not answer yet."""
        http = ("--dashboard-address", "127.0.0.1:0")
        return self.run("-m", "dask", "scheduler", "--host", self.address, *http, *preload)

    def node(self, name: str, workers: int = 1) -> subprocess.Popen:
        """The processes of one node, once they are registered."""
        process = self.run(
            *("-m", "dask", "worker", self.address, "--name", name, "--nworkers", str(workers)),
            *("--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--memory-limit", "512MiB"),
            *("--local-directory", str(self.directory / name)),
        )
        waiting = self.command("join", name, "60", str(workers))
        assert waiting.returncode == 0, waiting.stdout
        return process

    def command(self, name: str, *arguments: str) -> subprocess.CompletedProcess:
        """What a command of the node prints and how it ends."""
        command = [sys.executable, *module(name), self.address, *arguments]
        return subprocess.run(command, env=NODE, capture_output=True, text=True, timeout=90)

    def waiting(self, name: str, seconds: int, workers: int = 1) -> "Waiting":
        """A node that waits for its workers, in the background."""
        return Waiting(self.run(*module("join"), self.address, name, str(seconds), str(workers)))

    def run(self, *arguments: str) -> subprocess.Popen:
        config = str(self.directory / "config")
        environment = NODE | {"DASK_CONFIG": config, "DASK_ROOT_CONFIG": config}
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
    """The command join, as it goes on."""

    def __init__(self, process: subprocess.Popen):
        self.process = process

    def prints(self, line: str) -> None:
        """Returns once it has printed the line."""
        deadline = time.monotonic() + START_SECONDS
        while line not in self.printed():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.1)

    def printed(self) -> list[str]:
        """Each line once, as it may repeat itself."""
        return list(dict.fromkeys(self.process.log.read_text().splitlines()))


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
    """A cluster with a node that stays, and takes the data of others."""
    for cluster in new_cluster(tmp_path_factory.mktemp("cluster")):
        cluster.start("--preload", str(PRELOAD))
        cluster.node("cpu--ip-10-20-0-12")
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


def retired(done: subprocess.CompletedProcess) -> str:
    """What a drain without a loss prints, with S for its seconds."""
    assert done.returncode == 0, done.stdout
    return re.sub(r"in [\d.]+ s", "in S s", done.stdout)


def names(cluster: Cluster) -> set[str]:
    with Client(cluster.address) as client:
        return {worker["name"] for worker in client.scheduler_info()["workers"].values()}


def test_data_of_a_drained_node_is_on_another(cluster):
    node = cluster.node("cpu--ip-10-20-0-1")
    with Client(cluster.address) as client:
        source, target = address_of(client, "cpu--ip-10-20-0-1"), address_of(client, "cpu--ip-10-20-0-12")
        # Scattered data has no recipe: what is not moved is lost.
        futures = client.scatter([bytes([i]) * 1_000_000 for i in range(20)], workers=[source])
        assert {holder for holders in client.who_has(futures).values() for holder in holders} == {source}

        done = cluster.command("drain", "cpu--ip-10-20-0-1", "60")

        assert retired(done) == "1 workers of cpu--ip-10-20-0-1 retired in S s, 0 waiting tasks given back\n"
        assert {holder for holders in client.who_has(futures).values() for holder in holders} == {target}
        assert client.gather(futures) == [bytes([i]) * 1_000_000 for i in range(20)]
    assert node.wait(timeout=30) == 0


def test_all_workers_of_the_node_go_and_no_others(cluster):
    node = cluster.node("memory--ip-10-20-0-1", 2)
    assert names(cluster) >= {"memory--ip-10-20-0-1-0", "memory--ip-10-20-0-1-1"}
    done = cluster.command("drain", "memory--ip-10-20-0-1", "60")
    assert retired(done) == "2 workers of memory--ip-10-20-0-1 retired in S s, 0 waiting tasks given back\n"
    assert node.wait(timeout=30) == 0
    assert names(cluster) == {"cpu--ip-10-20-0-12"}


def test_a_node_whose_name_begins_the_same_is_another(cluster):
    done = cluster.command("drain", "cpu--ip-10-20-0-1", "30")
    assert (done.stdout, done.returncode) == ("cpu--ip-10-20-0-1 has no workers to drain\n", 0)


def test_the_last_node_reports_what_is_lost_after_its_deadline(no_cluster):
    no_cluster.start("--preload", str(PRELOAD))
    node = no_cluster.node("cpu--ip-10-20-0-1")
    with Client(no_cluster.address) as client:
        data = client.scatter({"precious": b"data"})
        done = no_cluster.command("drain", "cpu--ip-10-20-0-1", "5")
        del data
        reason = "drain of cpu--ip-10-20-0-1: no worker took over what is lost: 'precious'\n"
        assert done.stdout.endswith(f"0 waiting tasks given back\n{reason}")
        assert done.returncode == 1
    assert node.wait(timeout=30) == 0


def test_a_node_names_the_tasks_that_run_again(cluster, tmp_path):
    ended = tmp_path / "ended"

    def run_until_ended() -> None:
        while not ended.exists():
            time.sleep(0.1)

    node = cluster.node("cpu--ip-10-20-0-2")
    with Client(cluster.address) as client:
        source = address_of(client, "cpu--ip-10-20-0-2")
        task = client.submit(run_until_ended, key="long", workers=[source], allow_other_workers=True)
        while not client.processing()[source]:
            time.sleep(0.05)
        done = cluster.command("drain", "cpu--ip-10-20-0-2", "5")
        assert retired(done) == (
            "1 workers of cpu--ip-10-20-0-2 retired in S s, 0 waiting tasks given back\n"
            "tasks that did not finish, and run again: 'long'\n"
        )
        ended.touch()
        assert task.result(timeout=30) is None
    assert node.wait(timeout=30) == 0


def test_without_the_preload_of_the_scheduler_workers_are_retired(no_cluster):
    no_cluster.start()
    no_cluster.node("cpu--ip-10-20-0-12")
    node = no_cluster.node("cpu--ip-10-20-0-1")
    with Client(no_cluster.address) as client:
        future = client.scatter(b"precious", workers=[address_of(client, "cpu--ip-10-20-0-1")])
        done = no_cluster.command("drain", "cpu--ip-10-20-0-1", "30")
        assert (done.stdout, done.returncode) == ("1 workers of cpu--ip-10-20-0-1 retired\n", 0)
        assert future.result() == b"precious"
    assert node.wait(timeout=30) == 0


def test_without_the_preload_the_last_node_reports_that_nobody_takes_its_data(no_cluster):
    no_cluster.start()
    no_cluster.node("cpu--ip-10-20-0-1")
    with Client(no_cluster.address) as client:
        future = client.scatter(b"precious")
        done = no_cluster.command("drain", "cpu--ip-10-20-0-1", "30")
        reason = "data stays behind: 1 of 1 found no taker"
        assert (done.stdout, done.returncode) == (f"drain of cpu--ip-10-20-0-1: {reason}\n", 1)
        assert future.result() == b"precious"


def test_a_scheduler_that_is_gone_ends_a_drain_quickly(no_cluster):
    started = time.monotonic()
    gone = no_cluster.command("drain", "cpu--a", "60")
    assert gone.stdout.startswith(f"drain of cpu--a: Timed out trying to connect to {no_cluster.address}")
    assert gone.returncode == 1
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("arguments", [("drain", "cpu--a", "3"), ("join", "cpu--a", "3", "1")])
def test_a_scheduler_that_hangs_holds_nothing_beyond_its_deadline(hanging_cluster, arguments):
    started = time.monotonic()
    done = hanging_cluster.command(*arguments)
    assert (done.stdout, done.returncode) == (f"{arguments[0]} of cpu--a: not done after 3 s\n", 1)
    assert time.monotonic() - started < 3 + 5 + 10  # its deadline, the watchdog's five seconds, the imports


def test_a_join_is_done_once_all_workers_are_registered(cluster):
    done = cluster.command("join", "cpu--ip-10-20-0-12", "30", "1")
    assert (done.stdout, done.returncode) == ("1 of 1 workers of cpu--ip-10-20-0-12 are registered\n", 0)


def test_a_join_ends_at_its_deadline_with_the_last_state(cluster):
    started = time.monotonic()
    done = cluster.command("join", "cpu--ip-10-20-0-12", "4", "2")
    assert done.stdout == (
        "1 of 2 workers of cpu--ip-10-20-0-12 are registered\n"
        "join of cpu--ip-10-20-0-12: not done after 4 s\n"
    )
    assert done.returncode == 1
    assert 4 <= time.monotonic() - started < 4 + 10


def test_a_join_survives_a_scheduler_that_comes_late(no_cluster):
    waiting = no_cluster.waiting("cpu--a", 60)
    waiting.prints(f"{no_cluster.address} does not answer yet")
    no_cluster.start()
    waiting.prints("0 of 1 workers of cpu--a are registered")
    no_cluster.node("cpu--a")
    assert waiting.process.wait(timeout=20) == 0
    assert waiting.printed() == [
        f"{no_cluster.address} does not answer yet",
        "0 of 1 workers of cpu--a are registered",
        "1 of 1 workers of cpu--a are registered",
    ]


def test_a_join_survives_a_scheduler_that_restarts(no_cluster):
    scheduler = no_cluster.start()
    waiting = no_cluster.waiting("cpu--a", 90)
    waiting.prints("0 of 1 workers of cpu--a are registered")
    end(scheduler)
    waiting.prints(f"{no_cluster.address} does not answer yet")
    time.sleep(7)  # longer than a client looks for a scheduler that it has lost
    no_cluster.start()
    no_cluster.node("cpu--a")
    assert waiting.process.wait(timeout=20) == 0
    assert waiting.printed()[-1] == "1 of 1 workers of cpu--a are registered"
