"""The stream of this node in the log group of its cluster."""

from collections.abc import Sequence

from cdktf_dask.node.aws import Aws, AwsError
from cdktf_dask.node.logs.events import Event

REJECTED = {
    "tooOldLogEventEndIndex": "too old",
    "expiredLogEventEndIndex": "older than the retention period",
}
"""Events before these indices are not stored (RejectedLogEventsInfo, API version 2014-03-28)."""

TOO_NEW = "tooNewLogEventStartIndex"


class Stream:
    """Stream of CloudWatch Logs, which is created when it is first written to."""

    def __init__(self, aws: Aws, group: str, name: str) -> None:
        self._aws = aws
        self._names = {"logGroupName": group, "logStreamName": name}
        self._created = False

    def put(self, events: Sequence[Event]) -> dict[str, int]:
        """Sends the events of a batch, in the order of time.

        Returns:
            How many of them AWS did not store, by the reason.

        Raises:
            AwsError: the call failed, so AWS has stored none.
        """
        if not self._created:
            self._create()
        ordered = sorted(events, key=lambda event: event.timestamp)
        try:
            answer = self._aws.call(
                "logs",
                "put_log_events",
                **self._names,
                logEvents=[{"timestamp": event.timestamp, "message": event.message} for event in ordered],
            )
        except AwsError as error:
            # Somebody has deleted it. The next attempt creates it again.
            self._created = error.code != "ResourceNotFoundException"
            raise
        return _rejected(answer.get("rejectedLogEventsInfo") or {}, len(ordered))

    def _create(self) -> None:
        try:
            self._aws.call("logs", "create_log_stream", **self._names)
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
        self._created = True


def _rejected(info: dict[str, int], count: int) -> dict[str, int]:
    reasons = {reason: info[index] for index, reason in REJECTED.items() if info.get(index)}
    if TOO_NEW in info:
        reasons["in the future"] = count - info[TOO_NEW]
    return reasons
