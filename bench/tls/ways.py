"""The ways in which the members of a cluster may talk."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """What differs from the cluster's own settings."""

    tls: bool = True
    version: float | None = None
    ciphers: str | None = None
    """Of TLS 1.2, in OpenSSL's words; Dask sets them."""
    suites: str | None = None
    """Of TLS 1.3, which neither Dask nor Python can set: OpenSSL reads them from its own file."""

    def dask(self) -> dict:
        """Dask's configuration."""
        tls = {"min-version": self.version, "max-version": self.version} if self.version else {}
        tls |= {"ciphers": self.ciphers} if self.ciphers else {}
        return {"distributed": {"comm": {"compression": "auto", "tls": tls}}}

    def openssl(self) -> str:
        """OpenSSL's configuration."""
        sections = (
            "openssl_conf = all",
            "[all]\nssl_conf = ssl",
            "[ssl]\nsystem_default = tls",
            f"[tls]\nCiphersuites = {self.suites}",
        )
        return "\n".join(sections) + "\n"


PLAIN = Way(tls=False)
DEFAULT = "TLS 1.3, AES-256-GCM (default)"

WAYS = {
    DEFAULT: Way(),
    "TLS 1.3, AES-128-GCM": Way(suites="TLS_AES_128_GCM_SHA256"),
    "TLS 1.3, ChaCha20-Poly1305": Way(suites="TLS_CHACHA20_POLY1305_SHA256"),
    "TLS 1.2, AES-256-GCM": Way(version=1.2, ciphers="ECDHE-ECDSA-AES256-GCM-SHA384"),
    "TLS 1.2, AES-128-GCM": Way(version=1.2, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256"),
    "TLS 1.2, ChaCha20-Poly1305": Way(version=1.2, ciphers="ECDHE-ECDSA-CHACHA20-POLY1305"),
}
