"""The instances file: facts of each instance by address, `{"10.77.16.10": {"id": "i-0001", ...}}`.

Doubles read it at each request, so a test changes an instance by writing the file again.
"""

import hashlib
import json
import os
from base64 import b64encode
from dataclasses import dataclass, fields
from pathlib import Path

#: Faults that a test can set for an instance.
FAULTS = (
    "no-imdsv2",  # the metadata service issues no tokens (403), and needs none
    "silent",  # the metadata service never answers
    "aws-silent",  # the APIs never answer
    "throttled",  # each API throttles the first calls
    "denied-at-first",  # each API denies the first calls, as for a new role; after the throttled ones
    "download-404",
    "download-wrong-bytes",
    "download-silent",
)


@dataclass(frozen=True)
class Instance:
    """Facts of an instance."""

    address: str
    id: str
    region: str = "eu-central-1"
    role: str = "node"
    #: File with base64 user data, relative to the folder of the instances file.
    userData: str | None = None
    #: Names of the secrets that its role can use.
    secrets: tuple[str, ...] = ()
    #: Patterns of the log streams that its role can write, such as `/dask/rig/nodes:log-stream:cpu/*`.
    logStreams: tuple[str, ...] = ()
    #: Policies of its role, of which S3 evaluates the statements about S3.
    policies: tuple[dict, ...] = ()
    #: Auto Scaling group; None for the scheduler.
    group: str | None = None
    #: Launch hook with a pending action for this instance; None if there is no hook.
    hook: str | None = None
    #: Seconds from the first call until the lifecycle action is pending: the group is slower than the node.
    hookAfter: float = 0
    #: Termination hook of its group; None if there is no hook.
    terminationHook: str | None = None
    #: `Terminated` once the group ends the instance, which then waits for the termination hook.
    lifecycle: str = "InService"
    #: None: on-demand. Spot: {}, or the interruption notice {"action": "terminate", "time": "2026-…Z"}.
    spot: dict | None = None
    #: None, or the rebalance recommendation {"noticeTime": "2026-…Z"}.
    rebalance: dict | None = None
    instanceType: str = "m7i.2xlarge"
    faults: tuple[str, ...] = ()

    @property
    def hooks(self) -> tuple[str | None, ...]:
        """Hooks with an action for this instance, completed or not."""
        return (self.hook, *([self.terminationHook] if self.lifecycle == "Terminated" else []))

    @property
    def credentials(self) -> dict[str, str]:
        """Credentials of its role, derived from the id, in the format of AWS."""
        digest = hashlib.sha512(self.id.encode()).digest()
        return {
            "AccessKeyId": "ASIA" + digest.hex()[:16].upper(),
            "SecretAccessKey": b64encode(digest)[:40].decode(),
            "Token": b64encode(digest * 12 + b"=").decode(),
        }


class Instances:
    """Reads the instances file."""

    def __init__(self, file: Path):
        self.file = file

    def all(self) -> list[Instance]:
        """Return all instances. Raises ValueError for unknown keys and faults."""
        return [
            self._instance(address, facts) for address, facts in json.loads(self.file.read_text()).items()
        ]

    def at(self, address: str) -> Instance | None:
        """Return the instance at an address."""
        return next((instance for instance in self.all() if instance.address == address), None)

    def _instance(self, address: str, facts: dict) -> Instance:
        allowed = {field.name for field in fields(Instance)} - {"address"}
        if unknown := (facts.keys() - allowed) | (set(facts.get("faults", ())) - set(FAULTS)):
            expected = f"keys of {sorted(allowed)} and faults of {FAULTS}"
            raise ValueError(f"{self.file}: {address}: got {sorted(unknown)}, expected {expected}")
        lists = {name: tuple(facts.get(name, ())) for name in ("faults", "secrets", "policies", "logStreams")}
        return Instance(address, **facts | lists)


def write(file: Path, instances: dict[str, dict]) -> None:
    """Write the file atomically."""
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(instances, indent=2))
    os.replace(draft, file)
