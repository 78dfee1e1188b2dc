"""Stands for EC2's instance metadata service, version 2, with tokens: what cloud-init and a node ask of it.

cloud-init knows by the instance's firmware that it is on EC2. A container has no firmware, so there it asks
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

from instances import Instance
from serving import Handler, Server, arguments

LONGEST_TTL = 21_600
CLOUD_INIT = ("Cloud-Init/", "python-requests/")
ACCOUNT = "123456789012"


class Metadata(Handler):
    """Answers a instance."""

    #: Token: address of its instance, and when it ends by the monotonic clock.
    tokens: dict[str, tuple[str, float]] = {}  # noqa: RUF012 - shared by all requests on purpose

    def do_PUT(self) -> None:
        ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if self.has_fault("silent"):
            self.stay_silent()
        elif self.has_fault("no-imdsv2"):
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
        instance = self.instance
        cloud_init = self.headers.get("User-Agent", "").startswith(CLOUD_INIT)
        token = self.headers.get("X-aws-ec2-metadata-token")
        if self.has_fault("silent") and not cloud_init:
            self.stay_silent()
        elif not (self.valid(token) if token else cloud_init or self.has_fault("no-imdsv2")):
            self.answer(401, "Unauthorized")
        elif (
            instance is None
            or (found := find(self.path, instance, self.server.instances.file.parent)) is None
        ):
            self.answer(404, "Not Found")
        else:
            self.answer(200, found)

    def valid(self, token: str) -> bool:
        """Whether this instance was given the token, and it has not ended."""
        address, end = self.tokens.get(token, ("", 0.0))
        return address == self.client_address[0] and time.monotonic() < end


def find(path: str, instance: Instance, folder: Path) -> bytes | str | None:
    """What lies under a path of any version: a value, or the names in a folder."""
    version, *names = path.strip("/").split("/")
    if not re.fullmatch(r"latest|\d{4}-\d\d-\d\d", version):
        return None
    found = tree(instance, folder)
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, dict):
        return "\n".join(f"{name}/" if isinstance(value, dict) else name for name, value in found.items())
    return found


def tree(instance: Instance, folder: Path) -> dict:
    """All that the service says of a instance."""
    region, zone = instance.region, f"{instance.region}a"
    name = f"ip-{instance.address.replace('.', '-')}.{region}.compute.internal"
    now = datetime.now(UTC)
    credentials = {
        "Code": "Success",
        "LastUpdated": f"{now:%FT%TZ}",
        "Type": "AWS-HMAC",
        **instance.credentials,
        "Expiration": f"{now + timedelta(hours=6):%FT%TZ}",
    }
    identity = {
        "accountId": ACCOUNT,
        "availabilityZone": zone,
        "instanceId": instance.id,
        "instanceType": instance.instanceType,
        "privateIp": instance.address,
        "region": region,
        "version": "2017-09-30",
    }
    metadata = {
        "ami-id": "ami-00000000000000001",
        "hostname": name,
        "iam": {"security-credentials": {instance.role: json.dumps(credentials, indent=2)}},
        "instance-id": instance.id,
        "instance-life-cycle": "on-demand" if instance.spot is None else "spot",
        "instance-type": instance.instanceType,
        "local-hostname": name,
        "local-ipv4": instance.address,
        "placement": {"availability-zone": zone, "region": region},
        "services": {"domain": "amazonaws.com", "partition": "aws"},
    }
    if instance.group:
        metadata["autoscaling"] = {"target-lifecycle-state": instance.lifecycle}
    if instance.spot:
        metadata["spot"] = {"instance-action": json.dumps(instance.spot)}
    data = {"user-data": b64decode((folder / instance.userData).read_text())} if instance.userData else {}
    return {
        "dynamic": {"instance-identity": {"document": json.dumps(identity)}},
        "meta-data": metadata,
        **data,
    }


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    Server(options.listen, Metadata, options.instances).run()
