"""Preload of scheduler, nanny and worker: loads a renewed certificate while the process runs.

Dask reads its certificate at its start, into the SSL contexts of its listeners and connections. A context
with a newly loaded certificate uses it for new connections; open connections continue with theirs. Scheduler
and workers publish the end of the certificate in use as a gauge on `/metrics`.
"""

import logging
import os
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from distributed import Client, Nanny, Scheduler, Worker
from prometheus_client import Gauge
from tornado.ioloop import PeriodicCallback

CHECK_SECONDS = 30
"""Time between two checks for a renewed certificate."""

Server = Nanny | Scheduler | Worker
logger = logging.getLogger("distributed.reload_certificates")


def dask_setup(server: Server) -> None:
    """Check for a renewed certificate as long as the server runs. Dask calls this when the server starts."""
    certificate = Certificate(server)
    # Dask starts and stops this callback with the callbacks of the server.
    server.periodic_callbacks["reload-certificates"] = PeriodicCallback(
        certificate.check, CHECK_SECONDS * 1000
    )
    certificate.check()
    if not isinstance(server, Nanny):  # it has no /metrics
        gauge = Gauge(
            "dask_tls_certificate_not_after_seconds", "End of this process's TLS certificate, in Unix time"
        )
        gauge.set_function(lambda: certificate.not_after)


class Certificate:
    """The certificate of a server, and the file that it comes from."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.role = "scheduler" if isinstance(server, Scheduler) else "worker"
        self.files = server.security.get_tls_config_for_role(self.role)
        self.loaded: tuple[int, int] | None = None
        """Inode and time of the file whose certificate is in use."""
        self.not_after = 0.0
        """End of the certificate in use, in Unix time."""

    def check(self) -> None:
        """Load the certificate if the file is another one. If it cannot be used, log why; try again later."""
        try:
            found = os.stat(self.files["cert"])
            version = (found.st_ino, found.st_mtime_ns)
            if version != self.loaded:
                self.load()
                self.loaded = version
                logger.info("certificate in use until %s, Unix time", self.not_after)
        except OSError as error:
            logger.warning("the certificate in %s is not used: %s", self.files["cert"], error)

    def load(self) -> None:
        """Load the certificate into all SSL contexts. Raises `OSError` if a peer would reject it."""
        security = self.server.security
        listening = security.get_listen_args(self.role)["ssl_context"]
        connecting = security.get_connection_args(self.role)["ssl_context"]
        self.not_after = verify_handshake(connecting, listening)
        for context in ssl_contexts(self.server):
            context.load_verify_locations(self.files["ca_file"])
            context.load_cert_chain(self.files["cert"], self.files["key"])


def ssl_contexts(server: Server) -> Iterator[ssl.SSLContext]:
    """SSL contexts of the server's listeners, of its connections, and of the clients in its tasks."""
    listeners: list[Any] = server.listeners
    yield from (listener.server_args["ssl_options"] for listener in listeners)
    yield server.connection_args["ssl_context"]
    for client in list(Client._instances):
        if client.security is server.security:
            yield client.connection_args["ssl_context"]


def verify_handshake(connecting: ssl.SSLContext, listening: ssl.SSLContext) -> float:
    """Connect two contexts in memory; return when the certificate of the listening one ends, in Unix time.

    Raises `ssl.SSLError` if one of them rejects the certificate of the other.
    """
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = connecting.wrap_bio(to_client, to_server)
    server = listening.wrap_bio(to_server, to_client, server_side=True)
    for end in (client, server, client, server):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    certificate: Any = client.getpeercert()
    return float(ssl.cert_time_to_seconds(certificate["notAfter"]))
