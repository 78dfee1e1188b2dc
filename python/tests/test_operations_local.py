"""Operations of a local cluster: a real supervisor with a real scheduler and workers."""

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import cdktf_dask
from cdktf_dask.autoscaler.metrics import Metrics, serve
from cdktf_dask.autoscaler.settings import Address
from cdktf_dask.client.tunnel import free_port
from cdktf_dask.operations.drain import HINT
from cdktf_dask.operations.supervisor import Supervisor
from cluster import ENVIRONMENT, SOURCES, end
from supervised import start_supervisor
from test_cli import COMMAND, run, warnings_of_tests

__all__ = ["warnings_of_tests"]

PROGRAM = """\
[program:{name}]
command=sh -c "test ! -e {root}/broken-{name} && exec {command}"
directory={root}
autorestart=true
startsecs=1
startretries=0
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={root}/logs/{name}.log
"""

PRELOAD = SOURCES / "cdktf_dask" / "preloads" / "drain_workers.py"
WORKERS = ("cpu--local-0", "cpu--local-1")
START_SECONDS = 60


class Local:
    """A project with a running local cluster."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.root = project / ".dask" / "local"
        (self.root / "logs").mkdir(parents=True)
        scheduler, dashboard = free_port(), free_port()
        self.address = f"tcp://127.0.0.1:{scheduler}"
        ports = {"scheduler": scheduler, "dashboard": dashboard}
        self.dashboard = dashboard
        run = {"generation": 1, "address": self.address, "ports": ports}
        (self.root / "run.json").write_text(json.dumps(run))
        dask = f"{sys.executable} -m distributed.cli"
        commands = {
            "dask-scheduler": f"{dask}.dask_scheduler --host 127.0.0.1 --port {scheduler} "
            f"--dashboard-address 127.0.0.1:{dashboard} --preload {PRELOAD}",
        } | {
            name: f"{dask}.dask_worker {self.address} --name {name} --nthreads 1 --memory-limit 512MiB "
            f"--resources CPU=1 --local-directory {self.root}/scratch --no-dashboard --death-timeout 60"
            for name in WORKERS
        }
        # A program that is no node, as those of monitoring.
        commands["prometheus"] = "sleep infinity"
        programs = [PROGRAM.format(name=n, command=c, root=self.root) for n, c in commands.items()]
        environment = ENVIRONMENT | {"PYTHONDONTWRITEBYTECODE": "1"}
        self.process = start_supervisor(self.root, "".join(programs), environment)

    def wait(self, workers: int) -> dict:
        """Return the status once all programs run and so many workers are registered."""
        ends = time.monotonic() + START_SECONDS
        while True:
            try:
                found = json.loads(self.run("status", "local", "--json", "--path", str(self.project)))
            except ValueError:
                found = {"nodes": [], "problems": ["no answer"]}
            registered = sum(node["workers"] or 0 for node in found["nodes"])
            if not found["problems"] and registered == workers:
                return found
            assert time.monotonic() < ends, found
            time.sleep(0.2)

    def start(self, program: str) -> None:
        """Start a program that failed."""
        Supervisor(self.root).start(program)

    def stop(self, program: str) -> None:
        """Stop a program that runs."""
        Supervisor(self.root).stop(program)

    def run(self, *arguments: str) -> str:
        """Output of the command with any exit code."""
        environment = ENVIRONMENT | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [*COMMAND, *arguments], env=environment, capture_output=True, text=True, timeout=60
        )
        return done.stdout


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    cluster = Local(tmp_path_factory.mktemp("project"))
    try:
        cluster.wait(2)
        yield cluster
    finally:
        end(cluster.process)


@pytest.fixture(autouse=True)
def in_the_project(local, home, monkeypatch):
    monkeypatch.chdir(local.project)


def test_status(local):
    found = json.loads(run("status", "local", "--json")[0])
    assert found["place"] == str(local.root)
    assert (found["healthy"], found["problems"], found["notes"]) == (True, [], [])
    assert found["usdPerHour"] is None
    assert found["pools"] == [{"name": "cpu", "minSize": 0, "maxSize": 2, "desiredSize": 2, "reason": ""}]
    facts = [(one["id"], one["pool"], one["state"], one["workers"]) for one in found["nodes"]]
    assert sorted(facts) == [
        ("cpu--local-0", "cpu", "ready", 1),
        ("cpu--local-1", "cpu", "ready", 1),
        ("dask-scheduler", "scheduler", "ready", None),
    ]
    assert {one["memoryLimit"] for one in found["nodes"]} == {0, 512 * 2**20}


def test_status_shows_tasks(local):
    with cdktf_dask.connect("local") as client:
        tasks = client.map(time.sleep, [3, 3], pure=False, resources={"CPU": 1})
        time.sleep(1.5)  # a heartbeat, every 0.5 s, brings the numbers
        found = json.loads(run("status", "local", "--json")[0])
        assert [one["tasks"] for one in found["nodes"] if one["pool"] == "cpu"] == [{"executing": 1}] * 2
        client.gather(tasks)


def test_scale_moves_results_and_comes_back(local):
    with cdktf_dask.connect("local") as client:
        results = client.scatter({f"part-{index}": index for index in range(4)}, broadcast=False)
        assert run("scale", "local", "cpu", "1")[0] == "pool cpu of local: 1 nodes wanted, 2 before\n"
        assert sorted(client.gather(list(results.values()))) == [0, 1, 2, 3]
        found = json.loads(run("status", "local", "--json")[0])
        states = {one["id"]: one["state"] for one in found["nodes"]}
        assert states == {"dask-scheduler": "ready", "cpu--local-0": "ready", "cpu--local-1": "stopped"}
        assert found["healthy"] is True
        assert run("scale", "local", "cpu", "2")[0] == "pool cpu of local: 2 nodes wanted, 1 before\n"
    local.wait(2)


def test_scale_refuses_more_nodes_than_it_was_started_with(local):
    assert run("scale", "local", "cpu", "3", code=2)[1] == (
        "dask-cluster: pool cpu: got 3 nodes, expected 0 to 2. "
        "Hint: change maxSize in the definition, and deploy\n"
    )
    assert run("scale", "local", "gpu", "1", code=2)[1] == (
        "dask-cluster: local has no pool 'gpu'. Hint: it has: cpu\n"
    )


def test_scale_refuses_to_lose_results(local):
    with cdktf_dask.connect("local") as client:
        kept = client.scatter([1, 2], broadcast=False)
        assert run("scale", "local", "cpu", "0", code=2)[1] == (
            "dask-cluster: cpu--local-0, cpu--local-1 cannot be drained: "
            f"no other worker has room for its data. Hint: {HINT}\n"
        )
        assert sorted(client.gather(kept)) == [1, 2]
        assert json.loads(run("status", "local", "--json")[0])["pools"][0]["desiredSize"] == 2
        del kept
    run("scale", "local", "cpu", "0")
    run("scale", "local", "cpu", "2")
    local.wait(2)


def test_drain_moves_results_and_stops_the_program(local):
    with cdktf_dask.connect("local") as client:
        results = client.scatter({f"part-{index}": index for index in range(4)}, broadcast=False)
        output = run("drain", "local", "cpu--local-0")[0]
        assert re.fullmatch(
            r"cpu--local-0 of local ends after a drain of \d\.\d s: 1 workers, 0 waiting tasks given back\n"
            r"pool cpu has one node fewer\n",
            output,
        )
        assert sorted(client.gather(list(results.values()))) == [0, 1, 2, 3]
        found = json.loads(run("status", "local", "--json")[0])
        states = {one["id"]: one["state"] for one in found["nodes"]}
        assert states == {"dask-scheduler": "ready", "cpu--local-0": "stopped", "cpu--local-1": "ready"}
        assert run("drain", "local", "cpu--local-0", code=3)[1] == (
            "dask-cluster: the node cpu--local-0 is stopped. "
            "Hint: dask-cluster status shows the nodes that run\n"
        )
        # The last worker has nowhere to move the data to, so it works on.
        assert run("drain", "local", "cpu--local-1", "--timeout", "20s", code=2)[1] == (
            "dask-cluster: cpu--local-1 cannot be drained: no other worker has room for its data. "
            f"Hint: {HINT}\n"
        )
        assert client.submit(sum, [1, 2], resources={"CPU": 1}).result(30) == 3
    run("scale", "local", "cpu", "2")
    local.wait(2)


def test_drain_replaces_a_node(local):
    answer = json.loads(run("drain", "local", "cpu--local-1", "--replace", "--json")[0])
    seconds = answer.pop("seconds")
    assert 0 <= seconds < 10
    assert answer == {
        "cluster": "local",
        "node": "cpu--local-1",
        "pool": "cpu",
        "workers": 1,
        "givenBack": 0,
        "replaced": True,
    }
    found = local.wait(2)
    assert [node["state"] for node in found["nodes"]] == ["ready", "ready", "ready"]


def test_a_drain_that_ctrl_c_ends_is_undone(local):
    with cdktf_dask.connect("local") as client:
        tasks = client.map(time.sleep, [5, 5], pure=False, resources={"CPU": 1})
        time.sleep(1)  # both run
        command = [*COMMAND, "drain", "local", "cpu--local-1"]
        environment = ENVIRONMENT | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(command, env=environment, cwd=local.project, stderr=subprocess.DEVNULL)
        try:
            second_is(client, "closing_gracefully")
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 1
        finally:
            end(process)
        second_is(client, "running")
        client.gather(tasks)


def test_drain_refuses_what_is_no_node_of_a_pool(local):
    assert run("drain", "local", "cpu--local-7", code=2)[1] == (
        "dask-cluster: local has no node 'cpu--local-7'. Hint: dask-cluster status shows the nodes that run\n"
    )
    assert run("drain", "local", "dask-scheduler", code=2)[1] == (
        "dask-cluster: dask-scheduler is the scheduler's node, which has no workers. "
        "Hint: choose a node of a pool\n"
    )
    for time_ in ("soon", "0", "16m"):
        assert run("drain", "local", "cpu--local-0", "--timeout", time_, code=2)[1].endswith(
            f"got '{time_}', expected a time of up to 15 minutes, such as 90s or 10m\n"
        )


def test_logs_of_a_pool(local):
    lines = run("logs", "local", "cpu", "-n", "500")[0].splitlines()
    assert {line.partition(" | ")[0] for line in lines} == set(WORKERS)
    assert any("Registered to" in line for line in lines)


def test_logs_of_one_node_as_json(local):
    answer = json.loads(run("logs", "local", "dask-scheduler", "--json", "-n", "3")[0])
    [log] = answer["logs"]
    assert (answer["cluster"], log["node"], len(log["lines"])) == ("local", "dask-scheduler", 3)


def test_logs_of_all_nodes(local):
    logs = json.loads(run("logs", "local", "--json", "-n", "1")[0])["logs"]
    assert sorted(log["node"] for log in logs) == [*WORKERS, "dask-scheduler"]


def test_logs_refuse_what_a_local_cluster_lacks(local):
    assert run("logs", "local", "gpu", code=2)[1].startswith("dask-cluster: local has no pool or node 'gpu'")
    assert run("logs", "local", "--boot", code=2)[1] == (
        f"dask-cluster: the nodes of a local cluster do not boot. Hint: see {local.root}/logs\n"
    )


def test_logs_follow_until_ctrl_c_through_a_rotation(local):
    log = local.root / "logs" / "cpu--local-0.log"
    environment = ENVIRONMENT | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*COMMAND, "logs", "local", "cpu--local-0", "--follow", "--json", "-n", "1"]
    process = subprocess.Popen(command, env=environment, cwd=local.project, stdout=subprocess.PIPE, text=True)
    stuck = threading.Timer(60, process.kill)
    stuck.start()
    try:
        assert json.loads(process.stdout.readline())["node"] == "cpu--local-0"
        with log.open("a") as file:
            file.write("added\n")
        assert json.loads(process.stdout.readline()) == {"node": "cpu--local-0", "line": "added"}
        log.rename(log.with_name("cpu--local-0.log.1"))
        log.write_text("after the rotation\n")
        assert json.loads(process.stdout.readline()) == {"node": "cpu--local-0", "line": "after the rotation"}
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        stuck.cancel()
        end(process)
        process.stdout.close()


def test_metrics(local):
    lines = run("metrics", "local", "--match", "dask_scheduler_workers")[0].splitlines()
    assert 'dask_scheduler_workers{state="idle"} 2.0' in lines
    assert {line.partition("{")[0].partition(" ")[0] for line in lines} >= {"dask_scheduler_workers"}
    assert all(line.startswith("dask_scheduler_workers") for line in lines)
    found = json.loads(run("metrics", "local", "--json")[0])["metrics"]
    assert {"name": "dask_scheduler_workers", "labels": {"state": "idle"}, "value": 2.0} in found


def test_cost_without_prices(local):
    lines = [
        "POOL       NODES  USD/h  NODE HOURS  IDLE HOURS  USD SO FAR",
        "scheduler  1      –      {}         {}         –",
        "cpu        2      –      {}         {}         –",
        "all        3      –      {}         {}         –",
        "",
        "without disks, network and other services",
    ]
    unknown = ["–  ", "–  "] * 3
    assert run("cost", "local")[0].splitlines() == [
        *"\n".join(lines).format(*unknown).splitlines(),
        "note: the cost so far is unknown: local has no autoscaler. "
        "Hint: define a pool whose minSize is below its maxSize, and start the cluster again",
    ]
    # The page that an autoscaler serves, with the settings in which its address is.
    published = Metrics()
    published.set("node_seconds_total", 9000.0, pool="cpu")
    published.set("idle_node_seconds_total", 3600.0, pool="cpu")
    server = serve(published, Address("127.0.0.1", 0))
    settings = local.root / "config" / "dask-autoscaler" / "autoscaler.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"metrics": f"127.0.0.1:{server.server_port}"}))
    try:
        found = ["–  ", "–  ", "2.5", "1.0", "2.5", "1.0"]
        assert run("cost", "local")[0].splitlines() == "\n".join(lines).format(*found).splitlines()
    finally:
        shutil.rmtree(settings.parent)
        server.shutdown()
        server.server_close()


def test_dashboard_prints_its_link(local):
    assert run("dashboard", "local", "--no-open")[0] == f"http://127.0.0.1:{local.dashboard}/status\n"
    assert run("dashboard", "local", "--password", code=2)[1] == (
        "dask-cluster: the dashboard of local has no password. Hint: open it without --password\n"
    )


def test_renew_certificates_is_a_restart(local):
    assert run("renew-certificates", "local", code=2)[1] == (
        "dask-cluster: a local cluster creates its certificates at each start. "
        "Hint: run `npm stop`, then `npm start`\n"
    )


def test_restart_scheduler(local):
    def pid() -> int:
        return int(
            next(
                process.name
                for process in Path("/proc").glob("[0-9]*")
                if f"--port\0{local.address.rpartition(':')[2]}".encode() in _command(process)
            )
        )

    before = pid()
    assert run("restart-scheduler", "local", "--yes")[0] == (
        "the scheduler of local has restarted on dask-scheduler\n"
    )
    assert pid() != before
    local.wait(2)


def test_restart_a_scheduler_that_does_not_run(local):
    local.stop("dask-scheduler")
    assert run("restart-scheduler", "local", "--yes")[0] == (
        "the scheduler of local has restarted on dask-scheduler\n"
    )
    local.wait(2)


def test_a_program_that_ends_is_a_failure(local):
    run("scale", "local", "cpu", "1")
    broken = local.root / "broken-cpu--local-1"
    broken.touch()
    # The supervisor's word depends on how soon it notices the end.
    assert re.fullmatch(
        r"dask-cluster: the supervisor cannot do startProcess cpu--local-1 "
        r"\((SPAWN_ERROR|ABNORMAL_TERMINATION): cpu--local-1\)\. "
        rf"Hint: look at {local.root}/logs\n",
        run("scale", "local", "cpu", "2", code=1)[1],
    )
    # A program that ended late is started once more.
    ends = time.monotonic() + START_SECONDS
    while " failed: " not in (output := run("status", "local", code=1)[0]):
        assert time.monotonic() < ends, output
    why = "Exited too quickly (process log may have details)"
    assert output.splitlines()[-4:-1] == [
        "pool cpu: 2 nodes wanted, 0 to 2 possible",
        f"problem: cpu cpu--local-1 failed: {why}; log: {local.root}/logs/cpu--local-1.log",
        "problem: pool cpu: 1 of 2 nodes are ready",
    ]
    assert output.splitlines()[-1] == "local is not healthy"
    # A node that failed does not keep others from being stopped.
    run("scale", "local", "cpu", "0")
    found = json.loads(run("status", "local", "--json", code=1)[0])
    states = {one["id"]: one["state"] for one in found["nodes"]}
    assert states == {"dask-scheduler": "ready", "cpu--local-0": "stopped", "cpu--local-1": "failed"}
    broken.unlink()
    local.start("cpu--local-0")
    local.start("cpu--local-1")
    local.wait(2)


def test_a_cluster_that_does_not_run(tmp_path, monkeypatch):
    root = tmp_path / ".dask" / "local"
    root.mkdir(parents=True)
    run_file = {"generation": 1, "address": "tcp://127.0.0.1:9", "ports": {"scheduler": 9, "dashboard": 9}}
    (root / "run.json").write_text(json.dumps(run_file))
    monkeypatch.chdir(tmp_path)
    assert run("status", "local", code=3)[1] == (
        f"dask-cluster: the supervisor of {root} does not answer ([Errno 2] No such file or directory). "
        "Hint: run `npm start` in its project\n"
    )
    (root / "run.json").unlink()
    assert run("status", "local", code=3)[1] == (
        "dask-cluster: no local cluster is running: .dask/local/run.json is neither in "
        f"{tmp_path} nor above it. "
        'Hint: start it with `npm start`, or name its project: connect("local", path="…"), --path\n'
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--nodes-only"),
        ("logs",),
        ("scale", "cpu", "1"),
        ("drain", "cpu--a"),
        ("cost",),
        ("restart-scheduler", "--yes"),
    ],
)
def test_a_cluster_in_docker_compose(tmp_path, monkeypatch, arguments):
    root = tmp_path / ".dask" / "research"
    root.mkdir(parents=True)
    # As `lib/compose/services.ts` writes it.
    run_file = {"address": "tcp://127.0.0.1:9", "ports": {"scheduler": 9, "dashboard": 9}}
    (root / "run.json").write_text(json.dumps(run_file))
    monkeypatch.chdir(tmp_path)
    command, *more = arguments
    assert run(command, "research", *more, code=2)[1] == (
        f"dask-cluster: research in {root} is a cluster in Docker Compose. "
        "Hint: use `docker compose` in the cluster's folder (docs/compose.md, Operate)\n"
    )
    assert run("dashboard", "research", "--no-open")[0] == "http://127.0.0.1:9/status\n"


def second_is(client, status: str) -> None:
    """Wait until the worker of the second node has a status."""

    def of_second(dask_scheduler) -> str:
        found = dask_scheduler.workers.values()
        return next(worker.status.name for worker in found if worker.name == "cpu--local-1")

    ends = time.monotonic() + 20
    while (found := client.run_on_scheduler(of_second)) != status:
        assert time.monotonic() < ends, found
        time.sleep(0.1)


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
