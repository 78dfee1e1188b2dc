"""The preload in a real cluster with TLS, whose certificate is renewed while it works."""

import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml
from cryptography.hazmat.primitives import hashes
from distributed import Client, Security, get_client, worker_client

from cdktf_dask.tls.ca import Profile, create_ca, issue
from cdktf_dask.tls.pem import read_certificates
from cluster import ENVIRONMENT, SOURCES, end

PRELOAD = SOURCES / "cdktf_dask" / "preloads" / "reload_certificates.py"
GAUGE = "dask_tls_certificate_not_after_seconds"
START_SECONDS = 60
NAMES = ("scheduler", "nanny", "worker")


class Ca:
    """Signs certificates that end at any second."""

    def __init__(self) -> None:
        self.pem = create_ca("test", datetime.now(UTC) - timedelta(days=1))

    def issue(self, profile: Profile, seconds: float) -> tuple[str, float]:
        """PEM of a certificate that ends in so many seconds; and when it ends, in Unix time."""
        end = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)
        begin = end - timedelta(days=1)
        return issue(self.pem, f"{profile.name} of test", profile, begin, days=1), end.timestamp()


class Cluster:
    """A scheduler and a node with two workers, each with its nanny. `end` ends every process."""

    def __init__(self, folder: Path, ca: Ca):
        self.folder, self.ca = folder, ca
        self.pem = folder / "node.pem"
        self.not_after = self.renew(3600)
        self.client_pem = folder / "client.pem"
        self.client_pem.write_text(ca.issue(Profile.CLIENT, 3600)[0])
        self.ports = dict(zip((*NAMES, "http"), free_ports(4), strict=True))
        self.address = f"tls://127.0.0.1:{self.ports['scheduler']}"
        # As on a node, but with a second between two checks.
        text = PRELOAD.read_text()
        assert text.count("CHECK_SECONDS = 30\n") == 1
        self.preload = folder / "reload_certificates.py"
        self.preload.write_text(text.replace("CHECK_SECONDS = 30\n", "CHECK_SECONDS = 1\n"))
        self.configure()
        self.processes: list[subprocess.Popen] = []

    def configure(self) -> None:
        pem, preload = str(self.pem), {"preload": [str(self.preload)]}
        tls = {role: {"cert": pem, "key": pem} for role in ("scheduler", "worker", "client")}
        comm = {"require-encryption": True, "tls": {"ca-file": pem, "min-version": 1.3} | tls}
        config = {"distributed": {"comm": comm, "scheduler": preload, "worker": preload}}
        (self.folder / "config").mkdir()
        (self.folder / "config" / "dask.yaml").write_text(yaml.safe_dump(config))

    def renew(self, seconds: float) -> float:
        """Renews the certificate of the nodes; returns when it ends, in Unix time."""
        pem, not_after = self.ca.issue(Profile.NODE, seconds)
        self.put(pem)
        return not_after

    def put(self, pem: str) -> None:
        """Replaces the file atomically, as a node does."""
        new = self.pem.with_suffix(".new")
        new.write_text(pem)
        os.replace(new, self.pem)

    def start(self) -> None:
        listen = ["--host", "127.0.0.1", "--protocol", "tls"]
        http = ["--dashboard-address", f"127.0.0.1:{self.ports['http']}"]
        self.run("scheduler", *listen, "--port", str(self.ports["scheduler"]), *http)
        self.run(
            *("worker", self.address, *listen, "--nworkers", "2", "--nthreads", "1", "--name", "cpu"),
            *("--worker-port", f"{self.ports['worker']}:{self.ports['worker'] + 1}"),
            *("--nanny-port", f"{self.ports['nanny']}:{self.ports['nanny'] + 1}"),
            *("--dashboard-address", "127.0.0.1:0", "--memory-limit", "512MiB"),
            # `dask worker` ignores the preloads of nannies in the configuration.
            *("--preload-nanny", str(self.preload)),
            *("--local-directory", str(self.folder / "scratch")),
        )

    def run(self, *arguments: str) -> None:
        config = str(self.folder / "config")
        environment = ENVIRONMENT | {"DASK_CONFIG": config, "DASK_ROOT_CONFIG": config}
        with (self.folder / f"{arguments[0]}.log").open("w") as output:
            command = [sys.executable, "-m", "dask", *arguments]
            self.processes.append(
                subprocess.Popen(
                    command, env=environment, stdout=output, stderr=output, start_new_session=True
                )
            )

    def client(self) -> Client:
        pem = str(self.client_pem)
        security = Security(tls_ca_file=pem, tls_client_cert=pem, tls_client_key=pem, require_encryption=True)
        return Client(self.address, security=security, timeout=START_SECONDS)

    def shown(self, name: str) -> str:
        """Fingerprint of the certificate that a process shows to a new connection."""
        context = ssl.create_default_context(cafile=self.client_pem)
        context.check_hostname = False
        context.load_cert_chain(self.client_pem)
        with (
            socket.create_connection(("127.0.0.1", self.ports[name]), timeout=10) as plain,
            context.wrap_socket(plain) as encrypted,
        ):
            return hashlib.sha256(encrypted.getpeercert(binary_form=True)).hexdigest()

    def published(self, port: int) -> float:
        """The gauge on a process's /metrics."""
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{GAUGE} "))

    def logs(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        for process in reversed(self.processes):
            end(process)


class Listener:
    """Accepts connections with a certificate of the cluster's CA, and collects the certificates."""

    def __init__(self, cluster: Cluster):
        pem = cluster.folder / "listener.pem"
        pem.write_text(cluster.ca.issue(Profile.NODE, 3600)[0])
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pem)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.load_cert_chain(pem)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.seen: list[str] = []

    def __enter__(self) -> "Listener":
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                plain, _ = self.socket.accept()
                with self.context.wrap_socket(plain, server_side=True) as end:
                    self.seen.append(hashlib.sha256(end.getpeercert(binary_form=True)).hexdigest())


def free_ports(count: int) -> list[int]:
    """Ports of which the next one is free too."""
    ports, port = [], 21000 + os.getpid() % 8000
    while len(ports) < count:
        port += 2
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            ports.append(port)
    return ports


def fingerprint(pem: str) -> str:
    return read_certificates(pem)[0].fingerprint(hashes.SHA256()).hex()


def eventually(holds: Callable[[], bool], cluster: Cluster) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < deadline, cluster.logs()
        time.sleep(0.2)


@pytest.fixture
def folder(tmp_path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture
def cluster(folder) -> Iterator[Cluster]:
    cluster = Cluster(folder, Ca())
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()


def test_all_processes_load_a_renewed_certificate_while_tasks_run(cluster):
    with cluster.client() as client, Listener(cluster) as listener:
        client.wait_for_workers(2, timeout=START_SECONDS)
        workers = client.scheduler_info()["workers"]
        one, two = workers
        https = [worker["services"]["dashboard"] for worker in workers.values()] + [cluster.ports["http"]]

        # Inside the test, because the cluster cannot import this file.
        def slow(value: int) -> int:
            time.sleep(1)
            return value + 1

        def from_a_task(worker: str) -> int:
            with worker_client() as client:
                return client.submit(slow, 5, workers=[worker], pure=False).result(timeout=30)

        def connect_once(context: ssl.SSLContext, port: int = listener.port) -> None:
            with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as end:
                end.recv(1)

        def shown_by_connections() -> set[str]:
            listener.seen.clear()
            client.run_on_scheduler(
                lambda dask_scheduler: connect_once(dask_scheduler.connection_args["ssl_context"])
            )
            for nanny in (True, False):
                client.run(
                    lambda dask_worker: connect_once(dask_worker.connection_args["ssl_context"]), nanny=nanny
                )
            client.submit(
                lambda: connect_once(get_client().connection_args["ssl_context"]), workers=[one], pure=False
            ).result(timeout=30)
            assert len(listener.seen) == 6
            return set(listener.seen)

        def in_use(not_after: float) -> bool:
            """Whether all processes use and publish the certificate, for listeners and connections."""
            shown = {cluster.shown(name) for name in NAMES} | shown_by_connections()
            published = {cluster.published(port) for port in https}
            return (shown, published) == ({fingerprint(cluster.pem.read_text())}, {not_after})

        assert in_use(cluster.not_after)
        kept = client.submit(slow, 1, workers=[one], pure=False)
        assert kept.result(timeout=30) == 2

        running = client.submit(slow, 10, workers=[one], pure=False)
        not_after = cluster.renew(1800)
        eventually(lambda: in_use(not_after), cluster)
        assert running.result(timeout=30) == 11

        # The workers connect to each other for the first time.
        assert client.submit(slow, kept, workers=[two], pure=False).result(timeout=30) == 3
        assert client.submit(from_a_task, two, workers=[one], pure=False).result(timeout=30) == 6
        # New processes under the nannies, as after a crash.
        client.restart(timeout=START_SECONDS)
        assert client.submit(slow, 20, pure=False).result(timeout=30) == 21
    with cluster.client() as client:
        assert client.submit(slow, 30, pure=False).result(timeout=30) == 31
    assert "Failed to start preload" not in cluster.logs()


def test_a_certificate_that_peers_would_reject_is_not_loaded(cluster):
    with cluster.client() as client:
        client.wait_for_workers(2, timeout=START_SECONDS)
    good = cluster.pem.read_text()
    for ca, seconds, reason in ((Ca(), 3600, "verify failed"), (cluster.ca, -1, "has expired")):
        bad = ca.issue(Profile.NODE, seconds)[0]
        ca_certificate = good[good.rindex("-----BEGIN CERTIFICATE-----") :]
        cluster.put(bad[: bad.rindex("-----BEGIN CERTIFICATE-----")] + ca_certificate)
        # Two nannies, two workers and the scheduler, each twice.
        eventually(lambda reason=reason: count(cluster, reason) >= 10, cluster)
        assert {cluster.shown(name) for name in NAMES} == {fingerprint(good)}
        assert cluster.published(cluster.ports["http"]) == cluster.not_after


def count(cluster: Cluster, reason: str) -> int:
    lines = cluster.logs().splitlines()
    return sum(f"the certificate in {cluster.pem} is not used" in line and reason in line for line in lines)
