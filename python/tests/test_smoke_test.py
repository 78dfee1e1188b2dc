"""The smoke test against real clusters: passes a good one, fails each bad one for the right reason."""

import copy
import importlib.util
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask
import pytest
from distributed import Client

from cluster import SOURCES, Cluster, smoke

GOOD = {
    "cluster": "local",
    "release": "test",
    "dask": dask.__version__,
    "pools": [
        {"name": "cpu", "kind": "cpu", "resources": {"CPU": 1}, "minWorkers": 1, "workers": 2},
        {"name": "memory", "kind": "cpu", "resources": {"MEMORY": "nthreads"}, "minWorkers": 1},
    ],
}
GPU_POOL = {"name": "gpu", "kind": "gpu", "resources": {"GPU": 1}, "workers": 1}
DOUBLES = str(Path(__file__).parents[2] / "__tests__" / "doubles")


def greet_then_reset(listener):
    """Double of a scheduler without TLS: resets the connection before its answer arrives."""
    with listener.accept()[0] as hasty:
        hasty.recv(1)
        hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with listener.accept()[0] as plain:
        plain.sendall(b"\0")
        plain.recv(1)


def expecting(**changes):
    return copy.deepcopy(GOOD) | changes


class TestGoodCluster:
    def test_passes_and_reports_json(self, two_pools):
        result = two_pools.smoke(expect=GOOD)
        assert result.code == 0, result.stdout + result.stderr
        assert result.report["passed"] is True
        assert result.report["cluster"] == "local"
        assert result.report["address"] == two_pools.address
        assert result.statuses() == {
            "scheduler": "passed",
            "client": "passed",
            "pools": "passed",
            "versions": "passed",
            "computation": "passed",
            "placement": "passed",
            "gpu": "absent",
            "spill": "passed",
            "balance": "passed",
        }
        assert result.check("placement")[1] == (
            "4 tasks asking for CPU=1 ran in pool cpu; 2 tasks asking for MEMORY=1 ran in pool memory"
        )
        assert f"dask {dask.__version__}" in result.check("versions")[1]
        assert all(check["seconds"] >= 0 for check in result.report["checks"])

    def test_progress_goes_to_stderr_with_json_and_to_stdout_without(self, two_pools):
        with_json = two_pools.smoke(expect=GOOD).stderr.splitlines()
        plain = smoke(two_pools.address, expect=GOOD, environment=two_pools.environment, as_json=False)
        assert plain.stderr == ""
        assert [line.split()[:2] for line in with_json[1:-1]] == [
            line.split()[:2] for line in plain.stdout.splitlines()[1:-1]
        ]
        assert plain.stdout.splitlines()[-1].endswith(
            f'the cluster is ready: connect with distributed.Client("{two_pools.address}")'
        )

    def test_tests_a_cluster_of_unknown_definition_as_it_is(self, two_pools):
        result = two_pools.smoke()
        assert result.code == 0, result.stdout
        assert result.check("pools")[1] == "cpu 2 workers, memory 1 worker (no expectation given: as found)"

    def test_needs_the_package_neither_on_the_scheduler_nor_on_the_workers(self, two_pools):
        def is_installed():
            return importlib.util.find_spec("cdktf_dask") is not None

        with Client(two_pools.address, set_as_default=False) as client:
            assert list(client.run(is_installed).values()) == [False, False, False]
            assert client.run_on_scheduler(is_installed) is False
        assert two_pools.smoke(expect=GOOD).code == 0

    def test_leaves_the_scheduler_without_a_complaint(self, two_pools):
        before = len(two_pools.log(two_pools.scheduler))
        two_pools.smoke(expect=GOOD)
        log = two_pools.log(two_pools.scheduler)[before:]
        assert "Remove client Client-smoke-test" in log
        assert "Traceback" not in log


class TestWrongMembers:
    def test_missing_pools_fail_with_the_count_and_the_rest_is_still_tested(self, two_pools):
        io_pool = {"name": "io", "kind": "cpu", "resources": {"IO": 1}, "workers": 3}
        pools = [*GOOD["pools"], io_pool, GPU_POOL]
        result = two_pools.smoke("--timeout", "8", expect=expecting(pools=pools))
        assert result.code == 1
        assert result.check("pools") == ("failed", "missing workers: io has 0 of 3; gpu has 0 of 1")
        assert result.check("computation")[0] == "passed"
        assert result.check("placement") == ("failed", "no worker offers the resources of pool io: IO=1")
        assert result.check("gpu") == ("failed", "no worker of GPU pool gpu is there")
        assert "pools failed first; next: read" in result.report["next"]

    def test_a_pool_with_too_few_workers_fails(self, two_pools):
        pools = [GOOD["pools"][0] | {"workers": 5}, GOOD["pools"][1]]
        result = two_pools.smoke("--timeout", "2", expect=expecting(pools=pools))
        assert result.check("pools") == ("failed", "missing workers: cpu has 2 of 5")

    def test_a_wrong_amount_fails_at_once(self, two_pools):
        pools = [GOOD["pools"][0] | {"resources": {"CPU": 4}}, GOOD["pools"][1]]
        result = two_pools.smoke(expect=expecting(pools=pools))
        assert result.code == 1
        assert result.check("pools") == (
            "failed",
            "cpu--host-0 offers CPU=1, must offer CPU=4; cpu--host-1 offers CPU=1, must offer CPU=4",
        )
        assert result.seconds < 15

    def test_swapped_resources_fail_in_the_pools_and_by_where_tasks_run(self, two_pools):
        cpu, memory = GOOD["pools"]
        pools = [cpu | {"resources": {"MEMORY": 2}}, memory | {"resources": {"CPU": 1}}]
        result = two_pools.smoke(expect=expecting(pools=pools))
        assert result.check("pools")[0] == "failed"
        assert result.check("placement") == (
            "failed",
            "tasks asking for MEMORY=1 ran on memory--host, by the definition only pool cpu has that",
        )

    def test_a_worker_of_no_pool_fails(self, two_pools):
        result = two_pools.smoke(expect=expecting(pools=GOOD["pools"][:1]))
        assert result.check("pools") == (
            "failed",
            "memory--host belongs to no pool of the definition (cpu)",
        )

    def test_another_release_than_the_definition_has_fails(self, two_pools):
        result = two_pools.smoke(expect=expecting(release="2023.1", dask="2023.1.0"))
        assert result.code == 1
        assert result.check("versions") == (
            "failed",
            f"dask is {dask.__version__} everywhere, but release 2023.1 has 2023.1.0; "
            f"distributed is {dask.__version__} everywhere, but release 2023.1 has 2023.1.0",
        )

    def test_a_cluster_without_workers_fails_and_nothing_later_is_called_passed(self):
        with Cluster() as cluster:
            result = cluster.smoke("--timeout", "2")
        assert result.code == 1
        assert result.check("pools") == ("failed", "missing workers: no worker is there")
        assert set(list(result.statuses().values())[3:]) == {"skipped"}

    def test_a_paused_worker_is_not_counted(self):
        with Cluster() as cluster:
            cluster.worker(
                *("cpu--host", "CPU=1", "--memory-limit", "1GB"),
                DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE="0.001",
            )
            pools = [{"name": "cpu", "kind": "cpu", "resources": {"CPU": 1}, "workers": 1}]
            result = cluster.smoke("--timeout", "2", expect=expecting(pools=pools))
        assert result.code == 1
        assert result.check("pools") == ("failed", "missing workers: cpu has 0 of 1 (cpu--host is paused)")


@pytest.fixture(scope="module")
def gpu_workers(tmp_path_factory):
    """Three workers: one whose GPU is right, one whose GPU miscalculates, one without CUDA."""
    no_cuda = tmp_path_factory.mktemp("no-cuda")
    (no_cuda / "cupy.py").write_text("raise ImportError('libcuda.so.1: cannot open shared object file')")
    with Cluster() as cluster:
        cluster.worker("right--host", "RIGHT=1", PYTHONPATH=DOUBLES)
        cluster.worker("wrong--host", "WRONG=1", PYTHONPATH=DOUBLES, SMOKE_DOUBLE_GPU="wrong")
        cluster.worker("none--host", "NONE=1", PYTHONPATH=str(no_cuda))
        yield cluster


class TestGpu:
    def outcome(self, cluster, gpu_pool):
        pools = [
            {"name": name, "kind": "gpu" if name == gpu_pool else "cpu", "resources": {name.upper(): 1}}
            | {"workers": 1}
            for name in ("right", "wrong", "none")
        ]
        result = cluster.smoke(expect=expecting(pools=pools))
        return result.code, *result.check("gpu")

    def test_a_right_result_passes_and_names_the_device(self, gpu_workers):
        assert self.outcome(gpu_workers, "right") == (
            0,
            "passed",
            "a CUDA kernel gave the right sum on every GPU worker: 1 x Double of a GPU",
        )

    def test_a_wrong_result_fails(self, gpu_workers):
        assert self.outcome(gpu_workers, "wrong") == (
            1,
            "failed",
            "the GPU of wrong--host computed 333332833333500001 as the sum of 1000000 squares, "
            "it is 333332833333500000",
        )

    def test_a_worker_that_cannot_use_its_gpu_fails(self, gpu_workers):
        assert self.outcome(gpu_workers, "none") == (
            1,
            "failed",
            "none--host: ImportError: libcuda.so.1: cannot open shared object file",
        )

    def test_a_gpu_pool_of_which_no_worker_is_expected_is_absent(self, two_pools):
        pools = [*GOOD["pools"], GPU_POOL | {"workers": 0}]
        result = two_pools.smoke(expect=expecting(pools=pools))
        assert result.code == 0, result.stdout
        assert result.check("gpu") == ("absent", "no GPU worker is expected and none is there")
        assert result.check("pools") == ("passed", "cpu 2 workers, memory 1 worker, gpu absent")

    def test_a_cluster_that_may_have_no_workers_and_has_none_passes(self):
        with Cluster() as cluster:
            pools = [pool | {"workers": 0} for pool in GOOD["pools"]]
            result = cluster.smoke(expect=expecting(pools=pools))
        assert result.code == 0, result.stdout
        assert result.check("pools") == ("absent", "no worker is expected and none is there")
        assert result.check("computation") == ("absent", "no worker is there")
        assert set(result.statuses().values()) == {"passed", "absent"}


class TestLostScheduler:
    def smoke_while(self, end):
        """Waits for workers that never come. Meanwhile the scheduler ends."""

        def end_once_connected():
            connected = "Receive client connection: Client-smoke-test"
            cluster.wait_for(cluster.scheduler, "the smoke test's client", connected)
            time.sleep(1)  # by then it waits for the workers
            end(cluster.scheduler)

        with Cluster() as cluster, ThreadPoolExecutor() as executor:
            cluster.worker("cpu--host", "CPU=1")
            ended = executor.submit(end_once_connected)
            pools = [GOOD["pools"][0] | {"workers": 9}]
            result = cluster.smoke("--timeout", "40", expect=expecting(pools=pools))
            ended.result()
        return result

    def assert_told(self, result):
        assert result.code == 1
        assert result.check("pools") == ("failed", "the connection to the scheduler was lost")
        assert set(list(result.statuses().values())[3:]) == {"skipped"}
        assert result.seconds < 25

    def test_a_scheduler_that_ends_meanwhile_is_told_before_the_deadline(self):
        self.assert_told(self.smoke_while(subprocess.Popen.kill))

    def test_a_scheduler_that_ends_with_a_question_under_way(self):
        def freeze_and_kill(scheduler):
            scheduler.send_signal(signal.SIGSTOP)
            time.sleep(1.5)  # longer than it waits between two questions
            scheduler.kill()

        self.assert_told(self.smoke_while(freeze_and_kill))


class TestSickWorker:
    def test_a_spill_directory_that_is_no_directory_fails(self):
        with Cluster() as cluster:
            cluster.worker("cpu--host", "CPU=1")
            (spill,) = (cluster.directory / "cpu--host").glob("**/worker-*/")
            shutil.rmtree(spill)
            spill.write_text("")
            result = cluster.smoke()
            spill.unlink()
        assert result.code == 1
        status, detail = result.check("spill")
        assert status == "failed"
        assert detail.startswith(f"cpu--host cannot write in {spill}: [Errno 20] Not a directory")

    @pytest.mark.parametrize(
        ("option", "environment", "reason"),
        [
            ("512MiB", {"MAX_SPILL": "0 GiB"}, "may spill 0 MiB (memory.max-spill), needs 256 MiB"),
            ("512MiB", {"MAX_SPILL": "40"}, "may spill 0 MiB (memory.max-spill), needs 256 MiB"),
            ("0", {}, "does not spill: it has no memory limit"),
            (
                *("512MiB", {"TARGET": "False", "SPILL": "False"}),
                "does not spill: memory.target and memory.spill are off",
            ),
        ],
    )
    def test_a_worker_that_cannot_spill_is_named(self, option, environment, reason):
        settings = {f"DASK_DISTRIBUTED__WORKER__MEMORY__{name}": value for name, value in environment.items()}
        with Cluster() as cluster:
            cluster.worker("cpu--able", "CPU=1")
            cluster.worker("cpu--unable", "CPU=1", "--memory-limit", option, **settings)
            result = cluster.smoke()
        assert result.code == 1
        assert result.check("spill") == ("failed", f"cpu--unable {reason}")

    def test_a_pool_without_limits_does_not_spill_by_definition(self):
        pool = {"name": "free", "kind": "cpu", "resources": {"CPU": 1}, "workers": 1, "spills": False}
        with Cluster() as cluster:
            cluster.worker("free--host", "CPU=1", "--memory-limit", "0")
            result = cluster.smoke(expect=expecting(pools=[pool]))
        assert result.code == 0, result.stdout
        assert result.check("spill")[0] == "passed"

    def test_limits_that_add_up_to_more_than_the_node_has_are_told(self):
        with Cluster() as cluster:
            for name in ("cpu--one", "cpu--two"):
                cluster.worker(name, "CPU=1", "--memory-limit", "0.6")
            result = cluster.smoke()
        assert result.code == 1
        status, detail = result.check("spill")
        assert status == "failed"
        assert detail.startswith("the memory limits of the workers at 127.0.0.1 add up to ")

    def test_a_frozen_worker_is_named_within_the_time_limit(self):
        with Cluster() as cluster:
            cluster.worker("cpu--awake", "CPU=1")
            frozen = cluster.worker("cpu--frozen", "CPU=1")
            os.kill(frozen.pid, signal.SIGSTOP)
            result = cluster.smoke("--timeout", "6")
        assert result.code == 1
        assert result.check("versions") == ("failed", "not done after 6 s: no answer from cpu--frozen")
        assert result.statuses()["computation"] == "skipped"
        assert "no answer from cpu--frozen" in result.stderr.splitlines()[4], "progress while it waits"
        assert result.seconds < 20


class TestNoConnection:
    def test_nobody_listening_is_told_at_once(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            port = bound.getsockname()[1]
            result = smoke(f"127.0.0.1:{port}")
        assert result.code == 3
        status, detail = result.check("scheduler")
        assert status == "failed"
        assert detail.startswith(f"nothing listens on 127.0.0.1:{port} (connection refused)")
        assert set(list(result.statuses().values())[1:]) == {"skipped"}
        assert result.seconds < 10

    def test_a_port_that_accepts_and_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            result = smoke(f"127.0.0.1:{mute.getsockname()[1]}", "--timeout", "30")
        assert result.code == 3
        assert "accepts connections but sends nothing" in result.check("scheduler")[1]
        assert result.seconds < 20

    def test_a_time_limit_shorter_than_the_silence(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            result = smoke(f"127.0.0.1:{mute.getsockname()[1]}", "--timeout", "1")
        assert result.code == 3
        assert result.check("scheduler")[1].startswith("not done after 1 s")
        assert result.seconds < 8

    def test_a_name_that_does_not_resolve(self):
        result = smoke("tcp://scheduler.invalid:8786", "--timeout", "20")
        assert result.code == 3
        assert "scheduler.invalid" in result.check("scheduler")[1]

    def test_the_watchdog_ends_a_check_that_blocks_the_event_loop(self):
        program = """
import asyncio, time
from cdktf_dask.smoke_test import runner
from cdktf_dask.smoke_test.outcome import Run
from cdktf_dask.smoke_test.report import Report

async def stuck(run):
    time.sleep(60)

report = Report("tcp://127.0.0.1:1", as_json=True)
runner.watch(report, 1)
check = runner.Check("gpu", stuck, 60, needs_workers=False)
asyncio.run(runner.run_checks(Run("", None, None), report, 60, (check,)))
"""
        done = subprocess.run(
            [sys.executable, "-B", "-c", program],
            env=os.environ | {"PYTHONPATH": str(SOURCES)},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 3
        assert '"detail": "hangs: ended by the watchdog, stacks on stderr"' in done.stdout
        assert "in stuck" in done.stderr


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """A private CA with one certificate, and a second CA that signed nothing here."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)

    new = ("req", "-newkey", "rsa:2048", "-nodes")
    for name in ("ca", "other-ca"):
        openssl(
            *new,
            "-x509",
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.pem",
        )
    openssl(*new, "-subj", "/CN=dask", "-keyout", "dask.key", "-out", "dask.csr")
    signed_by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    openssl("x509", "-req", "-days", "2", "-in", "dask.csr", *signed_by, "-out", "dask.pem")

    return Certificates(folder)


class Certificates:
    """The files, as the smoke test's options."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(self, ca: str = "ca.pem") -> list[str]:
        files = {"--tls-ca-file": ca, "--tls-cert": "dask.pem", "--tls-key": "dask.key"}
        return [word for option, file in files.items() for word in (option, str(self.folder / file))]

    def joined(self, *names: str) -> str:
        """Some of them as one text."""
        return "".join((self.folder / name).read_text() for name in names)


@pytest.fixture
def bundle(tls, tmp_path):
    """Writes a client bundle: key, certificate and CA certificate in one file, and dask.yaml."""
    (tmp_path / "client.pem").write_text(tls.joined("dask.key", "dask.pem", "ca.pem"))
    (tmp_path / "other.pem").write_text(tls.joined("other-ca.key", "other-ca.pem"))

    def make(address: str, certificate: str = "client.pem") -> str:
        shown = str(tmp_path / certificate)
        tls_settings = {"ca-file": str(tmp_path / "client.pem"), "client": {"cert": shown, "key": shown}}
        comm = {"require-encryption": True, "tls": tls_settings}
        settings = {"scheduler-address": address, "distributed": {"comm": comm}}
        (tmp_path / "dask.yaml").write_text(json.dumps(settings))
        return str(tmp_path)

    return make


@pytest.fixture(scope="module")
def encrypted(tls):
    with Cluster("--protocol", "tls", *tls()) as cluster:
        cluster.worker("cpu--host", "CPU=1", *tls())
        yield cluster


class TestTls:
    def test_passes_with_the_certificates(self, encrypted, tls):
        assert encrypted.address.startswith("tls://")
        result = encrypted.smoke(*tls())
        assert result.code == 0, result.stdout

    def test_passes_with_only_a_bundle(self, encrypted, bundle, tmp_path):
        result = smoke("--bundle", bundle(encrypted.address), environment=encrypted.environment)
        assert result.code == 0, result.stdout + result.stderr
        assert result.report["address"] == encrypted.address
        assert result.report["next"] == (
            f"the cluster is ready: connect with DASK_CONFIG={tmp_path}/dask.yaml and distributed.Client()"
        )

    def test_needs_no_arguments_where_the_environment_names_a_bundle(self, encrypted, bundle, tmp_path):
        bundle(encrypted.address)
        pools = [{"name": "cpu", "kind": "cpu", "resources": {"CPU": 1}, "workers": 1}]
        (tmp_path / "expectation").write_text(json.dumps(expecting(pools=pools)))
        named = {"DASK_CONFIG": str(tmp_path / "dask.yaml")}
        result = smoke(environment=encrypted.environment | named)
        assert result.code == 0, result.stdout + result.stderr
        assert (result.report["cluster"], result.report["address"]) == ("local", encrypted.address)
        assert result.check("pools") == ("passed", "cpu 1 worker")

    def test_the_bundle_comes_before_the_environment(self, encrypted, bundle):
        other = {"DASK_SCHEDULER_ADDRESS": "h:1", "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": "/no/such/file"}
        result = smoke("--bundle", bundle(encrypted.address), environment=encrypted.environment | other)
        assert result.code == 0, result.stdout + result.stderr

    def test_a_client_certificate_of_another_authority_is_refused(self, encrypted, bundle):
        result = smoke("--bundle", bundle(encrypted.address, "other.pem"), environment=encrypted.environment)
        assert result.code == 3
        assert "rejects the client certificate" in result.check("scheduler")[1]

    def test_a_bundle_without_its_certificate(self, bundle, tmp_path):
        result = smoke("--bundle", bundle("tls://127.0.0.1:8786", "gone.pem"))
        assert result.code == 2
        files = f"{tmp_path}/client.pem, {tmp_path}/gone.pem"
        assert f"no certificate can be read from {files}: [Errno 2]" in result.stderr

    def test_a_bundle_with_certificates_is_rejected(self, bundle, tls):
        result = smoke("--bundle", bundle("tls://127.0.0.1:8786"), *tls())
        assert result.code == 2
        assert "--bundle has the certificates: give it, or the options --tls-…, not both" in result.stderr

    def test_plain_tcp_to_a_tls_scheduler(self, encrypted):
        result = encrypted.smoke(address=encrypted.address.replace("tls://", "tcp://"))
        assert result.code == 3
        assert f"speaks TLS: use {encrypted.address}" in result.check("scheduler")[1]

    def test_a_ca_that_did_not_sign(self, encrypted, tls):
        result = encrypted.smoke(*tls(ca="other-ca.pem"))
        assert result.code == 3
        assert "cannot be verified with the CA file" in result.check("scheduler")[1]

    def test_tls_to_a_plain_scheduler(self, two_pools, tls):
        result = two_pools.smoke(*tls(), address=two_pools.address.replace("tcp://", "tls://"))
        assert result.code == 3
        assert "does not speak TLS" in result.check("scheduler")[1]

    def test_tls_to_a_plain_listener_that_resets_the_connection(self, tls):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=greet_then_reset, args=(listener,), daemon=True).start()
            result = smoke(f"tls://127.0.0.1:{listener.getsockname()[1]}", *tls())
        assert result.code == 3
        assert "does not speak TLS (it closed the connection)" in result.check("scheduler")[1]


class TestUsage:
    def test_wrong_usage_ends_with_2_before_anything_is_connected(self):
        result = smoke("gopher://127.0.0.1:8786")
        assert result.code == 2
        assert result.stderr.startswith("usage: dask-smoke-test ")
        assert "unknown address scheme 'gopher'" in result.stderr
        assert result.stdout == ""

    def test_a_faulty_expectation_ends_with_2(self):
        result = smoke("127.0.0.1:8786", expect="{")
        assert result.code == 2
        assert result.stderr.startswith("--expect -:\nnot JSON")
        assert result.stdout == ""
