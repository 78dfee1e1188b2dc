"""Present prices of spot instances, from EC2."""

import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from cdktf_dask.autoscaler.capacity import CapacityError

FRESH_SECONDS = 300.0
"""Age of prices until they are read again. AWS changes them gradually, over hours to days."""

MAX_AGE_SECONDS = 3600.0
"""Age up to which prices are used while EC2 does not answer."""

logger = logging.getLogger("autoscaler")


class SpotPrices:
    """Prices in USD per hour by instance type and zone, read with one call for all types."""

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        """Take the function that calls AWS, and raises `CapacityError`. Nothing is asked yet."""
        self._call = call
        self._prices: dict[tuple[str, str], float] = {}
        self._asked: frozenset[str] = frozenset()
        """Instance types of the last call."""
        self._read = self._tried = float("-inf")
        self._failed = False

    def refresh(self, types: Collection[str], now: float) -> None:
        """Read the prices of instance types, unless those known are fresh. An error is logged once."""
        if not types or (now - self._tried < FRESH_SECONDS and self._asked.issuperset(types)):
            return
        self._tried, self._asked = now, frozenset(types)
        try:
            answer = self._call(
                "ec2",
                "describe_spot_price_history",
                InstanceTypes=sorted(types),
                ProductDescriptions=["Linux/UNIX"],
                StartTime=datetime.now(UTC),  # then AWS answers with the present prices
            )
        except CapacityError as error:
            if now - self._read > MAX_AGE_SECONDS:
                self._prices = {}
            if not self._failed:
                logger.warning("spot instances count with earlier prices, or those on demand: %s", error)
            self._failed = True
            return
        newest = sorted(answer["SpotPriceHistory"], key=lambda one: one["Timestamp"])
        self._prices = {
            (one["InstanceType"], one["AvailabilityZone"]): float(one["SpotPrice"]) for one in newest
        }
        self._read, self._failed = now, False

    def price(self, instance_type: str, zone: str) -> float | None:
        """Price of an instance; None if it is unknown."""
        return self._prices.get((instance_type, zone))
