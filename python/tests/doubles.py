"""Doubles of the services that a node asks: each is an HTTP server on 127.0.0.1 with prepared answers."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl

import pytest

ROLE = "iam/security-credentials/"

CREDENTIALS = {
    "Code": "Success",
    "Type": "AWS-HMAC",
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "a/secret+with/signs",
    "Token": "session//token==",
    "Expiration": "2099-01-01T00:00:00Z",
}
"""Credentials of the instance's role, as the metadata service gives them."""

Answer = tuple[int, str]
"""Status and body."""


@contextmanager
def status_server(status: int, pem: Path | None = None) -> Iterator[ThreadingHTTPServer]:
    """Stands for a program of a node: answers each GET with its `status`, over TLS with a PEM file."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests assert what the step writes."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.status = status
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Metadata:
    """Stands for the instance metadata service, version 2."""

    values: dict[str, str] = field(default_factory=lambda: {"placement/region": "eu-central-1"})
    """By path below `/latest/meta-data/`, or by another whole path."""
    faults: list[Answer] = field(default_factory=list)
    """Answers to the first requests for values, in place of these."""
    requests: list[str] = field(default_factory=list)
    """Method and path of each request."""
    tokens: int = 0
    """How many tokens it gave; it takes only the last one."""

    def answer(self, method: str, path: str, headers: dict[str, str], _: str) -> Answer:
        self.requests.append(f"{method} {path}")
        if (method, path) == ("PUT", "/latest/api/token"):
            assert headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
            self.tokens += 1
            return 200, f"token-{self.tokens}"
        if headers.get("x-aws-ec2-metadata-token") != f"token-{self.tokens}":
            return 401, ""
        if self.faults:
            return self.faults.pop(0)
        value = self.values.get(path.removeprefix("/latest/meta-data/"))
        return (404, "") if value is None else (200, value)


@dataclass
class Service:
    """Stands for a service of AWS with JSON 1.1: keeps requests, and gives the prepared answers in turn."""

    answers: list[tuple[int, dict]] = field(default_factory=list)
    requests: list[tuple[str, dict]] = field(default_factory=list)
    """Operation and parameters of each request."""
    authorizations: list[str] = field(default_factory=list)

    def answer(self, _: str, __: str, headers: dict[str, str], body: str) -> Answer:
        self.requests.append((headers["x-amz-target"], json.loads(body)))
        self.authorizations.append(headers["authorization"])
        status, answer = self.answers.pop(0)
        return status, json.dumps(answer)


@dataclass
class QueryService:
    """Stands for a service of AWS with the query protocol: keeps requests, and rejects some."""

    errors: list[tuple[str, str] | None] = field(default_factory=list)
    """Code and message for each request in turn; None, and any request after the last, succeeds."""
    requests: list[dict[str, str]] = field(default_factory=list)

    def answer(self, _: str, __: str, ___: dict[str, str], body: str) -> Answer:
        request = dict(parse_qsl(body))
        self.requests.append(request)
        error = self.errors.pop(0) if self.errors else None
        if error is None:
            action = request["Action"]
            return 200, f"<{action}Response><{action}Result/></{action}Response>"
        code, message = error
        return (
            400,
            f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>",
        )

    @property
    def actions(self) -> list[str]:
        """Names of the requests."""
        return [request["Action"] for request in self.requests]


@contextmanager
def served(double: Metadata | Service | QueryService) -> Iterator[str]:
    """URL of the double as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, text = double.answer(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_PUT = do_POST = handle_any

        def log_message(self, *_: object) -> None:
            """Tests assert what programs write."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def instance_metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[Metadata]:
    """The metadata service of an instance with a role, from which programs get the only credentials."""
    double = Metadata()
    double.values |= {ROLE: "the-role", f"{ROLE}the-role": json.dumps(CREDENTIALS)}
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    with served(double) as url:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
        yield double
