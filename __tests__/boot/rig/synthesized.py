"""Runs app.cjs, and reads user data, policies and security groups from the synthesized Terraform JSON."""

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

APP = Path(__file__).parents[1] / "app.cjs"
MINIFORGE = Path(__file__).parents[1] / "doubles" / "miniforge.sh"
SYNTH_SECONDS = 60

#: Account id of the metadata service (doubles/imds.py).
ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Bundle:
    """A file that Terraform uploads to a bucket."""

    bucket: str
    key: str
    file: Path

    @property
    def policy(self) -> dict:
        """Policy that allows reading it, for an instance whose role is not synthesized."""
        resource = f"arn:aws:s3:::{self.bucket}/{self.key}"
        return {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}]}


@dataclass(frozen=True)
class Launch:
    """Settings of an instance in its launch template or `aws_instance`."""

    #: Base64, exactly as in Terraform's JSON.
    user_data: str
    #: Name of its role in the metadata service.
    role: str
    #: Name of its security group in Terraform.
    security_group: str
    #: Name of its Auto Scaling group.
    group: str | None = None
    #: Names of its launch hook and of its termination hook.
    hook: str | None = None
    termination_hook: str | None = None
    #: Names of the secrets in the policies of its role.
    secrets: tuple[str, ...] = ()
    #: The bundle that it downloads at its first boot.
    bundle: Bundle | None = None
    #: Policies of its role: the statements about S3.
    s3_policies: tuple[dict, ...] = ()
    #: Patterns of the log streams in the policies of its role, such as `/dask/rig/nodes:log-stream:cpu/*`.
    log_streams: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ingress:
    """An ingress rule of a security group."""

    group: str
    #: A CIDR block, or the name of a security group.
    source: str
    protocol: str
    ports: tuple[int, int]


class Cluster:
    """A cluster of app.cjs: one stack."""

    def __init__(self, facts: dict, terraform: Path):
        self.facts = facts
        self.address: str = facts["address"]
        self.hostname: str = facts["hostname"]
        self.expectation: dict = facts["expectation"]
        self._folder = terraform.parent
        written = json.loads(terraform.read_text())
        self.resources: dict = written["resource"]
        #: Outputs of the stack. Values that are known only after a deployment are still tokens.
        self.outputs: dict[str, str] = {name: output["value"] for name, output in written["output"].items()}

    @property
    def scheduler(self) -> Launch:
        """Launch settings of the scheduler."""
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
            s3_policies=self._s3_policies_of(profile),
            log_streams=self._log_streams_of(profile),
        )

    def worker(self, pool: str) -> Launch:
        """Return the launch settings of a pool."""
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
            self.facts["terminationHook"],
            self._secrets_of(profile),
            self._bundle_of(profile),
            self._s3_policies_of(profile),
            self._log_streams_of(profile),
        )

    def lifecycle_hook(self, name: str) -> dict:
        """Return the settings of the lifecycle hook with this name, which are the same for all pools."""
        hooks = self._all("aws_autoscaling_lifecycle_hook").values()
        return next(hook for hook in hooks if hook["name"] == name)

    @property
    def secrets(self) -> list[str]:
        """Names of the secrets that Terraform creates, without a value."""
        return [secret["name"] for secret in self._all("aws_secretsmanager_secret").values()]

    @property
    def log_groups(self) -> list[str]:
        """Names of the log groups that Terraform creates."""
        return [group["name"] for group in self._all("aws_cloudwatch_log_group").values()]

    @property
    def buckets(self) -> list[str]:
        """Names of the buckets that Terraform creates."""
        return [with_account(bucket["bucket"]) for bucket in self._all("aws_s3_bucket").values()]

    @property
    def bundles(self) -> list[Bundle]:
        """Bundles that Terraform uploads."""
        return [
            Bundle(self._bucket(one["bucket"]), one["key"], self._folder / one["source"])
            for one in self._all("aws_s3_object").values()
            if "source" in one
        ]

    @property
    def json_objects(self) -> list[Bundle]:
        """What Terraform uploads for the smoke test and for the autoscaler."""
        objects = [one for one in self._all("aws_s3_object").values() if "content" in one]
        return [self._json_object(one) for one in objects]

    def _json_object(self, one: dict) -> Bundle:
        """Write the content of an object to a file."""
        file = self._folder / Path(one["key"]).name
        file.write_text(one["content"])
        return Bundle(self._bucket(one["bucket"]), one["key"], file)

    def _bucket(self, name: str) -> str:
        """Resolve a reference to a bucket of the stack. Names of existing buckets are returned unchanged."""
        return with_account(self._all("aws_s3_bucket")[identifier(name)]["bucket"]) if "$" in name else name

    def _policies_of(self, profile: str) -> str:
        """Return the policies of the role of an instance profile, as JSON."""
        role = self._all("aws_iam_instance_profile")[identifier(profile)]["role"]
        policies = self._all("aws_iam_role_policy").values()
        return json.dumps([policy for policy in policies if policy["role"] == role])

    def _bundle_of(self, profile: str) -> Bundle:
        """Return the bundle that the role of an instance profile can read."""
        policies = self._policies_of(profile)
        [bundle] = [bundle for bundle in self.bundles if bundle.key in policies]
        return bundle

    def _s3_policies_of(self, profile: str) -> tuple[dict, ...]:
        """Return the policies of the role of an instance profile: statements about S3, as AWS gets them."""
        found = [json.loads(policy["policy"]) for policy in json.loads(self._policies_of(profile))]
        return tuple(
            policy | {"Statement": statements}
            for policy in found
            if (
                statements := [
                    self._with_values(one) for one in policy["Statement"] if "s3:" in str(one["Action"])
                ]
            )
        )

    def _with_values(self, statement: dict) -> dict:
        """Return a statement with values in place of the references of Terraform."""
        text = with_account(
            re.sub(r"\$\{data\.aws_partition\.[\w-]+\.partition\}", "aws", json.dumps(statement))
        )
        return json.loads(
            re.sub(
                r"\$\{aws_s3_bucket\.([\w-]+)\.arn\}",
                lambda found: f"arn:aws:s3:::{with_account(self._all('aws_s3_bucket')[found[1]]['bucket'])}",
                text,
            )
        )

    def _log_streams_of(self, profile: str) -> tuple[str, ...]:
        """Return the log streams that the role of an instance profile can write, with the names of groups."""
        named = re.findall(
            r"\$\{aws_cloudwatch_log_group\.([\w-]+)\.arn\}(:log-stream:[\w/*-]+)", self._policies_of(profile)
        )
        groups = self._all("aws_cloudwatch_log_group")
        return tuple(f"{groups[group]['name']}{stream}" for group, stream in named)

    def _secrets_of(self, profile: str) -> tuple[str, ...]:
        """Return the names of the secrets in the policies of the role of an instance profile."""
        policies = self._policies_of(profile)
        named = set(re.findall(r"aws_secretsmanager_secret\.(\w+)\.arn", policies))
        own = [self._all("aws_secretsmanager_secret")[name]["name"] for name in named]
        # Secrets of the user, with the six characters that Secrets Manager adds.
        return tuple(sorted({*own, *re.findall(r":secret:([\w/+=.@-]+)-\?{6}", policies)}))

    def _all(self, resource: str) -> dict[str, dict]:
        return self.resources.get(resource, {})

    def image_contents(self, pool: str | None = None) -> dict:
        """Return the contents of a baked image for the nodes of a pool, or for the scheduler."""
        image = (self.facts["pools"][pool] if pool else self.facts["scheduler"])["bake"]
        return image | {"bucket": self.bundles[0].bucket}

    def ingress(self) -> list[Ingress]:
        """Return the ingress rules of all security groups."""
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
    """Return the resource name in a reference such as `${aws_security_group.workers.id}`."""
    return re.fullmatch(r"\$\{\w+\.([\w-]+)\.\w+\}", reference)[1]


def with_account(name: str) -> str:
    """Insert the account id, which Terraform reads from a data source."""
    return re.sub(r"\$\{data\.aws_caller_identity\.[^}]*\}", ACCOUNT, name)


def group_name(reference: str) -> str:
    """Return the name of a security group in a form that nftables accepts."""
    return identifier(reference).replace("-", "_")


def synthesize(folder: Path, gpu_requirement: str, own_work: Path) -> dict[str, Cluster]:
    """Run app.cjs. Returns the clusters by the names of their stacks.

    :param gpu_requirement: line of requirements that replaces the packages that only GPU nodes have
    :param own_work: folder with the user's wheel and lockfiles
    """
    checksum = hashlib.sha256(MINIFORGE.read_bytes()).hexdigest()
    command = ["node", APP, folder, checksum, gpu_requirement, own_work]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SYNTH_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(
            f"app.cjs failed with exit code {done.returncode}. Hint: npm run build\n"
            f"{done.stdout}{done.stderr}"
        )
    clusters = json.loads((folder / "clusters.json").read_text())
    return {
        name: Cluster(facts, folder / "stacks" / name / "cdk.tf.json") for name, facts in clusters.items()
    }
