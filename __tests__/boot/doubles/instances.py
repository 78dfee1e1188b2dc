"""The instances as the doubles know them: a JSON file, `{"10.77.16.10": {"id": "i-0001", ...}}`.

It is read at each request, so a test changes a instance by writing the file anew.
"""

import hashlib
import json
import os
from base64 import b64encode
from dataclasses import dataclass, fields
from pathlib import Path

#: What a test can make go wrong for one instance.
FAULTS = (
    "no-imdsv2",  # the metadata service gives no token (403) and answers without one
    "silent",  # the metadata service takes requests and never answers
    "aws-silent",  # so do the AWS APIs
    "throttled",  # each of them refuses the first calls, as too many
    "denied-at-first",  # or as those of a role that is seconds old; with both faults, one after the other
    "download-404",
    "download-wrong-bytes",
    "download-silent",
)


@dataclass(frozen=True)
class Instance:
    """What AWS knows of a instance. Times and ids are AWS's own words."""

    address: str
    id: str
    region: str = "eu-central-1"
    role: str = "node"
    #: File with the base64 text that Terraform gives to EC2, from the folder of the instances' file.
    userData: str | None = None
    #: Names of the secrets that its role may name.
    secrets: tuple[str, ...] = ()
    #: Objects of S3 that its role may read, as `BUCKET/KEY`.
    objects: tuple[str, ...] = ()
    #: Autoscaling group; none for the scheduler.
    group: str | None = None
    #: Launch lifecycle hook that waits for this instance; none where it is gone.
    hook: str | None = None
    #: Seconds from the first answer to the hook until one is taken: the instance is faster than its group.
    hookAfter: float = 0
    lifecycle: str = "InService"
    #: Of a spot instance, empty or its interruption notice: {"action": "terminate", "time": "2026-…Z"}.
    spot: dict | None = None
    instanceType: str = "m7i.2xlarge"
    faults: tuple[str, ...] = ()

    @property
    def credentials(self) -> dict[str, str]:
        """Those of its role: the same for every process, in AWS's alphabets and lengths."""
        digest = hashlib.sha512(self.id.encode()).digest()
        return {
            "AccessKeyId": "ASIA" + digest.hex()[:16].upper(),
            "SecretAccessKey": b64encode(digest)[:40].decode(),
            "Token": b64encode(digest * 12 + b"=").decode(),
        }


class Instances:
    """The instances of a file, as it stands now."""

    def __init__(self, file: Path):
        self.file = file

    def all(self) -> list[Instance]:
        """Every instance; ValueError where the file says what no double understands."""
        return [
            self._instance(address, facts) for address, facts in json.loads(self.file.read_text()).items()
        ]

    def at(self, address: str) -> Instance | None:
        """The instance at an address."""
        return next((instance for instance in self.all() if instance.address == address), None)

    def _instance(self, address: str, facts: dict) -> Instance:
        allowed = {field.name for field in fields(Instance)} - {"address"}
        if unknown := (facts.keys() - allowed) | (set(facts.get("faults", ())) - set(FAULTS)):
            raise ValueError(
                f"{self.file}: {address}: {sorted(unknown)}; allowed: {sorted(allowed)}, {FAULTS}"
            )
        lists = {name: tuple(facts.get(name, ())) for name in ("faults", "secrets", "objects")}
        return Instance(address, **facts | lists)


def write(file: Path, instances: dict[str, dict]) -> None:
    """Write the file so that no double reads half of it."""
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(instances, indent=2))
    os.replace(draft, file)
