"""Prints the newest entries of the journal, as the body of one call of PutLogEvents.

    python3 -m cdktf_dask.node.logs.newest GROUP POOL/INSTANCE

For a node whose boot fails before its Python environment is complete: it needs the standard library only,
that of Python 3.10 or later.
"""

import json
import sys
from collections.abc import Iterable

from cdktf_dask.node.logs.events import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_BATCH_SPAN_MS, Event
from cdktf_dask.node.logs.journal import Journal, event_of, parse, units

READ_SECONDS = 10.0
"""Longest wait for output of journalctl."""


def newest(events: Iterable[Event]) -> list[Event]:
    """The newest events that fit into one call, in the order of time."""
    kept: list[Event] = []
    size = 0
    for event in sorted(events, key=lambda event: event.timestamp, reverse=True):
        size += event.size
        if size > MAX_BATCH_BYTES or len(kept) == MAX_BATCH_EVENTS:
            break
        if kept and kept[0].timestamp - event.timestamp >= MAX_BATCH_SPAN_MS:
            break
        kept.append(event)
    return kept[::-1]


def read(journal: Journal, pool: str) -> Iterable[Event]:
    """Events of all entries of a journal.

    Raises:
        SystemExit: journalctl failed, with the cause.
    """
    reader = journal.rest(None)
    while not reader.ended:
        for line in reader.lines(READ_SECONDS):
            entry = parse(line)
            if entry is not None:
                yield event_of(entry, pool)
    error = reader.close()
    if error is not None:
        sys.exit(error)


def main() -> None:
    """Runs the program.

    Raises:
        SystemExit: the journal cannot be read, or has no entries.
    """
    group, stream = sys.argv[1:]
    events = newest(read(Journal(units()), stream.partition("/")[0]))
    if not events:
        sys.exit("the journal has no entries of this node")
    body = {
        "logGroupName": group,
        "logStreamName": stream,
        "logEvents": [{"timestamp": event.timestamp, "message": event.message} for event in events],
    }
    print(json.dumps(body))


if __name__ == "__main__":
    main()
