"""The command that creates the certificates of a cluster on one computer."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import DNSName
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from cdktf_dask.tls.pem import read_certificates, verify_pem
from cluster import ENVIRONMENT, SOURCES


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The files of the nodes and of the clients, as the command writes them."""
    return run(tmp_path_factory.mktemp("certificates"))


def run(folder: Path) -> tuple[Path, Path]:
    files = folder / "node.pem", folder / "client.pem"
    done = subprocess.run(
        [sys.executable, "-B", "-m", "cdktf_dask.tls", "mine", *files],
        env=ENVIRONMENT | {"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return files


def test_both_files_are_of_one_ca_and_only_their_owner_can_read_them(files):
    node, client = (file.read_text() for file in files)
    assert [verify_pem(pem, datetime.now(UTC)) for pem in (node, client)] == [None, None]
    assert read_certificates(node)[1] == read_certificates(client)[1]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]


def test_the_private_key_of_the_ca_is_not_written(files):
    assert [file.read_text().count("BEGIN PRIVATE KEY") for file in files] == [1, 1]
    assert sorted(file.name for file in files[0].parent.iterdir()) == ["client.pem", "node.pem"]


def test_all_certificates_are_valid_for_a_year(files):
    certificates = [one for file in files for one in read_certificates(file.read_text())]
    assert len(certificates) == 4
    for one in certificates:
        assert one.not_valid_after_utc - one.not_valid_before_utc == timedelta(days=365)


def test_subjects(files):
    (node, ca), (client, _) = (read_certificates(file.read_text()) for file in files)
    subjects = [one.subject.rfc4514_string() for one in (ca, node, client)]
    assert subjects == ["CN=CA of mine", "CN=node of mine", "CN=client of mine"]


def test_a_tls_client_accepts_the_certificate_of_the_nodes_for_localhost_only(files):
    node, ca = read_certificates(files[0].read_text())
    builder = PolicyBuilder().store(Store([ca]))
    assert builder.build_server_verifier(DNSName("localhost")).verify(node, []) == [node, ca]
    with pytest.raises(VerificationError):
        builder.build_server_verifier(DNSName("example.com")).verify(node, [])


def test_each_run_creates_a_new_ca(files, tmp_path):
    first, second = (read_certificates(node.read_text())[1] for node in (files[0], run(tmp_path)[0]))
    assert first.public_key() != second.public_key()
