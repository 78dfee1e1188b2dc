"""Reads the journal and sends it, for as long as the node lives."""

import random
import time
from collections.abc import Callable

from cdktf_dask.node.aws import AwsError
from cdktf_dask.node.logs.events import Event, event
from cdktf_dask.node.logs.journal import Journal, Reader, event_of, parse
from cdktf_dask.node.logs.pending import Pending
from cdktf_dask.node.logs.position import Position
from cdktf_dask.node.logs.stream import Stream

BATCH_SECONDS = 2.0
"""How long an event waits for others to be sent with it."""

READ_SECONDS = 0.5
"""Longest wait for output of journalctl, after which a stop is noticed."""

FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 60.0
FLUSH_SECONDS = 15.0
"""Time to send the rest after SIGTERM; shorter than `TimeoutStopSec=` of `dask-logs.service`."""

FLUSH_PAUSE_SECONDS = 1.0
REPORT_SECONDS = 300.0
"""How often a failure that lasts is reported."""

UNIT = "dask-logs.service"
WARNING = 4

REFUSED = ("InvalidParameterException", "InvalidRequestException", "SerializationException")
"""Errors of a batch that AWS never accepts."""


class Shipper:
    """Sends the entries of a journal to a stream."""

    def __init__(
        self, journal: Journal, stream: Stream, position: Position, pool: str, pending: Pending | None = None
    ) -> None:
        """Prepares shipping.

        Args:
            journal: What is read.
            stream: Where it is sent.
            position: Where reading begins, and what has been sent.
            pool: Pool of this node, or `scheduler`; a field of each event.
            pending: Events that AWS has not accepted yet; empty by default.
        """
        self._journal, self._stream, self._position, self._pool = journal, stream, position, pool
        self._pending = Pending() if pending is None else pending
        self._read = position.read()
        self._oldest_since = 0.0
        self._next_attempt = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._failing_since: float | None = None
        self._reported = 0.0

    def run(self, stopped: Callable[[], bool]) -> str | None:
        """Ships until stopped, then sends the rest of the journal within `FLUSH_SECONDS`.

        Returns:
            None, or why it ended before it was stopped, or with events that are not sent.
        """
        for start in (self._journal.rest, self._journal.follow):
            error = self._ship(start(self._read), stopped)
            if error is not None:
                return error
        return self._flush()

    def _ship(self, reader: Reader, stopped: Callable[[], bool]) -> str | None:
        while not (stopped() or reader.ended):
            self._take(reader, READ_SECONDS)
            if self._due():
                self._send()
        return reader.close()

    def _flush(self) -> str | None:
        deadline = time.monotonic() + FLUSH_SECONDS
        # Not of the process that follows the journal: nothing shows when that has read the last entry.
        reader = self._journal.rest(self._read)
        while not reader.ended and time.monotonic() < deadline:
            self._take(reader, READ_SECONDS)
            if self._pending and self._pending.full:
                self._send_or_wait()
        error = reader.close()
        while self._pending and time.monotonic() < deadline:
            self._send_or_wait()
        if not self._pending:
            return error
        return f"stopped with {self._state()}; they are sent at the next start of this node"

    def _take(self, reader: Reader, seconds: float) -> None:
        skipped = reader.skipped
        for line in reader.lines(seconds):
            entry = parse(line)
            if entry is not None:
                self._add(event_of(entry, self._pool), entry.cursor)
        if reader.skipped > skipped:
            self._report(f"skipped {reader.skipped - skipped} entries of the journal that are too long")

    def _add(self, one: Event, cursor: str) -> None:
        if not self._pending:
            self._oldest_since = time.monotonic()
        self._pending.add(one, cursor)
        self._read = cursor

    def _due(self) -> bool:
        now = time.monotonic()
        waited = now - self._oldest_since >= BATCH_SECONDS
        return bool(self._pending) and now >= self._next_attempt and (waited or self._pending.full)

    def _send_or_wait(self) -> None:
        if not self._send():
            time.sleep(FLUSH_PAUSE_SECONDS)

    def _send(self) -> bool:
        """Sends the oldest batch. Returns whether it is settled."""
        try:
            self._send_notice()
            rejected = self._stream.put(self._pending.oldest.events)
        except AwsError as error:
            if error.code not in REFUSED:
                self._fail(str(error))
                return False
            rejected = {f"refused by AWS as {error}": len(self._pending.oldest.events)}
        if self._failing_since is not None:
            self._report(f"sending again after {time.monotonic() - self._failing_since:.0f} s")
        self._failing_since, self._pause, self._next_attempt = None, FIRST_PAUSE_SECONDS, 0.0
        for reason, count in rejected.items():
            self._report(f"{count} events are not stored: {reason}")
        self._position.write(self._pending.remove().cursor)
        self._oldest_since = time.monotonic()
        return True

    def _send_notice(self) -> None:
        """Sends the number of dropped events ahead of those that follow them."""
        dropped = self._pending.dropped
        if not dropped:
            return
        text = f"{dropped} older events are dropped, because more than {self._pending.limit} bytes waited"
        fields: dict[str, object] = {
            **{"unit": UNIT, "priority": WARNING, "pool": self._pool},
            "dropped": dropped,
        }
        self._stream.put([event(self._pending.oldest.first, fields, text)])
        self._pending.dropped = 0
        self._report(text)

    def _fail(self, cause: str) -> None:
        now = time.monotonic()
        pause = self._pause * random.uniform(0.5, 1)
        self._next_attempt, self._pause = now + pause, min(2 * self._pause, MAX_PAUSE_SECONDS)
        if self._failing_since is None or now - self._reported >= REPORT_SECONDS:
            self._report(f"cannot send {self._state()}: {cause}; trying again, at least every minute")
        if self._failing_since is None:
            self._failing_since = now

    def _state(self) -> str:
        return f"{self._pending.count} events of {self._pending.size} bytes"

    def _report(self, text: str) -> None:
        # The journal brings it to the stream too.
        print(text, flush=True)
        self._reported = time.monotonic()
