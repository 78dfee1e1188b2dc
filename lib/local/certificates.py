"""Makes the authority of a cluster on one machine, and the certificates that it signs.

    certificates.py CLUSTER NODE.pem CLIENT.pem

NODE.pem is for scheduler and workers, CLIENT.pem for clients. Each holds a private key, its certificate and
the authority's, as on the machines of a cluster on AWS. The authority's own key is never written: nobody can
have another certificate signed, and who starts the cluster anew makes a new authority.
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
"""Nothing renews them while the cluster runs."""

NAMES = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
CLIENT = [ExtendedKeyUsageOID.CLIENT_AUTH]
NODE = [ExtendedKeyUsageOID.SERVER_AUTH, *CLIENT]
"""Scheduler and workers connect to each other, and take connections."""


class Authority:
    """Signs with a key that exists in this process alone."""

    def __init__(self, cluster: str):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name(f"authority of {cluster}")
        unused = dict.fromkeys(UNUSED, False)
        self.certificate = (
            self.draft(self.name, self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **unused), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def issue(self, holder: str, *extensions: x509.ExtensionType) -> bytes:
        """A new key, its certificate and the authority's, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        draft = self.draft(name(holder), key)
        draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        for extension in extensions:
            draft = draft.add_extension(extension, critical=False)
        certificates = (draft.sign(self.key, hashes.SHA256()), self.certificate)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return b"".join([secret, *(certificate.public_bytes(Encoding.PEM) for certificate in certificates)])

    def draft(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        """What every certificate of this authority says."""
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


def name(common: str) -> x509.Name:
    """A name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def write(file: str, content: bytes) -> None:
    """Write a file that only its owner may read, in one step."""
    temporary = f"{file}.tmp"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(content)
    os.replace(temporary, file)


def main(cluster: str, node: str, client: str) -> None:
    """Make both files."""
    authority = Authority(cluster)
    write(node, authority.issue(f"node of {cluster}", x509.ExtendedKeyUsage(NODE), NAMES))
    write(client, authority.issue(f"client of {cluster}", x509.ExtendedKeyUsage(CLIENT)))


if __name__ == "__main__":
    main(*sys.argv[1:])
