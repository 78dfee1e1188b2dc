"""Ships the journal of this node until SIGTERM."""

import os
import signal
import sys
from pathlib import Path

from cdktf_dask.node.aws import Aws
from cdktf_dask.node.logs.journal import Journal, units
from cdktf_dask.node.logs.position import Position
from cdktf_dask.node.logs.shipper import Shipper
from cdktf_dask.node.logs.stream import Stream
from cdktf_dask.node.metadata import Metadata
from cdktf_dask.node.settings import read_settings

TIMEOUT_SECONDS = 5
"""Of a call, which delays the reading of the journal."""


def main() -> str | None:
    """Runs the service.

    Returns:
        Why it ended too early; None after a stop.
    """
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: signals.append(received))
    settings = read_settings()
    try:
        instance = Metadata().get("instance-id")
        aws = Aws(retry_seconds=0, attempts=1, timeout_seconds=TIMEOUT_SECONDS)
    except OSError as error:
        return f"the metadata service does not answer: {error}"
    pool = settings["LOG_POOL"]
    stream = Stream(aws, settings["LOG_GROUP"], f"{pool}/{instance}")
    position = Position(Path(os.environ["STATE_DIRECTORY"], "cursor"))
    return Shipper(Journal(units()), stream, position, pool).run(lambda: bool(signals))


if __name__ == "__main__":
    sys.exit(main())
