"""Runs the service, until it is stopped."""

import os
import time
from pathlib import Path

from cdktf_dask.node.metadata import Metadata
from cdktf_dask.node.settings import read_settings
from cdktf_dask.status_page.facts import Facts
from cdktf_dask.status_page.writer import Writer

PERIOD_SECONDS = 30


def main() -> None:
    """Run the service."""
    settings = read_settings()
    facts = Facts(
        settings["CLUSTER"],
        Metadata().region(),
        f"http://127.0.0.1:{settings['HTTP_PORT']}/metrics",
        settings["PRICE_LIST"] == "yes",
    )
    writer = Writer(Path(os.environ["RUNTIME_DIRECTORY"]), settings["CLUSTER"], facts.read)
    while True:
        next_at = time.monotonic() + PERIOD_SECONDS
        writer.write()
        time.sleep(max(0, next_at - time.monotonic()))


if __name__ == "__main__":
    main()
