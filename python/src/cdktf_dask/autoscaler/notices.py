"""What is logged once, as long as it lasts: a line each second would hide everything else."""

import logging
from collections.abc import Mapping

logger = logging.getLogger("autoscaler")


class Notices:
    """Conditions that were logged and still hold."""

    def __init__(self) -> None:
        self._logged: dict[str, set[str]] = {}

    def update(self, kind: str, texts: Mapping[str, str]) -> None:
        """Log what is new of a kind, and forget what no longer holds.

        Args:
            kind: Such as `unsatisfiable`.
            texts: All conditions of the kind that hold now: an identity, and the line to log.
        """
        before = self._logged.get(kind, set())
        for key, line in texts.items():
            if key not in before:
                logger.warning(line, extra={"condition": kind})
        self._logged[kind] = set(texts)


class Silence:
    """Something that does not answer: logged after a time, and when it answers again."""

    def __init__(self, patience: float) -> None:
        """Take the seconds until it is logged."""
        self._patience = patience
        self._since: float | None = None
        self._logged = False

    def begin(self, now: float, reason: str) -> None:
        """Note that it does not answer."""
        self._since = now if self._since is None else self._since
        if not self._logged and now - self._since >= self._patience:
            self._logged = True
            logger.warning("nothing changes for %.0f s: %s", now - self._since, reason)

    def end(self, now: float, what: str) -> None:
        """Note that it answers."""
        if self._logged and self._since is not None:
            logger.info("%s answers again after %.0f s", what, now - self._since)
        self._since, self._logged = None, False
