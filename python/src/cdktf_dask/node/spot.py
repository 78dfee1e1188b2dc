"""Drains and stops the workers of a spot instance when EC2 announces its interruption, two minutes ahead.

    run.sh spot

Asks every 5 s, as the EC2 User Guide advises ("Spot Instance interruption notices"). Ends at once on an
on-demand instance: a pool may have instances of both kinds.
"""

import subprocess
import time
from pathlib import Path

from cdktf_dask.node.metadata import Metadata
from cdktf_dask.node.settings import read_settings

POLL_SECONDS = 5
DRAINING = Path("/run/dask/draining")
"""The units of the workers do not start while it exists."""


def main(service: str, draining: Path = DRAINING) -> None:
    """Waits for the notice, then creates the file `draining` and stops the service."""
    metadata = Metadata()
    if wait_for(metadata, "instance-life-cycle") != "spot":
        return
    notice = wait_for(metadata, "spot/instance-action")
    draining.touch()
    print(f"EC2 interrupts this instance: {notice}; draining", flush=True)
    subprocess.run(["systemctl", "stop", f"{service}.service"], check=True)


def wait_for(metadata: Metadata, path: str) -> str:
    """Value of the metadata as soon as there is one, however often the service fails before."""
    while True:
        try:
            value = metadata.get(path)
        except OSError as error:
            print(f"{path}: {error}; trying again in {POLL_SECONDS} s", flush=True)
            value = None
        if value is not None:
            return value
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main(read_settings()["SERVICE"])
