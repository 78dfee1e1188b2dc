"""Creates the certificates of a local cluster, and the CA that signs them.

    python -m cdktf_dask.certificates CLUSTER NODE.pem CLIENT.pem

NODE.pem is for scheduler and workers, CLIENT.pem for clients. Each file has a private key, its certificate
and the CA certificate, as on the nodes of a cluster on AWS. The private key of the CA is never written: no
other certificate can be signed, and each start of the cluster creates a new CA.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)
"""They are not renewed while the cluster runs."""

NAMES = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
CLIENT = [ExtendedKeyUsageOID.CLIENT_AUTH]
NODE = [ExtendedKeyUsageOID.SERVER_AUTH, *CLIENT]
"""Scheduler and workers accept connections and connect to each other."""


class CertificateAuthority:
    """A CA whose private key exists only in this process."""

    def __init__(self, cluster: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name(f"authority of {cluster}")
        unused = dict.fromkeys(UNUSED, False)
        self.certificate = (
            self.draft(self.name, self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **unused), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def issue(self, common_name: str, *extensions: x509.ExtensionType) -> bytes:
        """A new private key, its certificate and the CA certificate, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        draft = self.draft(name(common_name), key)
        draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        for extension in extensions:
            draft = draft.add_extension(extension, critical=False)
        certificates = (draft.sign(self.key, hashes.SHA256()), self.certificate)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return b"".join([secret, *(certificate.public_bytes(Encoding.PEM) for certificate in certificates)])

    def draft(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        """The fields that all certificates of this CA have."""
        now = datetime.now(UTC)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(issuer, critical=False)
        )


UNUSED = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("encipher_only", "decipher_only"),
)


def name(common_name: str) -> x509.Name:
    """A distinguished name of one attribute."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def write(file: str, content: bytes) -> None:
    """Replaces a file atomically; only its owner may read it."""
    temporary = f"{file}.tmp"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(content)
    os.replace(temporary, file)


def main(cluster: str, node: str, client: str) -> None:
    """Writes both files."""
    ca = CertificateAuthority(cluster)
    write(node, ca.issue(f"node of {cluster}", x509.ExtendedKeyUsage(NODE), NAMES))
    write(client, ca.issue(f"client of {cluster}", x509.ExtendedKeyUsage(CLIENT)))


if __name__ == "__main__":
    main(*sys.argv[1:])
