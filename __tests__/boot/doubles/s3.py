"""Reverse proxy of S3: checks each request's signature and passes it to moto, which has the buckets.

A machine may read the objects that the machines' file gives it, `BUCKET/KEY`; IAM policies are not consulted.
"""

from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from certificates import server_context
from serving import Handler, Server, arguments
from signatures import Refusal, caller


class Front(Server):
    """S3 of a region, whose buckets are part of the name."""

    def __init__(self, listen: str, machines: Path, folder: Path, region: str, moto: str):
        self.domain = f"s3.{region}.amazonaws.com"
        super().__init__(listen, Request, machines, server_context(folder, self.domain, f"*.{self.domain}"))
        self.moto = urlsplit(moto)


class Request(Handler):
    """Answers a request for an object."""

    server: Front

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        bucket = headers.get("host", "").removesuffix(f".{self.server.domain}")
        try:
            who = caller(self.server.domain, headers, b"", self.server.machines.all(), "GET", self.path)
            if f"{bucket}{self.path}" not in who.objects:
                raise Refusal("AccessDenied", "Access Denied", 403)
        except Refusal as refusal:
            text = f"<Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
            return self.answer(refusal.status, f"<?xml version='1.0'?>\n<Error>{text}</Error>")
        self.answer(*self.forward(f"/{bucket}{self.path}", headers))

    def forward(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        """Have moto answer, which knows its buckets by path."""
        moto = HTTPConnection(self.server.moto.hostname, self.server.moto.port, timeout=30)
        try:
            moto.request("GET", path, headers=headers | {"host": self.server.moto.netloc})
            response = moto.getresponse()
            return response.status, response.read()
        finally:
            moto.close()


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the certificates are")
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--moto", required=True, help="URL of moto's server")
    options = parser.parse_args()
    Front(options.listen, options.machines, options.folder, options.region, options.moto).run()
