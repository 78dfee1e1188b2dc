"""Boot step `monitoring`: starts Prometheus and Alertmanager, with the account in the ARN of the topic.

run.sh monitoring
"""

import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from cdktf_dask.node.metadata import Metadata
from cdktf_dask.tls.files import replace

ALERTMANAGER_FILE = Path("/etc/dask-monitoring/alertmanager.yml")

ACCOUNT = ":ACCOUNT:"
"""Stands for the account in the ARN of the topic: `ACCOUNT` of `lib/node/artifact-bucket.ts`."""

READY = {
    "dask-alertmanager.service": "http://127.0.0.1:9093/-/ready",
    "dask-prometheus.service": "http://127.0.0.1:9090/prometheus/-/ready",
}
"""URL of each unit that answers once the unit works."""

READY_SECONDS = 60
"""Prometheus reads its log of new samples first."""


def main() -> None:
    """Runs the step.

    Raises:
        SystemExit: the step failed, with the cause.
    """
    configuration = ALERTMANAGER_FILE.read_text()
    if ACCOUNT in configuration:
        replace(ALERTMANAGER_FILE, configuration.replace(ACCOUNT, f":{Metadata().account()}:"), 0o644)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "enable", "--quiet", *READY], check=True)
    # systemd restarts a unit that fails to start; the cause below has its last line of output.
    subprocess.run(["systemctl", "restart", *READY], check=False)
    for unit, url in READY.items():
        error = wait_for(url)
        if error is not None:
            journal = ["journalctl", "--unit", unit, "--lines", "1", "--output", "cat"]
            line = subprocess.run(journal, capture_output=True, text=True, check=False).stdout.strip()
            sys.exit(f"{unit}: got {error}, expected an answer within {READY_SECONDS} s: {line}")
    print("Prometheus and Alertmanager are ready", flush=True)


def wait_for(url: str) -> str | None:
    """Waits until a URL answers with status 200; returns the last error if it does not."""
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with opener.open(url, timeout=READY_SECONDS):
                return None
        except OSError as error:
            reason = str(error.reason if isinstance(error, URLError) else error)
        if time.monotonic() > deadline:
            return reason
        time.sleep(0.2)


if __name__ == "__main__":
    main()
