"""Only clients with a valid certificate connect; keys stay secret; renewal of certificates stops no task."""

import json
import re
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from rig.network import OTHER_GATEWAY

SCHEDULER = "scheduler.rig.internal:8786"
DASHBOARD = "https://scheduler.rig.internal:8787"

#: Connects to an address with a PEM file, and prints the result of a task or the errors.
CONNECT = """
import sys
from distributed import Client, Security
from distributed.comm.core import CommClosedError

address, pem = sys.argv[1:]
tls = dict(tls_ca_file=pem, tls_client_cert=pem, tls_client_key=pem, require_encryption=True)
try:
    security = Security(**tls) if pem else Security(require_encryption=False)
    with Client(address, security=security, timeout=5) as client:
        print("connected:", client.submit(sum, [1, 2]).result(timeout=20))
except OSError as error:
    while error is not None:
        print("rejected:", type(error).__name__, error)
        error = error.__cause__
"""

#: Does a TLS handshake with a PEM file, and prints whether the server answers or its alert.
HANDSHAKE = """
import socket, ssl, sys

node, port, pem = sys.argv[1:]
context = ssl.create_default_context(cafile=pem)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.load_cert_chain(pem)
try:
    with context.wrap_socket(socket.create_connection((node, int(port)), 5)) as connection:
        print("answered:", connection.recv(1) != b"")
except OSError as error:
    print("rejected:", error)
"""


def certificate(name: str, key, issuer: str, issuer_key, days: float, ca: bool = False) -> x509.Certificate:
    """Create a certificate that expires in `days` days."""
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
    now = datetime.now(UTC)
    draft = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1])
    draft = draft.public_key(key.public_key()).serial_number(x509.random_serial_number())
    draft = draft.not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=days))
    draft = draft.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return draft.sign(issuer_key, hashes.SHA256())


def bundle(key, *certificates: x509.Certificate) -> str:
    """Return a PEM text of a key and certificates."""
    private_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return b"".join([private_key, *(one.public_bytes(Encoding.PEM) for one in certificates)]).decode()


def client_of_other_ca() -> str:
    """Return the PEM text of a client with a valid certificate of another CA."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = certificate("other", ca_key, "other", ca_key, 30, ca=True)
    return bundle(key, certificate("client", key, "other", ca_key, 30), root)


def expired_client(ca: str) -> str:
    """Return the PEM text of a client with a certificate of the cluster's CA that expired yesterday."""
    issuer_key = load_pem_private_key(ca.encode(), None)
    [root] = x509.load_pem_x509_certificates(ca.encode())
    [name] = root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    key = ec.generate_private_key(ec.SECP256R1())
    return bundle(key, certificate("client", key, name.value, issuer_key, -1), root)


@pytest.fixture(scope="module")
def client(cluster):
    """An administrator's node."""
    return cluster.client


def connect(client, address: str, pem: str = "") -> str:
    """Connect a Dask client with a PEM text, or without TLS. Returns what CONNECT prints."""
    path = "/root/test.pem" if pem else ""
    if pem:
        client.write(path, pem, "0600")
    return client.python(CONNECT, address, path)


def handshake(client, pem: str) -> str:
    """Do a TLS handshake with the scheduler. Returns what HANDSHAKE prints."""
    client.write("/root/test.pem", pem, "0600")
    return client.python(HANDSHAKE, *SCHEDULER.split(":"), "/root/test.pem").strip()


def test_the_right_client_is_admitted(rig, client):
    pem = rig.aws.get_secret("/dask/rig/client")
    assert connect(client, f"tls://{SCHEDULER}", pem).strip() == "connected: 3"
    assert handshake(client, pem) == "answered: True"


def test_a_client_without_tls_is_rejected(cluster, client):
    output = connect(client, f"tcp://{SCHEDULER}")
    # Which error Dask raises depends on timing.
    assert output.startswith(("rejected: CommClosedError", "rejected: OSError Timed out"))
    log = cluster.scheduler.run("journalctl --unit dask-scheduler --output cat")
    assert re.search(r"TLS handshake failed with remote .*10\.88\.0\.5", log)


def test_a_client_of_another_ca_is_rejected(rig, client):
    assert "connected" not in connect(client, f"tls://{SCHEDULER}", client_of_other_ca())
    assert "alert unknown ca" in handshake(client, client_of_other_ca()).lower()


def test_an_expired_certificate_is_rejected(rig, client):
    pem = expired_client(rig.aws.get_secret("/dask/rig/authority"))
    assert "connected" not in connect(client, f"tls://{SCHEDULER}", pem)
    assert "alert certificate expired" in handshake(client, pem).lower()


def test_a_client_outside_the_admin_subnets_reaches_nothing(rig, cluster):
    other_client = rig.client("10.99.0.7", cluster.scheduler, OTHER_GATEWAY)
    other_client.write("/root/test.pem", rig.aws.get_secret("/dask/rig/client"), "0600")
    for port in (8786, 8787):
        done = other_client.run(
            "curl",
            "--silent",
            "--insecure",
            "--max-time",
            "3",
            f"https://{cluster.scheduler.address}:{port}/",
        )
        assert done.returncode == 28, done


def request_dashboard(client, path: str, *options: str) -> tuple[int, str]:
    """Send a request to the dashboard proxy, with verified TLS. Returns status and headers."""
    request = (
        "curl",
        "--silent",
        "--show-error",
        "--max-time",
        "10",
        "--cacert",
        "/root/.dask/rig/client.pem",
    )
    done = client.run(*request, "--dump-header", "-", "--output", "/dev/null", *options, f"{DASHBOARD}{path}")
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[1]), done.stdout


@pytest.mark.parametrize("options", [(), ("--user", "dask:wrong")], ids=["no-password", "wrong-password"])
def test_the_dashboard_requires_the_password(client, options):
    status, headers = request_dashboard(client, "/status", *options)
    assert status == 401
    assert "www-authenticate: basic" in headers.lower()


def test_the_dashboard_opens_with_the_password(rig, client):
    password = rig.aws.get_secret("/dask/rig/dashboard")
    assert request_dashboard(client, "/status", "--user", f"dask:{password}")[0] == 200
    assert request_dashboard(client, "/metrics", "--user", f"dask:{password}")[0] == 200


def sockets(node) -> list[str]:
    """Return the addresses and ports on which a node listens."""
    return node.run("ss --listening --tcp --numeric --no-header | awk '{ print $4 }'").split()


#: Enables the scheduler's HTTP API, which is not among the default routes, until its restart.
SERVE_API = """
from distributed import Client

def serve(dask_scheduler):
    from distributed.http.utils import get_handlers
    handlers = get_handlers(dask_scheduler, ["distributed.http.scheduler.api"])
    dask_scheduler.http_application.add_handlers(".*$", handlers)

with Client(timeout=20) as client:
    client.run_on_scheduler(serve)
"""


def test_the_http_api_is_not_reachable_from_other_nodes(rig, cluster, client):
    client.python(SERVE_API)
    known = cluster.scheduler.run("curl --silent http://127.0.0.1:8788/api/v1/get_workers")
    assert json.loads(known)["num_workers"] > 0
    password = rig.aws.get_secret("/dask/rig/dashboard")
    user = ("--user", f"dask:{password}")
    assert request_dashboard(client, "/api/v1/get_workers", *user)[0] == 404
    retire = ("--request", "POST", "--data", '{"workers": []}')
    assert request_dashboard(client, "/api/v1/retire_workers", *user, *retire)[0] == 404
    listening = sockets(cluster.scheduler)
    assert "127.0.0.1:8788" in listening
    assert [one for one in listening if one.endswith(":8788")] == ["127.0.0.1:8788"]
    done = cluster.first.attempt(f"curl --silent --max-time 3 http://{cluster.scheduler.address}:8788/health")
    assert done.returncode in (7, 28), done


def test_the_scheduler_listens_only_on_its_ports(cluster):
    open_ports = {one.rpartition(":")[2] for one in sockets(cluster.scheduler) if not one.startswith("127.")}
    assert open_ports == {"8786", "8787"}


def secrets(rig) -> dict[str, str]:
    """Return a line of each private key, and the password, by secret name."""
    found = {}
    for name in ("authority", "worker", "client"):
        [key] = re.findall(
            r"-+BEGIN[A-Z ]*PRIVATE KEY-+\n(.*?)\n-+END", rig.aws.get_secret(f"/dask/rig/{name}"), re.S
        )
        found[name] = key.splitlines()[1]
    return {**found, "dashboard": rig.aws.get_secret("/dask/rig/dashboard")}


def key_line(node) -> str:
    """Return a line of a node's private key."""
    return node.run("sed -n '/BEGIN.*PRIVATE/,/END/p' /etc/dask/tls/node.pem | sed -n 3p")


@pytest.mark.parametrize("name", ["scheduler", "first", "gpu"])
def test_no_private_key_is_in_a_readable_place(rig, cluster, name):
    node = getattr(cluster, name)
    wanted = {**secrets(rig), "own": key_line(node)}
    assert all(len(value) >= 16 for value in wanted.values())
    patterns = "\n".join(wanted.values()) + "\n"
    node.write("/root/patterns", patterns, 0o600)
    # Control: the search finds the key in its file.
    assert node.run("grep --fixed-strings --count --file /root/patterns /etc/dask/tls/node.pem") != "0"
    found = node.run(
        "find / -xdev -type f -perm /o+r -size -4M -not -path '/proc/*' -not -path '/sys/*' -print0 |"
        " xargs --null grep --fixed-strings --files-with-matches --file /root/patterns || true",
        120,
    )
    assert found == ""
    for source in (
        "journalctl --output export",
        "cat /var/log/dask-node.log /var/log/cloud-init*.log",
        "cat /proc/[0-9]*/cmdline",
        "cat /var/lib/cloud/instance/user-data.txt | { zcat --force || true; }",
    ):
        assert node.run(f"{source} | grep --text --fixed-strings --file /root/patterns || true") == "", source
    assert not [value for value in wanted.values() if value in node.console()]
    node.run("rm /root/patterns")


def test_no_private_key_is_in_the_terraform_configuration(rig):
    written = (rig.namespaces.folder / "synthesized" / "stacks" / "rig" / "cdk.tf.json").read_text()
    for name, value in secrets(rig).items():
        assert value not in written, name
    assert "PRIVATE KEY" not in written
    assert "aws_secretsmanager_secret_version" not in written


#: Shell command: prints the fingerprint of the certificate on each of Dask's ports.
FINGERPRINTS = (
    "{ for port in 8786 9000 9100; do for own in 127.0.0.1 $(hostname --all-ip-addresses); do"
    " echo | timeout 5 openssl s_client -connect $own:$port"
    " -cert /etc/dask/tls/node.pem -key /etc/dask/tls/node.pem 2>/dev/null |"
    " openssl x509 -noout -fingerprint -sha256 2>/dev/null && break; done; done; true; }"
)


def fingerprints(node) -> list[str]:
    """Return the fingerprint of the certificate on each of Dask's ports."""
    return [line.partition("=")[2] for line in node.run(FINGERPRINTS).splitlines()]


#: Squares numbers for the seconds of its argument, and prints how many results were right.
WORK = """
import sys, time
from distributed import Client

with Client(timeout=20) as client:
    until, right = time.time() + float(sys.argv[1]), 0
    while time.time() < until:
        numbers = list(range(40))
        found = client.gather(client.map(lambda n: (time.sleep(0.01), n * n)[1], numbers, pure=False))
        assert found == [n * n for n in numbers]
        right += len(found)
print(right)
"""


def test_certificates_are_renewed_while_tasks_run(rig, cluster, client):
    nodes = (cluster.scheduler, cluster.first, cluster.second)
    before = [fingerprints(node) for node in nodes]
    # The scheduler listens on one port, a worker and its nanny on two.
    assert [len(shown) for shown in before] == [1, 2, 2]
    processes = [node.run("pgrep --uid dask --list-full | grep dask") for node in nodes]
    bundle_before = rig.aws.get_secret("/dask/rig/client")
    working = client.start("/opt/dask/env/bin/python", "-c", WORK, "75")

    cluster.scheduler.run("/usr/local/lib/dask-node/run.sh certificates renew")
    for node in nodes[1:]:
        node.run("systemctl start dask-certificates")
    for node, shown in zip(nodes, before, strict=True):
        wanted = node.run("openssl x509 -noout -fingerprint -sha256 -in /etc/dask/tls/node.pem")
        wanted = wanted.partition("=")[2]
        node.wait_for(
            f"[[ $({FINGERPRINTS} | grep --count {wanted}) == {len(shown)} ]]",
            60,
            "the new certificate on all its ports",
        )
        assert set(shown) != {wanted}

    right, errors = working.communicate(timeout=120)
    assert int(right or 0) > 0, errors
    assert [node.run("pgrep --uid dask --list-full | grep dask") for node in nodes] == processes
    # The old bundle is valid until its certificate expires.
    assert rig.aws.get_secret("/dask/rig/client") != bundle_before
    assert connect(client, f"tls://{SCHEDULER}", bundle_before).strip() == "connected: 3"
    assert (
        connect(client, f"tls://{SCHEDULER}", rig.aws.get_secret("/dask/rig/client")).strip()
        == "connected: 3"
    )


def test_the_expiry_of_a_certificate_is_a_metric(rig, cluster):
    found = cluster.scheduler.run("curl --silent http://127.0.0.1:8788/metrics")
    [value] = re.findall(r"^dask_tls_certificate_not_after_seconds(?:\{.*\})? (\S+)$", found, re.M)
    ends = cluster.scheduler.run("openssl x509 -noout -enddate -in /etc/dask/tls/node.pem").partition("=")[2]
    assert float(value) == ssl.cert_time_to_seconds(ends)


def test_the_smoke_test_uses_the_bundle(rig, cluster):
    done = cluster.client.smoke_test()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["address"] == f"tls://{SCHEDULER}"
