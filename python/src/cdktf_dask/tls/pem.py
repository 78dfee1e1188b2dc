"""Reads and verifies PEMs."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

RENEW_DAYS = 30
"""A certificate is renewed once it is valid for fewer days than this."""


def read_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """Read the private key. Raises `ValueError` if there is none, or one of another type."""
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"the private key is a {type(key).__name__}, expected an EC key")
    return key


def read_certificates(pem: str) -> list[x509.Certificate]:
    """Read the certificate and, after it, the CA certificate. Raises `ValueError` if there is none."""
    return x509.load_pem_x509_certificates(pem.encode())


def needs_renewal(pem: str, ca: str, now: datetime, days: float = RENEW_DAYS) -> bool:
    """Whether a certificate has to be replaced.

    This is so if it ends in fewer than `days`, if `ca` (a PEM of a CA) did not sign it, or if key or
    certificate are missing or do not belong together. `needs_renewal(ca, ca, now, days)` checks a CA.
    """
    try:
        key, certificate, issuer = read_key(pem), read_certificates(pem)[0], read_certificates(ca)[0]
    except ValueError:
        return True
    return (
        key.public_key() != certificate.public_key()
        or not _signed(certificate, issuer)
        or certificate.not_valid_after_utc - now < timedelta(days=days)
    )


def verify_pem(pem: str, now: datetime) -> str | None:
    """Return why a PEM cannot be used.

    Returns `None` if key, certificate and CA certificate belong together and are valid at the time `now`.
    """
    try:
        certificates = read_certificates(pem)
    except ValueError:
        return "it has no certificate"
    try:
        key = read_key(pem)
    except ValueError:
        return "it has no private key"
    if len(certificates) != 2:
        return f"it has {len(certificates)} certificates, expected its own and the CA certificate"
    certificate, ca = certificates
    if key.public_key() != certificate.public_key():
        return "its private key belongs to another certificate"
    if not _is_ca(ca) or not _signed(certificate, ca):
        return "its CA certificate did not sign its certificate"
    for name, one in (("certificate", certificate), ("CA certificate", ca)):
        if now < one.not_valid_before_utc:
            return f"its {name} is not valid before {_time(one.not_valid_before_utc)}"
        if now > one.not_valid_after_utc:
            return f"its {name} expired at {_time(one.not_valid_after_utc)}"
    return None


def describe(pem: str) -> str:
    """Return fingerprint and end of a certificate, such as `SHA-256 AB:CD:… until 2027-02-24T07:08:16Z`."""
    certificate = read_certificates(pem)[0]
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    return f"SHA-256 {fingerprint} until {_time(certificate.not_valid_after_utc)}"


def _signed(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
