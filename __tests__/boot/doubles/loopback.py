"""Runs doubles on the loopback interface, with a node that calls them by curl and by its real scripts."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import instances

FOLDER = Path(__file__).parent
BASE = FOLDER.parents[2] / "cloud-init" / "base"
REGION = "eu-central-1"
SIGNATURE = "a+signature="
MINIFORGE = "https://github.com/conda-forge/miniforge/releases/download/1/Miniforge3.sh"
USER_DATA = b"#cloud-config\n{}\n"

INSTANCES = {
    "127.0.0.1": {
        "id": "i-00000000000000001",
        "role": "dask-rig--cpu",
        "userData": "user-data",
        "group": "dask-rig--cpu",
        "hook": "workers-registered",
        "secrets": ["/dask/rig/worker"],
    },
    "127.0.0.2": {"id": "i-00000000000000002", "role": "dask-rig--scheduler"},
}


class Double:
    """A running double."""

    def __init__(self, script: str, *options: str | Path):
        command = [sys.executable, FOLDER / script, *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = json.loads(self.process.stdout.readline())

    def stop(self) -> int:
        """Close its stdin, as the end of its parent does. Returns its exit code."""
        self.process.stdin.close()
        try:
            return self.process.wait(timeout=10)
        finally:
            self.process.kill()
            self.process.stdout.close()


class Node:
    """A worker's node at 127.0.0.1. The instances file also has a scheduler at 127.0.0.2."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.file = folder / "instances.json"
        self.shared = folder / "shared"
        (folder / "user-data").write_text(b64encode(USER_DATA).decode())
        self.update()

    def update(self, **facts) -> instances.Instance:
        """Reset its facts, then set the given ones."""
        instances.write(self.file, INSTANCES | {"127.0.0.1": INSTANCES["127.0.0.1"] | facts})
        return instances.Instances(self.file).at("127.0.0.1")

    def connect_to(self, double: Double, *names: str) -> None:
        """Connect its curl to a double for these names. Name and certificate are still checked."""
        address = double.facts["url"].partition("//")[2]
        with open(self.folder / ".curlrc", "a") as curlrc:
            curlrc.writelines(f'connect-to = "{name}:{address}"\n' for name in names)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of its curl."""
        return os.environ | {
            "CURL_HOME": str(self.folder),
            "CURL_CA_BUNDLE": str(self.shared / "ca.pem"),
            "NO_PROXY": "*",
        }

    def curl(self, *options: str, config: str = "") -> tuple[int, str]:
        """Run curl. Returns status and body; the status is 0 without a response."""
        done = subprocess.run(
            ["curl", "--silent", "--max-time", "5", "--write-out", "\n%{http_code}", *options],
            input=config,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=20,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def call(self, service: str, *pairs: str, credentials: dict, scope: str = "") -> tuple[int, str]:
        """Send a call signed by curl, with secrets on stdin instead of the command line."""
        config = [f'user = "{credentials["AccessKeyId"]}:{credentials["SecretAccessKey"]}"']
        if "Token" in credentials:
            config.append(f'header = "X-Amz-Security-Token: {credentials["Token"]}"')
        data = [word for pair in pairs for word in ("--data-urlencode", pair)]
        signature = ("--aws-sigv4", scope or f"aws:amz:{REGION}:{service}", "--config", "-")
        url = f"https://{service}.{REGION}.amazonaws.com/"
        return self.curl(*signature, *data, url, config="\n".join(config))

    def script(self, script: str, *settings: str) -> subprocess.CompletedProcess[str]:
        """Run a Bash script. Its first argument is the folder of the node's functions."""
        file = self.folder / "node.env"
        file.write_text("".join(f"{setting}\n" for setting in settings))
        return subprocess.run(
            ["bash", "-c", script, "bash", BASE],
            env=self.environment | {"DASK_NODE_ENV": str(file)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def calls(self) -> list[dict]:
        """Return all calls that the APIs recorded."""
        return [json.loads(line) for line in (self.shared / "calls.jsonl").read_text().splitlines()]
