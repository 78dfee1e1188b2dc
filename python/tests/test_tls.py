"""CA, certificates and their verification."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from cdktf_dask.tls.ca import Profile, create_ca, issue
from cdktf_dask.tls.files import replace
from cdktf_dask.tls.pem import describe, needs_renewal, read_certificates, read_key, verify_pem

NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
CA = create_ca("mine", NOW)
NODE = issue(CA, "scheduler of mine", Profile.NODE, NOW, names=["scheduler.mine.internal", "10.0.0.4"])
CLIENT = issue(CA, "client of mine", Profile.CLIENT, NOW)
OTHER_CA = create_ca("mine", NOW)
OTHER_NODE = issue(OTHER_CA, "scheduler of mine", Profile.NODE, NOW)


def blocks(pem: str) -> list[str]:
    """Key and certificates of a PEM."""
    return [f"-----BEGIN {block}" for block in pem.split("-----BEGIN ")[1:]]


def extensions(certificate: x509.Certificate) -> dict[type, tuple[bool, x509.ExtensionType]]:
    """Whether it is critical, and its value, by the extension's type."""
    return {type(one.value): (one.critical, one.value) for one in certificate.extensions}


def key_usage(certificate: x509.Certificate) -> set[str]:
    critical, usage = extensions(certificate)[x509.KeyUsage]
    assert critical
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    return {name for name in (*names, "key_agreement", "key_cert_sign", "crl_sign") if getattr(usage, name)}


def days(certificate: x509.Certificate) -> int:
    assert certificate.not_valid_before_utc == NOW
    return (certificate.not_valid_after_utc - NOW).days


def test_a_pem_has_the_key_the_certificate_and_the_ca_certificate():
    [ca] = read_certificates(CA)
    for pem in (NODE, CLIENT):
        assert read_certificates(pem)[1:] == [ca]
        assert read_key(pem).public_key() == read_certificates(pem)[0].public_key()
    assert [len(blocks(pem)) for pem in (CA, NODE, CLIENT)] == [2, 3, 3]
    assert [isinstance(read_key(pem).curve, ec.SECP256R1) for pem in (CA, NODE, CLIENT)] == [True] * 3


def test_the_ca_can_sign_certificates_but_no_other_ca():
    [ca] = read_certificates(CA)
    assert ca.subject.rfc4514_string() == ca.issuer.rfc4514_string() == "CN=CA of mine"
    assert days(ca) == 3650
    assert key_usage(ca) == {"key_cert_sign", "crl_sign"}
    assert extensions(ca)[x509.BasicConstraints] == (True, x509.BasicConstraints(True, 0))
    assert x509.ExtendedKeyUsage not in extensions(ca)


@pytest.mark.parametrize(
    ("pem", "subject", "usages"),
    [
        (
            NODE,
            "CN=scheduler of mine",
            [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
        ),
        (CLIENT, "CN=client of mine", [ExtendedKeyUsageOID.CLIENT_AUTH]),
    ],
)
def test_a_certificate_has_the_usages_of_its_profile(pem, subject, usages):
    certificate, ca = read_certificates(pem)
    certificate.verify_directly_issued_by(ca)
    assert certificate.subject.rfc4514_string() == subject
    assert days(certificate) == 90
    assert key_usage(certificate) == {"digital_signature"}
    found = extensions(certificate)
    assert found[x509.BasicConstraints] == (True, x509.BasicConstraints(False, None))
    assert found[x509.ExtendedKeyUsage] == (False, x509.ExtendedKeyUsage(usages))
    own = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    assert found[x509.SubjectKeyIdentifier] == (False, own)
    issuers = x509.AuthorityKeyIdentifier.from_issuer_public_key(read_key(CA).public_key())
    assert found[x509.AuthorityKeyIdentifier] == (False, issuers)


def test_names_are_dns_names_and_ip_addresses():
    names = extensions(read_certificates(NODE)[0])[x509.SubjectAlternativeName]
    addresses = [x509.DNSName("scheduler.mine.internal"), x509.IPAddress(IPv4Address("10.0.0.4"))]
    assert names == (False, x509.SubjectAlternativeName(addresses))
    assert x509.SubjectAlternativeName not in extensions(read_certificates(CLIENT)[0])


def test_keys_and_serial_numbers_are_new_each_time():
    again = issue(CA, "scheduler of mine", Profile.NODE, NOW)
    first, second = read_certificates(NODE)[0], read_certificates(again)[0]
    assert first.public_key() != second.public_key()
    assert first.serial_number != second.serial_number


@pytest.mark.parametrize(("left", "renewed"), [(29.9, True), (30, False), (31, False)])
def test_a_certificate_is_renewed_with_less_than_30_days_left(left, renewed):
    assert needs_renewal(NODE, CA, NOW + timedelta(days=90 - left)) is renewed


@pytest.mark.parametrize(("left", "renewed"), [(89, True), (90, False)])
def test_a_ca_is_renewed_with_less_than_the_given_days_left(left, renewed):
    assert needs_renewal(CA, CA, NOW + timedelta(days=3650 - left), days=90) is renewed


@pytest.mark.parametrize(
    "pem",
    [
        OTHER_NODE,
        blocks(OTHER_NODE)[0] + "".join(blocks(NODE)[1:]),
        "".join(blocks(NODE)[1:]),
        blocks(NODE)[0],
        "",
    ],
    ids=["of another CA", "key of another certificate", "no key", "no certificate", "empty"],
)
def test_a_certificate_is_renewed_if_it_is_of_no_use(pem):
    assert needs_renewal(pem, CA, NOW) is True


def test_key_certificate_and_ca_that_belong_together_are_valid():
    assert [verify_pem(pem, NOW) for pem in (NODE, CLIENT, OTHER_NODE)] == [None, None, None]


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        ("", "it has no certificate"),
        ("nothing", "it has no certificate"),
        ("".join(blocks(NODE)[1:]), "it has no private key"),
        (CA, "it has 1 certificates, expected its own and the CA certificate"),
        (
            blocks(OTHER_NODE)[0] + "".join(blocks(NODE)[1:]),
            "its private key belongs to another certificate",
        ),
        ("".join(blocks(NODE)[:2]) + blocks(OTHER_CA)[1], "its CA certificate did not sign its certificate"),
        # Signed by a certificate that is not a CA's.
        (
            issue("".join(blocks(NODE)[:2]), "other", Profile.NODE, NOW),
            "its CA certificate did not sign its certificate",
        ),
    ],
)
def test_what_does_not_belong_together_is_of_no_use(pem, reason):
    assert verify_pem(pem, NOW) == reason


@pytest.mark.parametrize(
    ("pem", "now", "reason"),
    [
        (NODE, NOW - timedelta(seconds=1), "its certificate is not valid before 2026-11-26T12:00:00Z"),
        (NODE, NOW + timedelta(days=90, seconds=1), "its certificate expired at 2027-02-24T12:00:00Z"),
        (
            issue(create_ca("mine", NOW, 1), "node", Profile.NODE, NOW),
            NOW + timedelta(days=2),
            "its CA certificate expired at 2026-11-27T12:00:00Z",
        ),
    ],
)
def test_what_is_not_valid_now_is_of_no_use(pem, now, reason):
    assert verify_pem(pem, now) == reason


def test_a_description_has_fingerprint_and_end():
    assert describe(NODE).endswith(" until 2027-02-24T12:00:00Z")
    assert len(describe(NODE).removeprefix("SHA-256 ").split(" until ")[0].split(":")) == 32


def test_a_ca_without_its_key_signs_nothing():
    with pytest.raises(ValueError, match="PEM"):
        issue(blocks(CA)[1], "node", Profile.NODE, NOW)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
class TestOpenssl:
    """openssl has the same opinion."""

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        for name, pem in (("ca", CA), ("other-ca", OTHER_CA), ("node", NODE), ("client", CLIENT)):
            (folder / f"{name}.pem").write_text(pem)
        command = ["openssl", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30)

    def verify(self, folder: Path, ca: str, purpose: str, pem: str) -> str:
        strict = ["-x509_strict", "-attime", str(int(NOW.timestamp()) + 1), "-purpose", purpose]
        done = self.run(folder, "verify", "-CAfile", f"{ca}.pem", *strict, f"{pem}.pem")
        return done.stdout + done.stderr

    def test_a_node_is_server_and_client(self, tmp_path):
        for purpose in ("sslserver", "sslclient"):
            assert self.verify(tmp_path, "ca", purpose, "node") == "node.pem: OK\n"

    def test_a_client_is_no_server(self, tmp_path):
        assert self.verify(tmp_path, "ca", "sslclient", "client") == "client.pem: OK\n"
        assert "unsuitable certificate purpose" in self.verify(tmp_path, "ca", "sslserver", "client")

    def test_another_ca_did_not_sign_it(self, tmp_path):
        assert "verification failed" in self.verify(tmp_path, "other-ca", "sslserver", "node")

    def test_the_fingerprint_is_that_of_openssl(self, tmp_path):
        done = self.run(tmp_path, "x509", "-in", "node.pem", "-noout", "-fingerprint", "-sha256")
        fingerprint = describe(NODE).removeprefix("SHA-256 ").split(" ")[0]
        assert done.stdout.lower() == f"sha256 fingerprint={fingerprint}\n".lower()


def test_a_file_is_replaced_with_its_mode(tmp_path):
    file = tmp_path / "node.pem"
    file.write_text("old")
    before = file.stat().st_ino
    (tmp_path / "node.pem.new").write_text("left by a process that was killed")
    replace(file, "new", 0o400)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o400)
    assert file.stat().st_ino != before
    assert [one.name for one in tmp_path.iterdir()] == ["node.pem"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    file = tmp_path / "node.pem"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        replace(file, "\ud800", 0o400)
    assert file.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["node.pem"]
