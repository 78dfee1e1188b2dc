"""Double of S3: checks the signature of each request and forwards it to moto, which has the buckets.

IAM policies are not evaluated. An instance can read the objects listed for it in the instances file, as
`BUCKET/KEY`.
"""

from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from certificates import server_context
from serving import Handler, Server, arguments
from signatures import AwsError, authenticate


class S3(Server):
    """Server of S3 in a region. The bucket is part of the hostname."""

    def __init__(self, listen: str, instances: Path, folder: Path, region: str, moto: str):
        self.domain = f"s3.{region}.amazonaws.com"
        super().__init__(listen, Request, instances, server_context(folder, self.domain, f"*.{self.domain}"))
        self.moto = urlsplit(moto)


class Request(Handler):
    """Handles a request for an object."""

    server: S3

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        bucket = headers.get("host", "").removesuffix(f".{self.server.domain}")
        try:
            instance = authenticate(
                self.server.domain, headers, b"", self.server.instances.all(), "GET", self.path
            )
            if f"{bucket}{self.path}" not in instance.objects:
                raise AwsError("AccessDenied", "Access Denied", 403)
        except AwsError as error:
            text = f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
            return self.respond(error.status, f"<?xml version='1.0'?>\n<Error>{text}</Error>")
        self.respond(*self.forward(f"/{bucket}{self.path}", headers))

    def forward(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        """Forward a request to moto, with the bucket in the path."""
        moto = HTTPConnection(self.server.moto.hostname, self.server.moto.port, timeout=30)
        try:
            moto.request("GET", path, headers=headers | {"host": self.server.moto.netloc})
            response = moto.getresponse()
            return response.status, response.read()
        finally:
            moto.close()


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder for certificates")
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--moto", required=True, help="URL of moto's server")
    options = parser.parse_args()
    S3(options.listen, options.instances, options.folder, options.region, options.moto).run()
