"""Stands for EC2's instance metadata service, version 2, with tokens: what cloud-init and a node ask of it.

cloud-init knows by the machine's firmware that it is on EC2. A container has no firmware, so there it asks
without a token; its requests are answered all the same, and are spared the faults of this service. They are
known by their User-Agent: its own or, where it sets headers, that of its library. A node asks with curl.
"""

import json
import re
import secrets
import time
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

from machines import Machine
from serving import Handler, Server, arguments

LONGEST_TTL = 21_600
CLOUD_INIT = ("Cloud-Init/", "python-requests/")
ACCOUNT = "123456789012"


class Metadata(Handler):
    """Answers a machine."""

    #: Token: address of its machine, and when it ends by the monotonic clock.
    tokens: dict[str, tuple[str, float]] = {}  # noqa: RUF012 - shared by all requests on purpose

    def do_PUT(self) -> None:
        ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if self.faulty("silent"):
            self.stay_silent()
        elif self.faulty("no-imdsv2"):
            self.answer(403, "Forbidden")
        elif self.path != "/latest/api/token":
            self.answer(405, "Not Allowed")
        elif not ttl.isdecimal() or not 1 <= int(ttl) <= LONGEST_TTL:
            self.answer(400, "Bad Request")
        else:
            token = secrets.token_urlsafe(42)
            self.tokens[token] = (self.client_address[0], time.monotonic() + int(ttl))
            self.answer(200, token, X_aws_ec2_metadata_token_ttl_seconds=ttl)

    def do_GET(self) -> None:
        machine = self.machine
        cloud_init = self.headers.get("User-Agent", "").startswith(CLOUD_INIT)
        token = self.headers.get("X-aws-ec2-metadata-token")
        if self.faulty("silent") and not cloud_init:
            self.stay_silent()
        elif not (self.valid(token) if token else cloud_init or self.faulty("no-imdsv2")):
            self.answer(401, "Unauthorized")
        elif machine is None or (found := find(self.path, machine, self.server.machines.file.parent)) is None:
            self.answer(404, "Not Found")
        else:
            self.answer(200, found)

    def valid(self, token: str) -> bool:
        """Whether this machine was given the token, and it has not ended."""
        address, end = self.tokens.get(token, ("", 0.0))
        return address == self.client_address[0] and time.monotonic() < end


def find(path: str, machine: Machine, folder: Path) -> bytes | str | None:
    """What lies under a path of any version: a value, or the names in a folder."""
    version, *names = path.strip("/").split("/")
    if not re.fullmatch(r"latest|\d{4}-\d\d-\d\d", version):
        return None
    found = tree(machine, folder)
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, dict):
        return "\n".join(f"{name}/" if isinstance(value, dict) else name for name, value in found.items())
    return found


def tree(machine: Machine, folder: Path) -> dict:
    """All that the service says of a machine."""
    region, zone = machine.region, f"{machine.region}a"
    name = f"ip-{machine.address.replace('.', '-')}.{region}.compute.internal"
    now = datetime.now(UTC)
    credentials = {
        "Code": "Success",
        "LastUpdated": f"{now:%FT%TZ}",
        "Type": "AWS-HMAC",
        **machine.credentials,
        "Expiration": f"{now + timedelta(hours=6):%FT%TZ}",
    }
    identity = {
        "accountId": ACCOUNT,
        "availabilityZone": zone,
        "instanceId": machine.instance,
        "instanceType": machine.instanceType,
        "privateIp": machine.address,
        "region": region,
        "version": "2017-09-30",
    }
    metadata = {
        "ami-id": "ami-00000000000000001",
        "hostname": name,
        "iam": {"security-credentials": {machine.role: json.dumps(credentials, indent=2)}},
        "instance-id": machine.instance,
        "instance-life-cycle": "on-demand" if machine.spot is None else "spot",
        "instance-type": machine.instanceType,
        "local-hostname": name,
        "local-ipv4": machine.address,
        "placement": {"availability-zone": zone, "region": region},
        "services": {"domain": "amazonaws.com", "partition": "aws"},
    }
    if machine.group:
        metadata["autoscaling"] = {"target-lifecycle-state": machine.lifecycle}
    if machine.spot:
        metadata["spot"] = {"instance-action": json.dumps(machine.spot)}
    data = {"user-data": b64decode((folder / machine.userData).read_text())} if machine.userData else {}
    return {
        "dynamic": {"instance-identity": {"document": json.dumps(identity)}},
        "meta-data": metadata,
        **data,
    }


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    Server(options.listen, Metadata, options.machines).run()
