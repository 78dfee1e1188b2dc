"""A cluster of processes with TLS, as on nodes."""

import subprocess
import sys

from distributed import Client, Security

from cluster import ENVIRONMENT, REPOSITORY, SOURCES, Cluster

SECONDS = 60


class TlsCluster(Cluster):
    """A cluster with TLS."""

    def __init__(self, *options: str):
        super().__init__("--protocol", "tls", *options)
        node, client = (self.directory / f"{name}.pem" for name in ("node", "client"))
        command = [sys.executable, "-m", "cdktf_dask.tls", "test", node, client]
        subprocess.run(command, check=True, env=ENVIRONMENT | {"PYTHONPATH": str(SOURCES)}, timeout=SECONDS)
        template = (REPOSITORY / "cloud-init" / "dask" / "tls.yaml").read_text()
        (self.directory / "config").mkdir()
        for name, value in {"PEM": str(node), "NANNY_PRELOADS": "[]"}.items():
            template = template.replace("{{" + name + "}}", value)
        (self.directory / "config" / "tls.yaml").write_text(template)

    def client(self) -> Client:
        """A client with the certificate of clients."""
        pem = str(self.directory / "client.pem")
        security = Security(tls_ca_file=pem, tls_client_cert=pem, tls_client_key=pem, require_encryption=True)
        return Client(self.address, security=security, timeout=SECONDS)
