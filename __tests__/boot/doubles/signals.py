"""Double of CloudFormation's wait conditions: accepts signals at presigned URLs and records them.

The signature of a presigned URL covers the content type, which is empty here. A signal with a content type or
with another signature is rejected. FOLDER/signals.jsonl has a line of JSON for each: path, status and signal.
"""

import json
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from certificates import ca_certificate, server_context
from serving import Handler, Server, arguments

MAX_SIGNAL_BYTES = 4096


class Signals(Server):
    """Server of the wait conditions of a region."""

    def __init__(self, listen: str, instances: Path, folder: Path, region: str, signature: str):
        name = f"cloudformation-waitcondition-{region}.s3.{region}.amazonaws.com"
        super().__init__(listen, Condition, instances, server_context(folder, name))
        self.signature = signature
        self.file = folder / "signals.jsonl"
        self.file.touch()
        self.lock = threading.Lock()


class Condition(Handler):
    """Handles a signal."""

    server: Signals

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        signature = parse_qs(url.query).get("Signature", [])
        signed = signature == [self.server.signature] and not self.headers.get("Content-Type")
        status = 403 if not signed else 400 if len(body) > MAX_SIGNAL_BYTES else 200
        signal = json.loads(body) if status == 200 else None
        with self.server.lock, open(self.server.file, "a") as signals:
            signals.write(json.dumps({"path": url.path, "status": status, "signal": signal}) + "\n")
        code = "SignatureDoesNotMatch" if status == 403 else "EntityTooLarge"
        error = f"<Error><Code>{code}</Code><Message>rejected</Message></Error>"
        self.respond(status, "" if status == 200 else error)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument(
        "--folder", type=Path, required=True, help="folder for signals.jsonl and certificates"
    )
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--signature", required=True, help="signature of the presigned URLs")
    options = parser.parse_args()
    signals = Signals(options.listen, options.instances, options.folder, options.region, options.signature)
    signals.run(ca=str(ca_certificate(options.folder)))
