"""Events of CloudWatch Logs, and batches within the limits of PutLogEvents (API version 2014-03-28)."""

import json
from dataclasses import dataclass, field

MAX_BATCH_EVENTS = 10_000
MAX_BATCH_BYTES = 1_048_576
"""Of all messages in UTF-8, with `EVENT_OVERHEAD_BYTES` for each."""

EVENT_OVERHEAD_BYTES = 26
MAX_EVENT_BYTES = 262_144
"""With the overhead. AWS has documented 1 MB since 2025, but not for all its partitions."""

MAX_BATCH_SPAN_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a stream."""

    timestamp: int
    """Milliseconds since 1970."""
    message: str
    size: int
    """Bytes that count in a batch."""


def event(timestamp: int, fields: dict[str, object], message: str) -> Event:
    """An event whose message is a JSON object with the fields and `message`.

    A message that is too large is cut; the field `truncatedFrom` then has its size in bytes.
    """
    text, size = _encode({**fields, "message": message})
    if size > MAX_EVENT_BYTES:
        fields = {**fields, "truncatedFrom": len(_bytes(message))}
        while size > MAX_EVENT_BYTES:
            # The text of control characters is longer than they are, so one cut may not be enough.
            message = message[: int(len(message) * 0.95 * MAX_EVENT_BYTES / size)]
            text, size = _encode({**fields, "message": message})
    return Event(timestamp, text, size)


def _encode(fields: dict[str, object]) -> tuple[str, int]:
    content = _bytes(json.dumps(fields, ensure_ascii=False))
    return content.decode(), len(content) + EVENT_OVERHEAD_BYTES


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


@dataclass(slots=True)
class Batch:
    """Events of one call of PutLogEvents, and the position in the journal after the last one."""

    events: list[Event] = field(default_factory=list)
    cursor: str = ""
    size: int = 0
    first: int = 0
    """Timestamp of the oldest event."""
    last: int = 0
    """Timestamp of the newest event."""

    def fits(self, event: Event) -> bool:
        """Whether the batch can have this event too."""
        return not self.events or (
            len(self.events) < MAX_BATCH_EVENTS
            and self.size + event.size <= MAX_BATCH_BYTES
            and max(self.last, event.timestamp) - min(self.first, event.timestamp) < MAX_BATCH_SPAN_MS
        )

    def add(self, event: Event, cursor: str) -> None:
        """Adds an event that fits."""
        stamp = event.timestamp
        self.first, self.last = (
            (min(self.first, stamp), max(self.last, stamp)) if self.events else (stamp, stamp)
        )
        self.events.append(event)
        self.size += event.size
        self.cursor = cursor
