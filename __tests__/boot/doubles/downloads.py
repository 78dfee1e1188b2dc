"""Double of web servers with files to download, such as GitHub's releases, over HTTPS.

Unlike GitHub it does not redirect to a storage server.
"""

from pathlib import Path
from urllib.parse import urlsplit

from certificates import ca_certificate, server_context
from serving import Handler, Server, arguments


class Downloads(Server):
    """Server of the files, by URL."""

    def __init__(self, listen: str, instances: Path, folder: Path, files: dict[str, Path]):
        self.files = {(urlsplit(url).netloc, urlsplit(url).path): file for url, file in files.items()}
        names = sorted({host for host, _ in self.files})
        super().__init__(listen, Download, instances, server_context(folder, *names))


class Download(Handler):
    """Sends a file, or the response of the instance's fault."""

    server: Downloads

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0]
        file = self.server.files.get((host, self.path))
        if self.has_fault("download-silent"):
            self.stay_silent()
        elif file is None or self.has_fault("download-404"):
            self.respond(404, "Not Found")
        elif self.has_fault("download-wrong-bytes"):
            self.respond(200, b"<html>a sign-in page, as captive portals answer</html>\n")
        else:
            self.respond(200, file.read_bytes(), Content_Type="application/octet-stream")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder for certificates")
    parser.add_argument("--file", action="append", nargs=2, required=True, metavar=("URL", "PATH"))
    options = parser.parse_args()
    served = {url: Path(path) for url, path in options.file}
    Downloads(options.listen, options.instances, options.folder, served).run(
        ca=str(ca_certificate(options.folder))
    )
