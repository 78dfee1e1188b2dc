"""Runs the autoscaler of a cluster until SIGTERM: `python -m cdktf_dask.autoscaler SETTINGS.json`."""

import fcntl
import logging
import os
import signal
import sys
import time
from dataclasses import astuple
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from cdktf_dask.autoscaler.capacity import capacity_of
from cdktf_dask.autoscaler.loop import TICK_SECONDS, Autoscaler
from cdktf_dask.autoscaler.metrics import Metrics, serve
from cdktf_dask.autoscaler.minimum import NAME as MINIMUM
from cdktf_dask.autoscaler.scheduler import Scheduler
from cdktf_dask.autoscaler.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from cdktf_dask.autoscaler.dead_man_switch import DeadManSwitch

logger = logging.getLogger("autoscaler")


def main(file: str) -> int:
    """Run until a signal; returns the exit code."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        settings = read_settings(Path(file))
        capacity = capacity_of(settings.capacity)
        switch = _dead_man_switch(settings)
        # Two autoscalers would end what the other one drains.
        guard = open(file, encoding="utf-8")  # noqa: SIM115 - open until the process ends
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        logger.error("another autoscaler runs with %s", file)
        return 1
    except (SettingsError, OSError) as error:
        logger.error("%s", error)
        return 1
    metrics = Metrics()
    if settings.metrics:
        try:
            serve(metrics, settings.metrics)
        except OSError as error:
            logger.warning("metrics are not served at %s:%d: %s", *astuple(settings.metrics), error)
    if settings.alerts:
        from cdktf_dask.autoscaler.alerts import Alerts  # needs boto3

        logger.addHandler(Alerts(settings.cluster, settings.alerts))
    # systemd sets the variable for a unit with StateDirectory=.
    state = Path(os.environ.get("STATE_DIRECTORY", Path(file).parent))
    scheduler = Scheduler(settings.scheduler)
    minimum = Path(file).with_name(MINIMUM)
    autoscaler = Autoscaler(
        settings, scheduler, capacity, metrics, cost_file=state / "cost.json", minimum_file=minimum
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    pools = ", ".join(f"{pool.name} {pool.min_size} to {pool.max_size}" for pool in settings.pools)
    logger.info("scales the pools of %s: %s", settings.cluster, pools)
    if switch:
        switch.start()
    try:
        while True:
            started = time.monotonic()
            try:
                if autoscaler.tick() is not None and switch:
                    switch.alive()
            except Exception:
                # The next tick begins with the state that then is.
                logger.exception("the tick failed")
            time.sleep(max(0.05, TICK_SECONDS - (time.monotonic() - started)))
    except KeyboardInterrupt:
        autoscaler.close()
    return 0


def _dead_man_switch(settings: Settings) -> "DeadManSwitch | None":
    if settings.dead_man_switch is None:
        return None
    from cdktf_dask.autoscaler.dead_man_switch import DeadManSwitch  # needs boto3

    return DeadManSwitch.of(settings.dead_man_switch)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    # Not `sys.exit`: Python would wait for the threads of drains.
    os._exit(code)
