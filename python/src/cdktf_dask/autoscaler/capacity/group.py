"""An Auto Scaling group and its instances, as AWS describes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Group:
    """An Auto Scaling group as AWS describes it."""

    desired: int
    greatest: int
    instances: Mapping[str, str]
    """Lifecycle state of each instance, such as `InService` or `Terminating:Wait`."""

    @property
    def present(self) -> Sequence[str]:
        """Ids of the instances that boot or are in service."""
        return [one for one, state in self.instances.items() if not leaves(state)]

    @property
    def leaving(self) -> Sequence[str]:
        """Ids of the instances that end."""
        return [one for one, state in self.instances.items() if leaves(state)]

    @property
    def changes(self) -> bool:
        """Whether instances start, end, or are missing."""
        steady = all(state == "InService" for state in self.instances.values())
        return len(self.instances) != self.desired or not steady


@dataclass(frozen=True)
class Instance:
    """An instance as EC2 describes it."""

    host: str
    """Host name."""
    spot: tuple[str, str] | None
    """Type and zone of a spot instance; None: it runs on demand."""

    @classmethod
    def of(cls, host: str, described: Mapping[str, Any]) -> "Instance":
        """Make it from its description. EC2 describes no lifecycle of instances on demand."""
        spot = described.get("InstanceLifecycle") == "spot"
        zone = described["Placement"]["AvailabilityZone"] if spot else ""
        return cls(host, (str(described["InstanceType"]), str(zone)) if spot else None)


def leaves(state: str) -> bool:
    """Whether an instance in a lifecycle state ends or leaves its group."""
    return state.startswith(("Terminat", "Detach"))
