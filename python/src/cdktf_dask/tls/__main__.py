"""Creates the certificates of a cluster on one computer, and the CA that signs them.

    python -m cdktf_dask.tls CLUSTER NODE.pem CLIENT.pem

NODE.pem is for scheduler and workers, CLIENT.pem for clients. The private key of the CA is never written: no
other certificate can be signed, and each start of the cluster creates a new CA.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from cdktf_dask.tls.ca import Profile, create_ca, issue
from cdktf_dask.tls.files import replace

DAYS = 365
"""Validity of all three certificates. They are not renewed while the cluster runs."""

NAMES = ("localhost", "127.0.0.1")


def main(cluster: str, node: str, client: str) -> None:
    """Create the CA, and write both files, which only their owner can read."""
    now = datetime.now(UTC)
    ca = create_ca(cluster, now, DAYS)
    pem = issue(ca, f"node of {cluster}", Profile.NODE, now, names=NAMES, days=DAYS)
    replace(Path(node), pem, 0o600)
    replace(Path(client), issue(ca, f"client of {cluster}", Profile.CLIENT, now, days=DAYS), 0o600)


if __name__ == "__main__":
    main(*sys.argv[1:])
