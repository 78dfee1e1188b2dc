"""Base of the doubles' servers: prints its URL as one line of JSON, and runs until stdin is closed.

A server therefore ends with the process that started it. stdin has to be a pipe, not /dev/null.
"""

import argparse
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from instances import Instance, Instances


class Server(ThreadingHTTPServer):
    """Handles each request in a thread, so an unanswered request blocks no other."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, listen: str, handler: type, instances: Path, context: ssl.SSLContext | None = None):
        host, _, port = listen.rpartition(":")
        super().__init__((host, int(port)), handler)
        self.instances = Instances(instances)
        self.scheme = "https" if context else "http"
        if context:
            # The thread of the request does the handshake, so it does not block other connections.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def run(self, **facts: str) -> None:
        """Serve until stdin is closed. `facts` are printed with the URL."""
        host, port = self.server_address[:2]
        threading.Thread(target=self.serve_forever, daemon=True).start()
        print(json.dumps({"url": f"{self.scheme}://{host}:{port}", **facts}), flush=True)
        sys.stdin.read()


class Handler(BaseHTTPRequestHandler):
    """Base of the request handlers: HTTP/1.1, without an access log."""

    protocol_version = "HTTP/1.1"
    server: Server

    @property
    def instance(self) -> Instance | None:
        """The calling instance, found by its address."""
        return self.server.instances.at(self.client_address[0])

    def has_fault(self, fault: str) -> bool:
        """Whether a test has set the fault for the calling instance."""
        instance = self.instance
        return instance is not None and fault in instance.faults

    def respond(self, status: int, body: bytes | str, **headers: str) -> None:
        """Send a response."""
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def stay_silent(self) -> None:
        """Send nothing until the client closes the connection."""
        while self.connection.recv(4096):
            pass
        self.close_connection = True

    def log_message(self, *_) -> None:
        """Log nothing: stderr is for errors of the double."""


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of all servers."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:0", help="address and port; port 0 for a free one")
    parser.add_argument("--instances", type=Path, required=True, help="instances file, read at each request")
    return parser
