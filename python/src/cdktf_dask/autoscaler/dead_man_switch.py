"""Heartbeat of the autoscaler in CloudWatch. Without it, alarms set the desired size of all pools to 0.

Terraform creates the alarms with disabled actions: an alarm for missing data is in alarm from its creation,
before the scheduler has booted. This process enables the actions once CloudWatch has seen heartbeats.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Thread
from typing import Any, NoReturn

from cdktf_dask.autoscaler.notices import Notices
from cdktf_dask.autoscaler.settings import SettingsError
from cdktf_dask.node.aws import Aws, AwsError

BEAT_SECONDS = 60.0
"""Period of the alarms (`lib/aws/nodes/dead-man-switch.ts`)."""

METRIC = "AutoscalerHeartbeat"


class DeadManSwitch:
    """Publishes a heartbeat every minute, as long as `alive` is called at least as often."""

    def __init__(
        self,
        namespace: str,
        alarms: Sequence[str],
        aws: Aws,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the namespace of the metric, and the names of the alarms. Nothing is sent yet."""
        self._namespace = namespace
        self._alarms = list(alarms)
        self._aws = aws
        self._clock = clock
        self._notices = Notices()
        self._alive = float("-inf")
        self._enabled = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "DeadManSwitch":
        """Make it from `deadManSwitch` of the settings.

        Raises:
            SettingsError: the settings have no region, no namespace or no alarms.
        """
        region, namespace, alarms = (settings.get(name) for name in ("region", "namespace", "alarms"))
        if not isinstance(region, str) or not isinstance(namespace, str):
            raise SettingsError(f"deadManSwitch: got {settings!r}, expected region and namespace")
        if not isinstance(alarms, list) or not alarms or not all(isinstance(name, str) for name in alarms):
            raise SettingsError(f"deadManSwitch.alarms: got {alarms!r}, expected names of alarms")
        return cls(namespace, alarms, Aws(retry_seconds=0, region=region, attempts=2, timeout_seconds=5))

    def alive(self) -> None:
        """Note that the autoscaler works: scheduler and provider have answered."""
        self._alive = self._clock()

    def start(self) -> None:
        """Publish in a thread, so that a slow answer of CloudWatch delays no tick."""
        Thread(target=self._run, name="dead-man-switch", daemon=True).start()

    def beat(self) -> None:
        """Do the work of one minute. Errors are logged once, as long as they last."""
        if self._clock() - self._alive > BEAT_SECONDS:
            return
        try:
            self._aws.call(
                "cloudwatch",
                "put_metric_data",
                Namespace=self._namespace,
                MetricData=[{"MetricName": METRIC, "Value": 1.0, "Unit": "Count"}],
            )
            self._enable()
        except AwsError as error:
            self._notices.update("heartbeat", {error.code: f"no heartbeat in CloudWatch: {error}"})
        else:
            self._notices.update("heartbeat", {})

    def _enable(self) -> None:
        """Enable the actions of the alarms, once all of them have seen heartbeats."""
        if self._enabled:
            return
        answer = self._aws.call("cloudwatch", "describe_alarms", AlarmNames=self._alarms)
        states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in answer["MetricAlarms"]}
        if all(states.get(name) == "OK" for name in self._alarms):
            self._aws.call("cloudwatch", "enable_alarm_actions", AlarmNames=self._alarms)
            self._enabled = True

    def _run(self) -> NoReturn:
        while True:
            self.beat()
            time.sleep(BEAT_SECONDS)
