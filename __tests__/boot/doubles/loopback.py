"""The doubles as a boot starts them, each a process, and a machine that asks them by the real curl."""

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
    """A double that runs."""

    def __init__(self, script: str, *options: str | Path):
        command = [sys.executable, FOLDER / script, *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = json.loads(self.process.stdout.readline())

    def stop(self) -> int:
        """End its stdin, as its parent's death would; how it ended."""
        self.process.stdin.close()
        try:
            return self.process.wait(timeout=10)
        finally:
            self.process.kill()
            self.process.stdout.close()


class Node:
    """The machine at 127.0.0.1; there is a scheduler at 127.0.0.2."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.file = folder / "instances.json"
        self.authority = folder / "authority"
        (folder / "user-data").write_text(b64encode(USER_DATA).decode())
        self.update()

    def update(self, **facts) -> instances.Instance:
        """Give it other facts."""
        instances.write(self.file, INSTANCES | {"127.0.0.1": INSTANCES["127.0.0.1"] | facts})
        return instances.Instances(self.file).at("127.0.0.1")

    def connect_to(self, double: Double, *names: str) -> None:
        """Lead its curl to a double; it still asks for the name, and checks the certificate."""
        address = double.facts["url"].partition("//")[2]
        with open(self.folder / ".curlrc", "a") as curlrc:
            curlrc.writelines(f'connect-to = "{name}:{address}"\n' for name in names)

    @property
    def environment(self) -> dict[str, str]:
        """What makes every curl its own."""
        return os.environ | {
            "CURL_HOME": str(self.folder),
            "CURL_CA_BUNDLE": str(self.authority / "ca.pem"),
            "NO_PROXY": "*",
        }

    def curl(self, *options: str, config: str = "") -> tuple[int, str]:
        """Status and body; status 0 where no answer came."""
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
        """A call signed by curl; no command line shows its secrets."""
        config = [f'user = "{credentials["AccessKeyId"]}:{credentials["SecretAccessKey"]}"']
        if "Token" in credentials:
            config.append(f'header = "X-Amz-Security-Token: {credentials["Token"]}"')
        data = [word for pair in pairs for word in ("--data-urlencode", pair)]
        signature = ("--aws-sigv4", scope or f"aws:amz:{REGION}:{service}", "--config", "-")
        url = f"https://{service}.{REGION}.amazonaws.com/"
        return self.curl(*signature, *data, url, config="\n".join(config))

    def script(self, script: str, *settings: str) -> subprocess.CompletedProcess[str]:
        """Run a script of Bash whose first argument is the folder of a node's own functions."""
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
        """Every call that the APIs recorded."""
        return [json.loads(line) for line in (self.authority / "calls.jsonl").read_text().splitlines()]
