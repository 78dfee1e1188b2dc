"""What synth wrote for the clusters of app.cjs: user data as Terraform would hand it to EC2, and facts."""

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

APP = Path(__file__).parents[1] / "app.cjs"
MINIFORGE = Path(__file__).parents[1] / "doubles" / "miniforge.sh"
SYNTH_SECONDS = 60

#: Of the metadata service (doubles/imds.py).
ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Bundle:
    """An archive that Terraform uploads to a bucket."""

    bucket: str
    key: str
    file: Path

    @property
    def path(self) -> str:
        """As the policies of roles name it."""
        return f"{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Launch:
    """What EC2 is told to start a machine with."""

    #: Base64, exactly as in Terraform's JSON.
    user_data: str
    #: The machine's role, as the metadata service names it.
    role: str
    #: Terraform's name of its security group.
    security_group: str
    group: str | None = None
    hook: str | None = None
    #: Names of the secrets that the policies of its role name.
    secrets: tuple[str, ...] = ()
    #: What it downloads at its first boot.
    bundle: Bundle | None = None


@dataclass(frozen=True)
class Ingress:
    """A rule of a security group: who may open connections to its members."""

    group: str
    #: A block of addresses, or the name of a security group.
    source: str
    protocol: str
    ports: tuple[int, int]


class Cluster:
    """A stack of app.cjs."""

    def __init__(self, facts: dict, terraform: Path):
        self.facts = facts
        self.address: str = facts["address"]
        self.hostname: str = facts["hostname"]
        self.expectation: dict = facts["expectation"]
        self._folder = terraform.parent
        written = json.loads(terraform.read_text())
        self.resources: dict = written["resource"]
        #: What `terraform output` prints where nothing in it is known after a deployment alone.
        self.outputs: dict[str, str] = {name: output["value"] for name, output in written["output"].items()}

    @property
    def scheduler(self) -> Launch:
        [instance] = self.resources["aws_instance"].values()
        [security] = instance["vpc_security_group_ids"]
        profile = instance["iam_instance_profile"]
        name = instance["tags"]["Name"]
        return Launch(
            instance["user_data_base64"],
            name,
            group_name(security),
            secrets=self._secrets_of(profile),
            bundle=self._bundle_of(profile),
        )

    def worker(self, pool: str) -> Launch:
        """A machine of a pool."""
        group = self.facts["pools"][pool]["group"]
        [template] = [one for one in self.resources["aws_launch_template"].values() if one["name"] == group]
        [interface] = template["network_interfaces"]
        [security] = interface["security_groups"]
        profile = template["iam_instance_profile"]["name"]
        return Launch(
            template["user_data"],
            group,
            group_name(security),
            group,
            self.facts["hook"],
            self._secrets_of(profile),
            self._bundle_of(profile),
        )

    @property
    def secrets(self) -> list[str]:
        """Names of what Terraform makes in Secrets Manager, without a value."""
        return [secret["name"] for secret in self._all("aws_secretsmanager_secret").values()]

    @property
    def buckets(self) -> list[str]:
        """Names of the buckets that Terraform makes."""
        return [with_account(bucket["bucket"]) for bucket in self._all("aws_s3_bucket").values()]

    @property
    def bundles(self) -> list[Bundle]:
        """What Terraform uploads."""
        return [
            Bundle(self._bucket(one["bucket"]), one["key"], self._folder / one["source"])
            for one in self._all("aws_s3_object").values()
        ]

    def _bucket(self, name: str) -> str:
        """The name of a bucket that Terraform makes, or an existing one's."""
        return with_account(self._all("aws_s3_bucket")[identifier(name)]["bucket"]) if "$" in name else name

    def _policies_of(self, profile: str) -> str:
        """The policies of an instance profile's role."""
        role = self._all("aws_iam_instance_profile")[identifier(profile)]["role"]
        policies = self._all("aws_iam_role_policy").values()
        return json.dumps([policy for policy in policies if policy["role"] == role])

    def _bundle_of(self, profile: str) -> Bundle:
        """The bundle that the policies of an instance profile's role name."""
        policies = self._policies_of(profile)
        [bundle] = [bundle for bundle in self.bundles if bundle.key in policies]
        return bundle

    def _secrets_of(self, profile: str) -> tuple[str, ...]:
        """Names of the secrets in the policies of an instance profile's role."""
        named = re.findall(r"aws_secretsmanager_secret\.(\w+)\.arn", self._policies_of(profile))
        return tuple(self._all("aws_secretsmanager_secret")[name]["name"] for name in sorted(set(named)))

    def _all(self, resource: str) -> dict[str, dict]:
        return self.resources.get(resource, {})

    def image_contents(self, pool: str | None = None) -> dict:
        """Contents of an image for the nodes of a pool, or for the scheduler."""
        return (self.facts["pools"][pool] if pool else self.facts["scheduler"])["bake"]

    def ingress(self) -> list[Ingress]:
        """What the security groups admit."""
        rules = self.resources["aws_vpc_security_group_ingress_rule"].values()
        return [
            Ingress(
                group_name(rule["security_group_id"]),
                rule.get("cidr_ipv4") or group_name(rule["referenced_security_group_id"]),
                rule["ip_protocol"],
                (rule["from_port"], rule["to_port"]),
            )
            for rule in rules
        ]


def identifier(reference: str) -> str:
    """Terraform's name of what a reference such as `${aws_security_group.workers.id}` refers to."""
    return re.fullmatch(r"\$\{\w+\.([\w-]+)\.\w+\}", reference)[1]


def with_account(name: str) -> str:
    """A name with the number of the account, which Terraform looks up."""
    return re.sub(r"\$\{data\.aws_caller_identity\..*\}", ACCOUNT, name)


def group_name(reference: str) -> str:
    """The name of a security group, as the packet filter takes names."""
    return identifier(reference).replace("-", "_")


def synthesize(folder: Path, gpu_requirement: str) -> dict[str, Cluster]:
    """Run app.cjs; the clusters by the names of their stacks.

    :param gpu_requirement: line of a lock that stands for what the GPU's lock has beside the CPU's
    """
    checksum = hashlib.sha256(MINIFORGE.read_bytes()).hexdigest()
    command = ["node", APP, folder, checksum, gpu_requirement]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SYNTH_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(
            f"app.cjs ended with {done.returncode}; npm run build?\n{done.stdout}{done.stderr}"
        )
    clusters = json.loads((folder / "clusters.json").read_text())
    return {
        name: Cluster(facts, folder / "stacks" / name / "cdk.tf.json") for name, facts in clusters.items()
    }
