"""Creates a CA, and certificates that it signs. Keys are EC keys on P-256; signatures use SHA-256."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cdktf_dask.tls.pem import read_certificates, read_key

CA_DAYS = 3650
"""Validity of a CA."""

CERTIFICATE_DAYS = 90
"""Validity of a certificate that the CA signs."""


class Profile(Enum):
    """What a certificate may be used for, as extended key usage."""

    NODE = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    """Scheduler and workers accept connections, and connect to each other."""

    CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    """A client only connects."""


def create_ca(cluster: str, now: datetime, days: float = CA_DAYS) -> str:
    """Create the CA of a cluster: its private key and its certificate, as PEM. It can sign no other CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"CA of {cluster}")
    certificate = (
        _draft(name, name, key, key, now, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pem(key, certificate)


def issue(
    ca: str,
    common_name: str,
    profile: Profile,
    now: datetime,
    *,
    names: Iterable[str] = (),
    days: float = CERTIFICATE_DAYS,
) -> str:
    """Create a private key and its certificate, signed by a CA, as PEM with the CA certificate.

    `names` are the DNS names and IP addresses of a server. Raises `ValueError` if `ca` has no key or no
    certificate.
    """
    ca_key, (ca_certificate, *_) = read_key(ca), read_certificates(ca)
    key = ec.generate_private_key(ec.SECP256R1())
    draft = (
        _draft(ca_certificate.subject, _name(common_name), key, ca_key, now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage(profile.value), critical=False)
    )
    alternatives = [_alternative(name) for name in names]
    if alternatives:
        draft = draft.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return _pem(key, draft.sign(ca_key, hashes.SHA256()), ca_certificate)


def _draft(
    issuer: x509.Name,
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    days: float,
) -> x509.CertificateBuilder:
    """The fields that all certificates have."""
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuers = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(own, critical=False)
        .add_extension(issuers, critical=False)
    )


_KEY_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def _key_usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in allowed for usage in _KEY_USAGES})


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey, *certificates: x509.Certificate) -> str:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return b"".join([private, *(one.public_bytes(Encoding.PEM) for one in certificates)]).decode()
