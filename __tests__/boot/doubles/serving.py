"""What the servers share: they say on stdout where they listen, one line of JSON, and end with their stdin.

So they cannot outlive whoever started them, however that ends. stdin must be a pipe, never /dev/null.
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
    """Each request in a thread of its own; one that stays silent holds no other up."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, listen: str, handler: type, instances: Path, context: ssl.SSLContext | None = None):
        host, _, port = listen.rpartition(":")
        super().__init__((host, int(port)), handler)
        self.instances = Instances(instances)
        self.scheme = "https" if context else "http"
        if context:
            # The handshake belongs to the request's thread, not to the one that accepts connections.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def run(self, **facts: str) -> None:
        """Serve until stdin ends."""
        host, port = self.server_address[:2]
        threading.Thread(target=self.serve_forever, daemon=True).start()
        print(json.dumps({"url": f"{self.scheme}://{host}:{port}", **facts}), flush=True)
        sys.stdin.read()


class Handler(BaseHTTPRequestHandler):
    """Answers over HTTP/1.1 and keeps its log to itself."""

    protocol_version = "HTTP/1.1"
    server: Server

    @property
    def instance(self) -> Instance | None:
        """Who asks: instances are told apart by their address."""
        return self.server.instances.at(self.client_address[0])

    def has_fault(self, fault: str) -> bool:
        """Whether a test has switched the fault on for who asks."""
        instance = self.instance
        return instance is not None and fault in instance.faults

    def answer(self, status: int, body: bytes | str, **headers: str) -> None:
        """Send the answer."""
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def stay_silent(self) -> None:
        """Answer nothing until the other side gives up."""
        while self.connection.recv(4096):
            pass
        self.close_connection = True

    def log_message(self, *_) -> None:
        """Nothing on stderr: it is for what goes wrong in the double itself."""


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What every server is told."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:0", help="address and port; port 0 for a free one")
    parser.add_argument(
        "--instances", type=Path, required=True, help="file of the instances, read at each request"
    )
    return parser
