"""Stands for CloudFormation's wait conditions: takes signals at presigned URLs, and appends them to a file.

S3 signs the content type too, and CloudFormation presigns none: a signal with one is refused, as one whose
signature is another. FOLDER/signals.jsonl has a line of JSON for each: path, status, and the signal.
"""

import json
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from certificates import authority, server_context
from serving import Handler, Server, arguments

LONGEST = 4096


class Signals(Server):
    """The conditions of a region."""

    def __init__(self, listen: str, instances: Path, folder: Path, region: str, signature: str):
        name = f"cloudformation-waitcondition-{region}.s3.{region}.amazonaws.com"
        super().__init__(listen, Condition, instances, server_context(folder, name))
        self.signature = signature
        self.file = folder / "signals.jsonl"
        self.file.touch()
        self.lock = threading.Lock()


class Condition(Handler):
    """Takes a signal."""

    server: Signals

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        signature = parse_qs(url.query).get("Signature", [])
        signed = signature == [self.server.signature] and not self.headers.get("Content-Type")
        status = 403 if not signed else 400 if len(body) > LONGEST else 200
        signal = json.loads(body) if status == 200 else None
        with self.server.lock, open(self.server.file, "a") as signals:
            signals.write(json.dumps({"path": url.path, "status": status, "signal": signal}) + "\n")
        code = "SignatureDoesNotMatch" if status == 403 else "EntityTooLarge"
        refusal = f"<Error><Code>{code}</Code><Message>refused</Message></Error>"
        self.answer(status, "" if status == 200 else refusal)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where signals and certificates are written"
    )
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--signature", required=True, help="of the URLs that are presigned")
    options = parser.parse_args()
    signals = Signals(options.listen, options.instances, options.folder, options.region, options.signature)
    signals.run(ca=str(authority(options.folder)))
