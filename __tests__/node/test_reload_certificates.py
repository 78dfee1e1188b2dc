"""reload_certificates.py in a real cluster under TLS, which gets a new certificate while it works."""

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
from distributed import Client, Security, get_client, worker_client

TLS = Path(__file__).resolve().parents[2] / "cloud-init" / "tls"
GAUGE = "dask_tls_certificate_not_after_seconds"
START_SECONDS = 60
NAMES = ("scheduler", "nanny", "worker")


class Authority:
    """Signs as the cluster's own does, by openssl with the same profiles, until any second."""

    def __init__(self, folder: Path, name: str):
        self.folder = folder
        self.pem = folder / f"{name}.pem"
        profile = ["-config", TLS / "certificates.cnf", "-extensions", "authority"]
        self.pem.write_text(self.key("-x509", "-subj", f"/CN={name}", *profile))
        (folder / "index.txt").touch()
        (folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca = this\n[this]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\n"
            "unique_subject = no\ndefault_md = sha256\npolicy = names\n[names]\ncommonName = supplied\n"
        )

    def holder(self, profile: str, seconds: float) -> tuple[str, float]:
        """Key, certificate and authority's certificate as PEM; and when it ends, in Unix time."""
        end = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)
        key = self.key("-subj", f"/CN={profile} of test", "-config", TLS / "certificates.cnf")
        signing = ["-config", "ca.cnf", "-cert", self.pem, "-keyfile", self.pem, "-in", "/dev/stdin"]
        profiles = ["-extfile", TLS / "certificates.cnf", "-extensions", profile]
        until = ["-enddate", f"{end:%Y%m%d%H%M%SZ}"]
        signed = self.openssl("ca", "-batch", "-notext", *signing, *profiles, *until, given=key)
        return f"{private(key)}{signed}{certificate(self.pem.read_text())}", end.timestamp()

    def key(self, *options: str | Path) -> str:
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
        return self.openssl("req", "-new", *curve, "-keyout", "-", *options)

    def openssl(self, *arguments: str | Path, given: str = "") -> str:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, input=given, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def private(pem: str) -> str:
    return pem[: pem.index("-----END PRIVATE KEY-----")] + "-----END PRIVATE KEY-----\n"


def certificate(pem: str) -> str:
    return pem[pem.index("-----BEGIN CERTIFICATE-----") :]


class Cluster:
    """A scheduler and a machine with two workers, each under its nanny; ends with every process killed."""

    def __init__(self, folder: Path, authority: Authority):
        self.folder, self.authority = folder, authority
        self.pem = folder / "node.pem"
        self.not_after = self.renew(3600)
        self.client_pem = folder / "client.pem"
        self.client_pem.write_text(authority.holder("client", 3600)[0])
        self.ports = dict(zip((*NAMES, "http"), free_ports(4), strict=True))
        self.address = f"tls://127.0.0.1:{self.ports['scheduler']}"
        # As it is on a machine, but for the half minute between two looks.
        text = (TLS / "reload_certificates.py").read_text()
        assert text.count("SECONDS = 30\n") == 1
        (folder / "reload_certificates.py").write_text(text.replace("SECONDS = 30\n", "SECONDS = 1\n"))
        self.configure()
        self.processes: list[subprocess.Popen] = []

    def configure(self) -> None:
        pem, preload = str(self.pem), {"preload": [str(self.folder / "reload_certificates.py")]}
        tls = {role: {"cert": pem, "key": pem} for role in ("scheduler", "worker", "client")}
        comm = {"require-encryption": True, "tls": {"ca-file": pem, "min-version": 1.3} | tls}
        config = {"distributed": {"comm": comm, "scheduler": preload, "worker": preload}}
        (self.folder / "config").mkdir()
        (self.folder / "config" / "dask.yaml").write_text(yaml.safe_dump(config))

    def renew(self, seconds: float) -> float:
        """Puts a new certificate in place; when it ends, in Unix time."""
        pem, not_after = self.authority.holder("node", seconds)
        self.put(pem)
        return not_after

    def put(self, pem: str) -> None:
        """In one step, as a machine does."""
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
            # This command gives its nannies what it is told here, and not what the configuration says.
            *("--preload-nanny", str(self.folder / "reload_certificates.py")),
            *("--local-directory", str(self.folder / "scratch")),
        )

    def run(self, *arguments: str) -> None:
        config = str(self.folder / "config")
        environment = os.environ | {"DASK_CONFIG": config, "DASK_ROOT_CONFIG": config}
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
        """Fingerprint of what a process shows to whoever connects now."""
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
            for kill in (process.terminate, process.kill):
                kill()
                try:
                    process.wait(timeout=20)
                    break
                except subprocess.TimeoutExpired:
                    continue


class Door:
    """Lets in whoever shows a certificate of the cluster's authority, and remembers which."""

    def __init__(self, cluster: Cluster):
        pem = cluster.folder / "door.pem"
        pem.write_text(cluster.authority.holder("node", 3600)[0])
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pem)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.load_cert_chain(pem)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.seen: list[str] = []

    def __enter__(self) -> "Door":
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.listener.close()

    def serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                plain, _ = self.listener.accept()
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
    first = certificate(pem).split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----"
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()


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
    cluster = Cluster(folder, Authority(folder, "authority"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()


def test_all_show_a_new_certificate_while_work_goes_on(cluster):
    with cluster.client() as client, Door(cluster) as door:
        client.wait_for_workers(2, timeout=START_SECONDS)
        workers = client.scheduler_info()["workers"]
        one, two = workers
        https = [worker["services"]["dashboard"] for worker in workers.values()] + [cluster.ports["http"]]

        # Here, as the cluster cannot import this file.
        def slow(value: int) -> int:
            time.sleep(1)
            return value + 1

        def from_a_task(worker: str) -> int:
            with worker_client() as client:
                return client.submit(slow, 5, workers=[worker], pure=False).result(timeout=30)

        def knock(context: ssl.SSLContext, port: int = door.port) -> None:
            with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as end:
                end.recv(1)

        def shown_by_who_connects() -> set[str]:
            door.seen.clear()
            client.run_on_scheduler(
                lambda dask_scheduler: knock(dask_scheduler.connection_args["ssl_context"])
            )
            for nanny in (True, False):
                client.run(lambda dask_worker: knock(dask_worker.connection_args["ssl_context"]), nanny=nanny)
            client.submit(
                lambda: knock(get_client().connection_args["ssl_context"]), workers=[one], pure=False
            ).result(timeout=30)
            assert len(door.seen) == 6
            return set(door.seen)

        def in_use(not_after: float) -> bool:
            """Whether all have the certificate, and say so, where they listen and where they connect."""
            shown = {cluster.shown(name) for name in NAMES} | shown_by_who_connects()
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


def test_a_certificate_that_others_would_refuse_is_not_taken(cluster):
    with cluster.client() as client:
        client.wait_for_workers(2, timeout=START_SECONDS)
    good = cluster.pem.read_text()
    for folder, seconds, reason in (("other", 3600, "verify failed"), ("same", -1, "has expired")):
        (cluster.folder / folder).mkdir()
        signer = cluster.authority if folder == "same" else Authority(cluster.folder / folder, folder)
        bad = signer.holder("node", seconds)[0]
        authority = good[good.rindex("-----BEGIN CERTIFICATE-----") :]
        cluster.put(bad[: bad.rindex("-----BEGIN CERTIFICATE-----")] + authority)
        # Two nannies, two workers, the scheduler; each twice.
        eventually(lambda reason=reason: count(cluster, reason) >= 10, cluster)
        assert {cluster.shown(name) for name in NAMES} == {fingerprint(good)}
        assert cluster.published(cluster.ports["http"]) == cluster.not_after


def count(cluster: Cluster, reason: str) -> int:
    lines = cluster.logs().splitlines()
    return sum(f"the certificate in {cluster.pem} is not used" in line and reason in line for line in lines)
