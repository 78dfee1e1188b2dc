"""Drains the workers of this node before its instance ends, and then lets its Auto Scaling group end it.

    run.sh watch

Asks the metadata service every 2 s, as aws-node-termination-handler does, for three notices:

- The target lifecycle state `Terminated`: the group ends the instance, for example for scale-in, an instance
  refresh or capacity rebalancing. Its termination hook waits until the workers are drained.
- A spot interruption: EC2 ends the instance two minutes later, drained or not.
- A rebalance recommendation. It is only logged: the group starts a replacement, and then ends the instance.

`dask-drain.service` drains, and its log names what is lost. The program ends once the hook is completed.
"""

import subprocess
import time
from pathlib import Path
from threading import Thread

from cdktf_dask.node.failures import Failures
from cdktf_dask.node.metadata import Metadata
from cdktf_dask.node.settings import read_settings
from cdktf_dask.node.termination_hook import TerminationHook

POLL_SECONDS = 2

ATTEMPTS = 2
TIMEOUT_SECONDS = 2
"""Of each request for a notice: the next one follows soon."""

DRAINING = Path("/run/dask/draining")
"""The units of the workers do not start while it exists. It has the deadline of `dask-drain.service`."""

DRAIN_UNIT = "dask-drain.service"

LIFECYCLE = "autoscaling/target-lifecycle-state"
SPOT = "spot/instance-action"
REBALANCE = "events/recommendations/rebalance"


class Watch:
    """Notices of the end of this instance, and what the node does then."""

    def __init__(self, settings: dict[str, str], draining: Path | None = None) -> None:
        """Prepares requests; none is sent yet.

        Args:
            settings: `SERVICE`, `DRAIN_SECONDS`, `SPOT_DRAIN_SECONDS`, and those of the termination hook.
            draining: File that keeps the workers from starting; `DRAINING` by default.
        """
        self._settings, self._draining = settings, draining or DRAINING
        self._metadata, self._failures = Metadata(ATTEMPTS, TIMEOUT_SECONDS), Failures()
        self._hook = TerminationHook(settings, self._metadata, self._failures)
        self._seen: set[str] = set()
        self._drain: Thread | None = None

    def step(self, now: float) -> bool:
        """Asks once, and does what is due; whether nothing is left to do.

        Args:
            now: Seconds of a monotonic clock.
        """
        if notice := self._new(SPOT):
            seconds = self._settings["SPOT_DRAIN_SECONDS"]
            print(f"EC2 interrupts this instance: {notice}; draining within {seconds} s", flush=True)
            self._interrupt(seconds)
        if self._new(LIFECYCLE, "Terminated"):
            seconds = self._settings["DRAIN_SECONDS"]
            within = "draining already" if self._drain else f"draining within {seconds} s"
            print(f"the Auto Scaling group ends this instance; {within}", flush=True)
            self._start(seconds)
        if notice := self._new(REBALANCE):
            print(f"EC2 recommends to replace this instance: {notice}; its group does so", flush=True)
        if LIFECYCLE not in self._seen or self._drain is None:
            return False
        if self._drain.is_alive():
            self._hook.extend(now)
            return False
        return self._hook.complete(now)

    def _new(self, path: str, expected: str | None = None) -> str | None:
        """Value of a notice that has not been seen before; None without one.

        Args:
            path: Path of the metadata.
            expected: The only value that is a notice; any by default.
        """
        if path in self._seen:
            return None
        try:
            value = self._metadata.get(path)
        except OSError as error:
            self._failures.report(path, f"{path}: {error}; trying again every {POLL_SECONDS} s")
            return None
        self._failures.clear(path)
        if value is None or expected not in (None, value):
            return None
        self._seen.add(path)
        return value

    def _interrupt(self, seconds: str) -> None:
        """Drains within a shorter time, also if the node drains already."""
        if self._drain is None:
            self._start(seconds)
        else:
            # The stop of the workers' unit, which follows, drains the rest in time.
            subprocess.run(["systemctl", "stop", DRAIN_UNIT], check=False)

    def _start(self, seconds: str) -> None:
        """Starts to drain, unless the node drains already."""
        if self._drain is None:
            self._draining.write_text(f"DRAIN_SECONDS={seconds}\n")
            self._drain = Thread(target=drain, args=(self._settings["SERVICE"],), daemon=True)
            self._drain.start()


def drain(service: str) -> None:
    """Drains the workers, and stops their unit."""
    started = time.monotonic()
    for verb, unit in (("start", DRAIN_UNIT), ("stop", f"{service}.service")):
        if subprocess.run(["systemctl", verb, unit], check=False).returncode != 0:
            print(f"systemctl {verb} {unit} failed; the log of {unit} has the reason", flush=True)
    print(f"the workers are stopped after {time.monotonic() - started:.0f} s", flush=True)


def main(settings: dict[str, str]) -> None:
    """Watches until the termination hook is completed, or the instance ends."""
    watch = Watch(settings)
    while not watch.step(time.monotonic()):
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main(read_settings())
