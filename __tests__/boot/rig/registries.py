"""Copies the host's access to package registries (CA certificates, proxies, mirrors) to guests."""

import os
import subprocess
from pathlib import Path

BUNDLE = "etc/ssl/certs/ca-certificates.crt"

#: Environment variables of a host behind a proxy or a mirror.
NAMES = (
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX"),
)


def configure_registries(root: Path, *certificates: Path) -> None:
    """Let a guest trust the host's CA certificates and the given ones, and use the host's settings."""
    own = Path(os.environ.get("SSL_CERT_FILE", "/" + BUNDLE))
    bundle = [certificate.read_text() for certificate in (own, *certificates)]
    write(root / BUNDLE, "\n".join(bundle))
    environment = {name: os.environ[name] for name in NAMES if name in os.environ}
    # pip, uv and boto3 use their bundled certificates by default.
    environment |= {name: f"/{BUNDLE}" for name in ("SSL_CERT_FILE", "PIP_CERT", "AWS_CA_BUNDLE")}
    words = " ".join(f'"{name}={value}"' for name, value in environment.items())
    write(root / "etc/systemd/system.conf.d/rig.conf", f"[Manager]\nDefaultEnvironment={words}\n")
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, timeout=20).stdout
    proxies = [line for line in dump.splitlines() if line.startswith("Acquire::http") and "roxy" in line]
    write(root / "etc/apt/apt.conf.d/90rig", "\n".join([*proxies, ""]))


def write(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
