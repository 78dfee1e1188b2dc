"""Batches that AWS has not accepted yet."""

from collections import deque

from cdktf_dask.node.logs.events import Batch, Event

MAX_PENDING_BYTES = 50_000_000
"""Bytes of events that a node keeps while AWS throttles or does not answer."""


class Pending:
    """Batches in the order of the journal. When they are too many, the oldest are dropped and counted."""

    def __init__(self, max_bytes: int = MAX_PENDING_BYTES) -> None:
        self.limit = max_bytes
        """Bytes above which the oldest batch is dropped."""
        self._batches: deque[Batch] = deque()
        self.size = 0
        """Bytes of all events."""
        self.count = 0
        """Number of all events."""
        self.dropped = 0
        """Events dropped since `dropped` was last set to 0."""

    def __bool__(self) -> bool:
        return bool(self._batches)

    def add(self, event: Event, cursor: str) -> None:
        """Adds an event, with the position in the journal after it."""
        if not self._batches or not self._batches[-1].fits(event):
            self._batches.append(Batch())
        self._batches[-1].add(event, cursor)
        self.size += event.size
        self.count += 1
        while self.size > self.limit:
            self.dropped += len(self.remove().events)

    @property
    def oldest(self) -> Batch:
        """The next batch to send."""
        return self._batches[0]

    @property
    def full(self) -> bool:
        """Whether the oldest batch gets no more events."""
        return len(self._batches) > 1

    def remove(self) -> Batch:
        """Removes the oldest batch."""
        batch = self._batches.popleft()
        self.size -= batch.size
        self.count -= len(batch.events)
        return batch
