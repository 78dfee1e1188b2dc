"""Double of a public CA, created at its first use.

certificates.py FOLDER    creates FOLDER/ca.pem, for the trust store of nodes, and prints its path
"""

import fcntl
import ssl
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

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

#: Maximum length of a common name (RFC 5280, ub-common-name). Subject alternative names are not limited.
MAX_COMMON_NAME = 64

Key = ec.EllipticCurvePrivateKey
CA_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cdktf-dask boot tests")])


def ca_certificate(folder: Path) -> Path:
    """Return the path of the CA certificate. A lock lets only one server create it."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate = folder / "ca.pem"
    with open(folder / "ca.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not certificate.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            draft = _draft(CA_NAME, key, key, x509.BasicConstraints(ca=True, path_length=0))
            usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            signed = draft.add_extension(usage, critical=True).sign(key, hashes.SHA256())
            _write_key(folder / "ca.key", key)
            certificate.write_bytes(signed.public_bytes(Encoding.PEM))
    return certificate


def server_context(folder: Path, *names: str) -> ssl.SSLContext:
    """Return a TLS context with a certificate for these names and addresses, signed by the folder's CA."""
    ca_certificate(folder)
    issuer = load_pem_private_key((folder / "ca.key").read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:MAX_COMMON_NAME])])
    draft = _draft(subject, key, issuer, x509.BasicConstraints(ca=False, path_length=None))
    alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
    signed = draft.add_extension(alternatives, critical=False).sign(issuer, hashes.SHA256())
    file = folder / f"{names[0]}.pem"
    _write_key(file, key)
    with open(file, "ab") as chain:
        chain.write(signed.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _draft(subject: x509.Name, key: Key, issuer: Key, kind: x509.BasicConstraints):
    """Return an unsigned certificate. It is valid from yesterday, because clocks can differ."""
    now, public = datetime.now(UTC), key.public_key()
    draft = x509.CertificateBuilder().subject_name(subject).issuer_name(CA_NAME).public_key(public)
    draft = draft.serial_number(x509.random_serial_number())
    draft = draft.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    draft = draft.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
    return draft.add_extension(above, critical=False).add_extension(kind, critical=True)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_key(file: Path, key: Key) -> None:
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


if __name__ == "__main__":
    print(ca_certificate(Path(sys.argv[1])))
