"""Tests the cluster from the scheduler's node, with what its deployment expects.

    run.sh smoke_test [OPTION...]

Downloads the expectation of the last deployment to /etc/dask/expectation, and runs `dask-smoke-test`
with the options. It is a client of the scheduler, on which code of other clients can run: it unpickles
what the scheduler sends. So it runs as the user of the scheduler, and like it cannot reach the metadata
service with the credentials of the node's role.
"""

import os
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError

from cdktf_dask.node.aws import Aws, AwsError
from cdktf_dask.node.metadata import Metadata
from cdktf_dask.node.settings import read_settings
from cdktf_dask.tls.files import replace

CONFIG = Path("/etc/dask")
"""Configuration of Dask on a node; the smoke test looks there for its expectation."""

ACCOUNT = "ACCOUNT"
"""Stands for the account in the name of the bucket: `ACCOUNT` of `lib/node/artifact-bucket.ts`."""

METADATA_ADDRESSES = "169.254.169.254 fd00:ec2::254"
"""As in `dask-scheduler.service`."""

RETRY_SECONDS = 20


def download(aws: Aws, bucket: str, key: str, file: Path) -> None:
    """Writes an object of S3 to a file.

    Raises:
        SystemExit: the object cannot be read, with the reason.
    """
    try:
        content = aws.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    except (AwsError, BotoCoreError) as error:
        sys.exit(f"cannot read s3://{bucket}/{key}: {error}")
    replace(file, content.decode(), 0o644)


def command(address: str, options: list[str], environment: dict[str, str]) -> list[str]:
    """Command line of the smoke test in a unit, with modules of PYTHONPATH only, without compiled files.

    The drop-in of all units `dask-*.service` applies to it. The exit code is that of the smoke test.
    """
    unit = [
        "systemd-run",
        "--quiet",
        "--collect",
        "--wait",
        "--pipe",
        f"--unit=dask-smoke-test-{os.getpid()}",
    ]
    properties = ["User=dask", "Group=dask", f"IPAddressDeny={METADATA_ADDRESSES}", "PrivateTmp=yes"]
    variables = [f"--setenv={name}={value}" for name, value in environment.items()]
    module = [sys.executable, "-BPm", "cdktf_dask.smoke_test", address, *options]
    return [*unit, *(f"--property={value}" for value in properties), *variables, "--", *module]


if __name__ == "__main__":
    settings = read_settings()
    bucket = settings["ARTIFACT_BUCKET"].replace(ACCOUNT, Metadata().account())
    download(Aws(RETRY_SECONDS), bucket, settings["EXPECTATION"], CONFIG / "expectation")
    variables = {"PYTHONPATH": os.environ["PYTHONPATH"], "DASK_CONFIG": str(CONFIG)}
    argv = command(settings["SCHEDULER"], sys.argv[1:], variables)
    os.execvp(argv[0], argv)
