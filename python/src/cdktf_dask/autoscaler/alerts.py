"""Sends conditions that the autoscaler logs to the topic with the alerts of the cluster, on AWS only."""

import logging
import re
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from cdktf_dask.node.aws import Aws, AwsError

REPEAT_SECONDS = 12 * 3600.0
"""Pause until a condition is sent again; `REPEAT_HOURS` of `lib/node/monitoring/alertmanager.ts`."""

MOST, MOST_SECONDS = 20, 24 * 3600.0
"""Largest number of messages in a time."""

RETRY_SECONDS = 60.0

logger = logging.getLogger("autoscaler")


class Alerts(logging.Handler):
    """Publishes each condition of `Notices` once. Lines that differ in numbers only are one condition."""

    def __init__(
        self, cluster: str, topic: str, aws: Aws | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the ARN of the topic. Nothing is sent yet."""
        super().__init__()
        self._aws = aws or Aws(RETRY_SECONDS, region=topic.split(":")[3])
        self._cluster, self._topic, self._clock = cluster, topic, clock
        self._sent: dict[str, float] = {}
        self._times: deque[float] = deque(maxlen=MOST)
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._thread = Thread(target=self._publish, daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Send the line of a condition, unless that was done a short time ago."""
        condition = getattr(record, "condition", None)
        if condition is None:
            return
        now, line = self._clock(), record.getMessage()
        identity = f"{condition}: {re.sub(r'[0-9.]+', '', line)}"
        if now - self._sent.get(identity, float("-inf")) < REPEAT_SECONDS:
            return
        if len(self._times) == MOST and now - self._times[0] < MOST_SECONDS:
            return
        self._sent[identity] = now
        self._times.append(now)
        self._queue.put(line)

    def close(self) -> None:
        """Wait until all is sent."""
        self._queue.put(None)
        self._thread.join()
        super().close()

    def _publish(self) -> None:
        while (line := self._queue.get()) is not None:
            subject = f"Autoscaler of Dask cluster {self._cluster}"
            try:
                self._aws.call("sns", "publish", TopicArn=self._topic, Subject=subject, Message=line)
            except AwsError as error:
                logger.error("an alert was not sent: %s", error)
