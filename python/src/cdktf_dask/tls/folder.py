"""Creates the certificates of a cluster in a folder, and keeps those that are valid.

    python -m cdktf_dask.tls.folder CLUSTER FOLDER RECORD

FOLDER/node.pem is for scheduler and workers. FOLDER/.dask/CLUSTER is for clients: the certificate, and
RECORD, the JSON by which `cdktf_dask.connect` finds the scheduler. Docker Compose runs this before the
cluster starts; clients copy the folder .dask to their project.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from cdktf_dask.tls.__main__ import main as create
from cdktf_dask.tls.files import replace
from cdktf_dask.tls.pem import RENEW_DAYS, describe, read_certificates, verify_pem


def main(cluster: str, folder: str, record: str) -> None:
    """Create both certificates if one is missing, damaged or ends soon, or if their CAs differ."""
    node = Path(folder) / "node.pem"
    root = Path(folder) / ".dask" / cluster
    client = root / "client" / "client.pem"
    now = datetime.now(UTC)
    reason = _fault(node, now) or _fault(client, now) or _difference(node, client)
    if reason:
        client.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        create(cluster, str(node), str(client))
    replace(root / "run.json", record + "\n", 0o600)
    state = f"created, because {reason}" if reason else "kept"
    print(f"certificates of {cluster} {state}: {describe(node.read_text(encoding='utf-8'))}")


def _fault(pem: Path, now: datetime) -> str | None:
    """Why a certificate has to be replaced; None if it can be used for some time."""
    if not pem.exists():
        return f"{pem.name} is missing"
    text = pem.read_text(encoding="utf-8")
    fault = verify_pem(text, now)
    if fault:
        return f"{pem.name} cannot be used: {fault}"
    days = (read_certificates(text)[0].not_valid_after_utc - now).days
    return f"{pem.name} ends in {days} days" if days < RENEW_DAYS else None


def _difference(node: Path, client: Path) -> str | None:
    """Why two valid certificates do not match: the process ended after it had written the first one."""
    node_ca, client_ca = (read_certificates(pem.read_text(encoding="utf-8"))[1] for pem in (node, client))
    return None if node_ca == client_ca else f"{node.name} and {client.name} have different CAs"


if __name__ == "__main__":
    main(*sys.argv[1:])
