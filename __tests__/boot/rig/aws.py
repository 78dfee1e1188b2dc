"""Starts the doubles of AWS: metadata service, APIs, S3, downloads, and the name server of the VPC."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, urlsplit

from doubles import instances

from .namespaces import Namespaces
from .network import DOUBLES, GATEWAY, METADATA, RESOLVER, address_of
from .synthesized import MINIFORGE, Bundle, Cluster

TESTS = Path(__file__).parents[2]
ASK = TESTS / "support" / "mock-aws" / "ask.py"
REGION = "eu-central-1"
WAIT_CONDITIONS = f"cloudformation-waitcondition-{REGION}.s3.{REGION}.amazonaws.com"
SIGNATURE = "right+signature="
SERVICES = ("ec2", "autoscaling", "logs", "secretsmanager", "sns", "ssm")


class Aws:
    """The doubles, each a process in the rig's namespaces."""

    def __init__(self, namespaces: Namespaces, clusters: dict[str, Cluster]):
        self.namespaces = namespaces
        self._facts: dict[str, dict] = {}
        self._instances = namespaces.folder / "instances.json"
        self._write()
        folder = namespaces.folder / "aws"
        self.calls = folder / "calls.jsonl"
        miniforge = clusters["rig"].facts["miniforge"]
        self._serve("imds.py", METADATA, 80)
        apis = self._serve("aws.py", DOUBLES["aws"], 443, "--folder", folder)
        downloads = ("--folder", folder, "--file", miniforge, MINIFORGE)
        self._serve("downloads.py", DOUBLES["downloads"], 443, *downloads)
        #: CA certificate that the nodes have to trust.
        self.ca = Path(apis["ca"])
        self._moto: str = apis["moto"]
        names = {cluster.hostname: cluster.address for cluster in clusters.values()}
        names |= {f"{service}.{REGION}.amazonaws.com": DOUBLES["aws"] for service in SERVICES}
        names[urlsplit(miniforge).hostname] = DOUBLES["downloads"]
        self._serve("signals.py", DOUBLES["signals"], 443, "--folder", folder, "--signature", SIGNATURE)
        self._signals = folder / "signals.jsonl"
        names[WAIT_CONDITIONS] = DOUBLES["signals"]
        names[f"s3.{REGION}.amazonaws.com"] = DOUBLES["s3"]
        self._serve("s3.py", DOUBLES["s3"], 443, "--folder", folder, "--moto", self._moto)
        self._s3_requests = folder / "s3.jsonl"
        self._resolve(names)
        self._deploy(clusters.values())
        # Of the clusters with this name, the one that the tests share.
        for content in clusters["rig"].json_objects:
            self.upload(content)
        self.create_wait_condition(clusters["rig"])

    def _serve(self, script: str, address: str, port: int, *options: object) -> dict:
        """Start the server of a double. Returns the facts that it prints."""
        program = TESTS / "boot" / "doubles" / script
        listen = ("--listen", f"{address}:{port}", "--instances", self._instances)
        return self.namespaces.serve(sys.executable, program, *listen, *options)

    def _resolve(self, names: dict[str, str]) -> None:
        """Start the name server. It forwards all other names to the host's name server."""
        options = ("--conf-file=/dev/null", "--pid-file=", "--user=root", "--no-hosts", "--no-resolv")
        listen = ("--bind-interfaces", f"--listen-address={address_of(GATEWAY)}", f"--server={RESOLVER}")
        # Without --local=, IPv6 queries for these names are forwarded, which can take long.
        addresses = [f"--address=/{name}/{address} --local=/{name}/" for name, address in names.items()]
        self.namespaces.shell(" ".join(["dnsmasq", *options, *listen, *addresses]))

    def _deploy(self, clusters: Iterable[Cluster]) -> None:
        """Create what Terraform creates before the instances: empty secrets, log groups, bundles."""
        for name in {name for cluster in clusters for name in cluster.log_groups}:
            self.call("logs", "create_log_group", logGroupName=name)
        for name in {name for cluster in clusters for name in cluster.secrets}:
            self.call("secretsmanager", "create_secret", Name=name)
        location = {"LocationConstraint": REGION}
        bundles = {bundle for cluster in clusters for bundle in cluster.bundles}
        for bucket in {name for cluster in clusters for name in cluster.buckets}:
            self.call("s3", "create_bucket", Bucket=bucket, CreateBucketConfiguration=location)
            for bundle in bundles:
                if bundle.bucket == bucket:
                    self.upload(bundle)

    def upload(self, bundle: Bundle, file: Path | None = None) -> None:
        """Upload a bundle, or another file under the key of the bundle."""
        self.call(
            "s3", "upload_file", Filename=str(file or bundle.file), Bucket=bundle.bucket, Key=bundle.key
        )

    def create_wait_condition(self, cluster: Cluster) -> None:
        """Create the wait condition of the cluster's scheduler, and the parameter with its URL."""
        url = f"https://{WAIT_CONDITIONS}/{cluster.hostname}?Expires=1&Signature={quote(SIGNATURE)}"
        name = cluster.facts["signal"]
        self.call("ssm", "put_parameter", Name=name, Value=url, Type="String", Tier="Advanced")

    def signals_of(self, cluster: Cluster) -> list[dict]:
        """Return the signals that the wait condition of the cluster's scheduler has received."""
        sent = [json.loads(line) for line in self._signals.read_text().splitlines()]
        return [one["signal"] for one in sent if one["path"] == f"/{cluster.hostname}"]

    def s3_requests(self, bucket: str) -> list[dict]:
        """Return the requests for a bucket and its objects, in the double's record."""
        requests = [json.loads(line) for line in self._s3_requests.read_text().splitlines()]
        return [request for request in requests if request["bucket"] == bucket]

    def register(self, address: str, **facts: object) -> None:
        """Set facts of the instance at an address. With an `id` it is a new instance."""
        known = {} if "id" in facts else self._facts[address]
        self._facts[address] = known | facts
        self._write()

    def _write(self) -> None:
        instances.write(self._instances, self._facts)

    def log_events(self, group: str, stream: str) -> list[dict]:
        """Return the messages of a log stream, read as JSON; none if there is no stream yet."""
        found = self.call("logs", "describe_log_streams", logGroupName=group, logStreamNamePrefix=stream)
        if not found["logStreams"]:
            return []
        names = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
        answer = self.call("logs", "get_log_events", **names)
        events = answer["events"]
        while answer["events"]:
            answer = self.call("logs", "get_log_events", **names, nextToken=answer["nextForwardToken"])
            events += answer["events"]
        return [json.loads(event["message"]) for event in events]

    def get_secret(self, name: str) -> str:
        """Return the value of a secret."""
        return self.call("secretsmanager", "get_secret_value", SecretId=name)["SecretString"]

    def put_secret(self, name: str, value: str) -> None:
        """Set the value of a secret, as the scheduler of its cluster does."""
        self.call("secretsmanager", "put_secret_value", SecretId=name, SecretString=value)

    def call(self, service: str, operation: str, **parameters: object) -> dict:
        """Call an API and return its response, for example `call("ec2", "describe_tags")["Tags"]`."""
        words = (self._moto, REGION, service, operation, json.dumps(parameters))
        done = self.namespaces.run(sys.executable, ASK, *words)
        if done.returncode != 0:
            raise RuntimeError(f"{operation} failed:\n{done.stderr}")
        return json.loads(done.stdout)
