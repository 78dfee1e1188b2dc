"""The certificates of a local cluster, and the CA that signs them."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from cdktf_dask.certificates import LIFETIME
from cluster import ENVIRONMENT, SOURCES


@pytest.fixture(scope="module")
def pems(tmp_path_factory):
    """The files of the nodes and of the clients, as the command writes them."""
    folder = tmp_path_factory.mktemp("certificates")
    files = folder / "node.pem", folder / "client.pem"
    run("mine", *files)
    return files


def run(cluster: str, node: Path, client: Path) -> None:
    command = [sys.executable, "-B", "-m", "cdktf_dask.certificates", cluster, node, client]
    done = subprocess.run(
        command,
        env=ENVIRONMENT | {"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def read(pem: Path) -> tuple[x509.Certificate, x509.Certificate]:
    """The certificate and the CA certificate of a file."""
    certificate, ca = x509.load_pem_x509_certificates(pem.read_bytes())
    return certificate, ca


def common_name(certificate: x509.Certificate) -> str:
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def test_each_file_has_the_key_of_its_certificate_and_only_its_owner_may_read_it(pems):
    for pem in pems:
        key = load_pem_private_key(pem.read_bytes(), None)
        assert read(pem)[0].public_key() == key.public_key()
        assert pem.read_text().count("PRIVATE KEY-----\n") == 2, "one key, between its two marks"
        assert pem.stat().st_mode & 0o777 == 0o600


def test_the_ca_signs_both_and_can_sign_no_other_ca(pems):
    (node, ca), (client, same) = map(read, pems)
    assert ca == same
    for certificate in (node, client):
        certificate.verify_directly_issued_by(ca)
        assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == LIFETIME
        assert certificate.not_valid_before_utc <= datetime.now(UTC)
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value) == (True, x509.BasicConstraints(True, 0))


def test_names_and_uses(pems):
    (node, ca), (client, _) = map(read, pems)
    names = [common_name(certificate) for certificate in (ca, node, client)]
    assert names == ["authority of mine", "node of mine", "client of mine"]
    usages = [
        list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        for certificate in (node, client)
    ]
    assert usages == [
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
        [ExtendedKeyUsageOID.CLIENT_AUTH],
    ]


def test_a_tls_client_accepts_the_certificate_of_the_nodes_for_localhost_only(pems):
    node, ca = read(pems[0])
    builder = PolicyBuilder().store(Store([ca]))
    chain = builder.build_server_verifier(x509.DNSName("localhost")).verify(node, [])
    assert chain == [node, ca]
    with pytest.raises(VerificationError):
        builder.build_server_verifier(x509.DNSName("example.com")).verify(node, [])


def test_each_run_creates_a_new_ca(pems, tmp_path):
    files = tmp_path / "node.pem", tmp_path / "client.pem"
    run("mine", *files)
    assert read(files[0])[1].public_key() != read(pems[0])[1].public_key()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["client.pem", "node.pem"]
