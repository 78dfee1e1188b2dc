"""Settings of the autoscaler: a JSON file of `lib/node/autoscaler.ts`, with durations in seconds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdktf_dask.autoscaler.model import Limits, Pool


class SettingsError(ValueError):
    """A setting has another value than expected: `<path>: got <value>, expected <what>`."""


@dataclass(frozen=True)
class Address:
    """Where the process serves its metrics."""

    host: str
    port: int


@dataclass(frozen=True)
class Settings:
    """Settings of the autoscaler of one cluster."""

    cluster: str
    scheduler: str
    """URL of the scheduler's HTTP server, on this computer."""
    metrics: Address | None
    """None: no metrics are served."""
    capacity: Mapping[str, Any]
    """Provider of the nodes: its `kind` and what that needs."""
    limits: Limits
    pools: tuple[Pool, ...]
    keep_results: float | None
    """Seconds that results keep nodes while no task runs; None: for ever."""
    hung_after: float | None
    """Seconds without a finished task after which the cluster is reported as hung; None: never."""
    stop_hung: bool
    """Whether a hung cluster is stopped, and not only reported."""
    dead_man_switch: Mapping[str, Any] | None = None
    """What `DeadManSwitch.of` reads; None: a cluster without it."""
    alerts: str | None = None
    """ARN of the topic with alerts; None: conditions are only logged."""


def read_settings(file: Path) -> Settings:
    """Read the settings of a file.

    Raises:
        SettingsError: the file cannot be read, or a value is missing or not as expected.
    """
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: got {error}, expected a JSON file") from error
    root = Section(given, "")
    limits = root.section("limits")
    scheduler_price = root.number("schedulerUsdPerHour")
    return Settings(
        cluster=root.text("cluster"),
        scheduler=root.text("scheduler").rstrip("/"),
        metrics=_address(root),
        capacity=root.section("capacity").values,
        limits=Limits(
            max_nodes=limits.count("maxNodes"),
            max_hourly_cost=limits.number("maxHourlyCost"),
            scheduler_usd_per_hour=scheduler_price or 0.0,
        ),
        pools=tuple(_pool(pool) for pool in root.sections("pools")),
        keep_results=root.number("keepResults"),
        hung_after=root.number("hungAfter"),
        stop_hung=root.choice("onHung", ("report", "stop"), "report") == "stop",
        dead_man_switch=root.section("deadManSwitch").values if root.values.get("deadManSwitch") else None,
        alerts=None if root.values.get("alerts") is None else root.text("alerts"),
    )


@dataclass(frozen=True)
class Section:
    """An object of the file, with its path in it."""

    values: Mapping[str, Any]
    path: str

    def __post_init__(self) -> None:
        if not isinstance(self.values, dict):
            raise SettingsError(f"{self.path or 'settings'}: got {self.values!r}, expected an object")

    def section(self, name: str) -> "Section":
        """An object."""
        return Section(self.values.get(name), self._at(name))  # type: ignore[arg-type]

    def sections(self, name: str) -> list["Section"]:
        """A list of objects."""
        found = self.values.get(name)
        if not isinstance(found, list):
            raise self.unexpected(name, "a list")
        return [Section(value, f"{self._at(name)}[{index}]") for index, value in enumerate(found)]

    def text(self, name: str) -> str:
        """A text that is not empty."""
        found = self.values.get(name)
        if not isinstance(found, str) or not found:
            raise self.unexpected(name, "a text")
        return found

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of several texts."""
        found = self.values.get(name, default)
        if found not in choices:
            raise self.unexpected(name, " or ".join(choices))
        return str(found)

    def number(self, name: str) -> float | None:
        """A number from 0, or None for `null`."""
        found = self.values.get(name)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < float("inf"):
            raise self.unexpected(name, "a number from 0")
        return found

    def count(self, name: str) -> int | None:
        """A whole number from 0, or None for `null`."""
        found = self.number(name)
        if isinstance(found, float):
            raise self.unexpected(name, "a whole number from 0")
        return found

    def required(self, name: str) -> float:
        """A number from 0."""
        found = self.number(name)
        if found is None:
            raise self.unexpected(name, "a number from 0")
        return found

    def size(self, name: str) -> int:
        """A whole number from 0."""
        found = self.count(name)
        if found is None:
            raise self.unexpected(name, "a whole number from 0")
        return found

    def unexpected(self, name: str, expected: str) -> SettingsError:
        """The error for a value."""
        return SettingsError(f"{self._at(name)}: got {self.values.get(name)!r}, expected {expected}")

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def _pool(given: Section) -> Pool:
    offers = given.section("offers")
    return Pool(
        name=given.text("name"),
        offers={name: offers.required(name) for name in offers.values},
        workers=given.size("workers"),
        threads=given.size("threads"),
        min_size=given.size("minSize"),
        max_size=given.size("maxSize"),
        idle_timeout=given.required("idleTimeout"),
        target_duration=given.required("targetDuration"),
        drain_timeout=given.required("drainTimeout"),
        usd_per_hour=given.number("usdPerHour"),
        gpu=given.values.get("gpu") is True,
    )


def _address(root: Section) -> Address | None:
    if root.values.get("metrics") is None:
        return None
    host, _, port = root.text("metrics").rpartition(":")
    if not host or not port.isdigit():
        raise root.unexpected("metrics", "<host>:<port> or null")
    return Address(host, int(port))
