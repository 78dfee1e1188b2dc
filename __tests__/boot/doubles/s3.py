"""Double of S3: checks signature and permissions of each request, and forwards it to moto with the buckets.

The policies of the calling instance decide what it may do (permissions.py). As in S3, a missing object is
answered with 403 instead of 404 unless its key may be listed. A request that deletes several objects is
denied as a whole; S3 denies single ones.

FOLDER/s3.jsonl has a line of JSON for each signed request: instance, actions, bucket, key, prefix and status.
"""

import json
import re
import threading
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from certificates import server_context
from instances import Instance
from permissions import Request, allowed
from serving import Handler, Server, arguments
from signatures import AwsError, authenticate

#: Headers of moto's responses that belong to its connection.
OWN_HEADERS = ("connection", "content-length", "date", "server", "transfer-encoding")


class S3(Server):
    """Server of S3 in a region. The bucket is part of the hostname, or of the path."""

    def __init__(self, listen: str, instances: Path, folder: Path, region: str, moto: str):
        self.domain = f"s3.{region}.amazonaws.com"
        context = server_context(folder, self.domain, f"*.{self.domain}")
        super().__init__(listen, ForwardedRequest, instances, context)
        self.moto = urlsplit(moto)
        self.file = folder / "s3.jsonl"
        self.file.touch()
        self.lock = threading.Lock()

    def record(self, **request: object) -> None:
        """Append a request to s3.jsonl."""
        with self.lock, open(self.file, "a") as requests:
            requests.write(json.dumps(request) + "\n")


class ForwardedRequest(Handler):
    """Handles a request for a bucket or an object."""

    server: S3

    def handle_request(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        bucket, path = self.bucket_and_path(headers.get("host", ""))
        request = Request(self.command, bucket, path, headers, self.body(headers))
        try:
            instance = authenticate(
                self.server.domain,
                headers,
                request.body,
                self.server.instances.all(),
                self.command,
                self.path,
            )
        except AwsError as error:
            return self.reject(error)
        self.answer(request, instance)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def answer(self, request: Request, instance: Instance) -> None:
        """Forward a request if the policies of the instance allow it, and record it."""
        permissions = request.permissions()
        denied = not all(allowed(instance.policies, permission) for permission in permissions)
        status, headers, content = (403, {}, b"") if denied else self.forward(request)
        missing_key = status == 404 and request.key and b"NoSuchBucket" not in content
        if missing_key and not allowed(instance.policies, request.listing()):
            denied, status = True, 403
        self.server.record(
            instance=instance.id,
            actions=sorted({permission.action for permission in permissions}),
            bucket=request.bucket,
            key=request.key,
            prefix=request.query.get("prefix"),
            status=status,
        )
        if denied:
            self.reject(AwsError("AccessDenied", "Access Denied", 403))
        else:
            self.respond(status, content, **headers)

    def bucket_and_path(self, host: str) -> tuple[str, str]:
        """Return the bucket and the path in it. botocore asks for the location of a bucket in path style."""
        if host != self.server.domain:
            return host.removesuffix(f".{self.server.domain}"), self.path
        bucket, rest = re.fullmatch(r"/([^/?]*)/?(.*)", self.path).groups()
        return bucket, f"/{rest}"

    def reject(self, error: AwsError) -> None:
        """Send an error. The response to a HEAD request has no body."""
        text = f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
        body = "" if self.command == "HEAD" else f"<?xml version='1.0'?>\n<Error>{text}</Error>"
        self.respond(error.status, body)

    def body(self, headers: dict[str, str]) -> bytes:
        """Read the body, also one of unknown length, which is sent in chunks."""
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length", 0)))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def forward(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        """Forward a request to moto, with the bucket in the path. Returns status, headers and body."""
        moto = HTTPConnection(self.server.moto.hostname, self.server.moto.port, timeout=30)
        sent = {
            name: value
            for name, value in request.headers.items()
            if name not in ("transfer-encoding", "expect")
        }
        sent |= {"host": self.server.moto.netloc, "content-length": str(len(request.body))}
        try:
            moto.request(request.method, f"/{request.bucket}{request.path}", request.body, sent)
            response = moto.getresponse()
            received = {name.title(): value for name, value in response.getheaders()}
            headers = {name: value for name, value in received.items() if name.lower() not in OWN_HEADERS}
            if request.method == "HEAD":
                headers["Content-Length"] = received.get("Content-Length", "0")
            return response.status, headers, response.read()
        finally:
            moto.close()


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder for s3.jsonl and certificates")
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--moto", required=True, help="URL of moto's server")
    options = parser.parse_args()
    S3(options.listen, options.instances, options.folder, options.region, options.moto).run()
