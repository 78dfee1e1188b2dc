# Dask preload of scheduler, nanny and worker: takes this machine's new certificate while the process runs,
# and publishes when the certificate ends.
#
# Dask reads its certificate when it starts, into the SSL contexts that it makes connections from. A context
# that gets another certificate shows it from the next connection on; open ones go on with theirs.

import logging
import os
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from distributed import Client, Nanny, Scheduler, Worker
from prometheus_client import Gauge
from tornado.ioloop import PeriodicCallback

SECONDS = 30
Server = Nanny | Scheduler | Worker
logger = logging.getLogger("distributed.reload_certificates")


def dask_setup(server: Server) -> None:
    certificate = Certificate(server)
    # Dask starts it with the server's own, and stops it with them.
    server.periodic_callbacks["reload-certificates"] = PeriodicCallback(certificate.look, SECONDS * 1000)
    certificate.look()
    if not isinstance(server, Nanny):  # it has no /metrics
        gauge = Gauge(
            "dask_tls_certificate_not_after_seconds", "End of this process's TLS certificate, in Unix time"
        )
        gauge.set_function(lambda: certificate.not_after)


class Certificate:
    def __init__(self, server: Server):
        self.server = server
        self.role = "scheduler" if isinstance(server, Scheduler) else "worker"
        self.files = server.security.get_tls_config_for_role(self.role)
        self.taken: tuple[int, int] | None = None
        self.not_after = 0.0

    # Takes the certificate if it is another one; says why where it is of no use, and looks again next time.
    def look(self) -> None:
        try:
            found = os.stat(self.files["cert"])
            version = (found.st_ino, found.st_mtime_ns)
            if version != self.taken:
                self.take()
                self.taken = version
                logger.info("certificate in use until %s, Unix time", self.not_after)
        except OSError as error:
            logger.warning("the certificate in %s is not used: %s", self.files["cert"], error)

    def take(self) -> None:
        security = self.server.security
        listening = security.get_listen_args(self.role)["ssl_context"]
        connecting = security.get_connection_args(self.role)["ssl_context"]
        self.not_after = greet(connecting, listening)
        for context in contexts(self.server):
            context.load_verify_locations(self.files["ca_file"])
            context.load_cert_chain(self.files["cert"], self.files["key"])


# Those of the listeners, of the connections that the server makes, and of the clients in its tasks.
def contexts(server: Server) -> Iterator[ssl.SSLContext]:
    listeners: list[Any] = server.listeners
    yield from (listener.server_args["ssl_options"] for listener in listeners)
    yield server.connection_args["ssl_context"]
    for client in list(Client._instances):
        if client.security is server.security:
            yield client.connection_args["ssl_context"]


# Has one end connect to the other, in memory, so that a certificate which nobody would accept is not taken;
# returns when the one of the listening end ends, in Unix time.
def greet(connecting: ssl.SSLContext, listening: ssl.SSLContext) -> float:
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = connecting.wrap_bio(to_client, to_server)
    server = listening.wrap_bio(to_server, to_client, server_side=True)
    for end in (client, server, client, server):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    certificate: Any = client.getpeercert()
    return float(ssl.cert_time_to_seconds(certificate["notAfter"]))
