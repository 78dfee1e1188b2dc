"""Double of the EC2 instance metadata service (IMDSv2): the paths that cloud-init and a node read.

On EC2, cloud-init detects the platform from the firmware. A container has no firmware, so cloud-init sends
no token. Its requests, which the User-Agent identifies, need no token and are exempt from faults. Nodes use
curl.
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

MAX_TTL_SECONDS = 21_600
#: Prefixes of cloud-init's User-Agent: its name, or that of its HTTP library where it sets headers.
CLOUD_INIT = ("Cloud-Init/", "python-requests/")
ACCOUNT = "123456789012"


class Metadata(Handler):
    """Handles a request."""

    #: By token: address of its instance, and when it expires (monotonic clock).
    tokens: dict[str, tuple[str, float]] = {}  # noqa: RUF012 - shared by all requests on purpose

    def do_PUT(self) -> None:
        ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if self.has_fault("silent"):
            self.stay_silent()
        elif self.has_fault("no-imdsv2"):
            self.respond(403, "Forbidden")
        elif self.path != "/latest/api/token":
            self.respond(405, "Not Allowed")
        elif not ttl.isdecimal() or not 1 <= int(ttl) <= MAX_TTL_SECONDS:
            self.respond(400, "Bad Request")
        else:
            token = secrets.token_urlsafe(42)
            self.tokens[token] = (self.client_address[0], time.monotonic() + int(ttl))
            self.respond(200, token, X_aws_ec2_metadata_token_ttl_seconds=ttl)

    def do_GET(self) -> None:
        instance = self.instance
        cloud_init = self.headers.get("User-Agent", "").startswith(CLOUD_INIT)
        token = self.headers.get("X-aws-ec2-metadata-token")
        if self.has_fault("silent") and not cloud_init:
            self.stay_silent()
        elif not (self.valid(token) if token else cloud_init or self.has_fault("no-imdsv2")):
            self.respond(401, "Unauthorized")
        elif (
            instance is None
            or (found := find(self.path, instance, self.server.instances.file.parent)) is None
        ):
            self.respond(404, "Not Found")
        else:
            self.respond(200, found)

    def valid(self, token: str) -> bool:
        """Whether the token belongs to the calling instance and has not expired."""
        address, expires = self.tokens.get(token, ("", 0.0))
        return address == self.client_address[0] and time.monotonic() < expires


def find(path: str, instance: Instance, folder: Path) -> bytes | str | None:
    """Return the value at a path of any version, or the names in a folder."""
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
    """Return all metadata of an instance."""
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
    if instance.rebalance:
        metadata["events"] = {"recommendations": {"rebalance": json.dumps(instance.rebalance)}}
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
