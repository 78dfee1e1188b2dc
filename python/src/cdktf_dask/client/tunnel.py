"""A tunnel from a local port to the scheduler, which stays open as long as the client needs it."""

import logging
import socket
from collections.abc import Callable
from threading import Event, Thread

from cdktf_dask.client.aws import AwsCluster, SchedulerInstance
from cdktf_dask.client.errors import ConnectError
from cdktf_dask.client.plugin import Plugin
from cdktf_dask.client.ports import SCHEDULER_PORT

WATCH_SECONDS = 0.5
CHECK_SECONDS = 5.0
"""Time between two questions for the scheduler's instance while the scheduler is lost."""

RESTART_SECONDS = 2.0
"""Pause after a tunnel could not be opened again."""

JOIN_SECONDS = 10.0

logger = logging.getLogger("cdktf_dask.client")


class Tunnel:
    """Forwards a port of 127.0.0.1 to a port of the scheduler's instance.

    A thread opens it again if it drops, and moves it to the new instance if the scheduler was replaced. The
    port stays the same.
    """

    def __init__(
        self,
        aws: AwsCluster,
        scheduler: SchedulerInstance,
        remote_port: int = SCHEDULER_PORT,
        local_port: int | None = None,
    ) -> None:
        """Open the tunnel.

        Args:
            aws: The cluster.
            scheduler: Its scheduler.
            remote_port: Port of the instance.
            local_port: Port of 127.0.0.1; by default a free one.

        Raises:
            ConnectError: the tunnel cannot be opened.
        """
        self._aws = aws
        self._remote_port = remote_port
        self.port = local_port or free_port()
        self.lost: Callable[[], bool] = lambda: False
        """Whether the scheduler may be on another instance now."""
        self.check_seconds = CHECK_SECONDS
        self._closing = Event()
        self._plugin: Plugin | None = Plugin(aws, scheduler.id, remote_port, self.port)
        self._thread = Thread(target=self._watch, name=f"tunnel-{aws.name}", daemon=True)
        self._thread.start()

    @property
    def instance(self) -> str:
        """Id of the instance at the end of the tunnel; empty while the tunnel is not open."""
        plugin = self._plugin
        return plugin.instance if plugin else ""

    def stop(self) -> None:
        """Ask the thread to close the tunnel; returns at once."""
        self._closing.set()

    def close(self) -> None:
        """Close the tunnel. Returns when neither thread nor process is left."""
        self.stop()
        self._thread.join(JOIN_SECONDS)

    def wait(self) -> None:
        """Return when the tunnel is closed."""
        self._thread.join()

    def _watch(self) -> None:
        checked = 0.0
        try:
            while not self._closing.wait(WATCH_SECONDS):
                if self._plugin is None or not self._plugin.alive():
                    self._reopen("the tunnel dropped")
                    continue
                checked = checked + WATCH_SECONDS if self.lost() else 0.0
                if checked >= self.check_seconds:
                    checked = 0.0
                    self._follow()
        finally:
            self._end()

    def _follow(self) -> None:
        try:
            current = self._aws.scheduler()
        except ConnectError as error:
            logger.info("%s", error.reason)
            return
        if current.id != self.instance:
            self._reopen(f"the scheduler runs on {current.id} now")

    def _reopen(self, reason: str) -> None:
        self._end()
        logger.info("%s: opening the tunnel again", reason)
        try:
            self._plugin = Plugin(self._aws, self._aws.scheduler().id, self._remote_port, self.port)
        except ConnectError as error:
            logger.warning("the tunnel to %s cannot be opened again: %s", self._aws.name, error.reason)
            self._closing.wait(RESTART_SECONDS)

    def _end(self) -> None:
        plugin, self._plugin = self._plugin, None
        if plugin:
            plugin.close()


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
