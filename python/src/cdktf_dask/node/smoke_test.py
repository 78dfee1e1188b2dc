"""Tests the cluster from the scheduler's node, with what its deployment expects.

    run.sh smoke_test [OPTION...]

Downloads the expectation of the last deployment to /etc/dask/expectation, and runs `dask-smoke-test`
with the options.
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


def command(address: str, options: list[str]) -> list[str]:
    """Command line of the smoke test, with modules of PYTHONPATH only, and without compiled files."""
    return [sys.executable, "-BPm", "cdktf_dask.smoke_test", address, *options]


if __name__ == "__main__":
    settings = read_settings()
    bucket = settings["ARTIFACT_BUCKET"].replace(ACCOUNT, Metadata().account())
    download(Aws(RETRY_SECONDS), bucket, settings["EXPECTATION"], CONFIG / "expectation")
    argv = command(settings["SCHEDULER"], sys.argv[1:])
    os.execve(argv[0], argv, os.environ | {"DASK_CONFIG": str(CONFIG)})
