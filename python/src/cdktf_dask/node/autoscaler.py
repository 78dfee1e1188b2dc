"""Runs the autoscaler of the cluster with the settings of its last deployment.

    run.sh autoscaler

Downloads the settings, starts `cdktf_dask.autoscaler`, and starts it again if a deployment has changed them.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from botocore.exceptions import BotoCoreError

from cdktf_dask.node.aws import Aws, AwsError
from cdktf_dask.node.metadata import Metadata
from cdktf_dask.node.settings import read_settings
from cdktf_dask.tls.files import replace

ACCOUNT = "ACCOUNT"
"""Stands for the account in the name of the bucket: `ACCOUNT` of `lib/node/artifact-bucket.ts`."""

CHECK_SECONDS = 60.0
"""Pause between two looks at the settings."""

STOP_SECONDS = 10
RETRY_SECONDS = 20


class Storage:
    """An object of S3."""

    def __init__(self, aws: Aws, bucket: str, key: str) -> None:
        self._aws = aws
        self._place = {"Bucket": bucket, "Key": key}
        self.name = f"s3://{bucket}/{key}"

    def read(self) -> str:
        """The text of the object.

        Raises:
            AwsError: the object cannot be read.
        """
        try:
            body = self._aws.call("s3", "get_object", **self._place)["Body"]
            return str(body.read().decode())
        except BotoCoreError as error:
            raise AwsError("", str(error), passes=True) from error


def run(
    storage: Storage,
    file: Path,
    command: Callable[[Path], Sequence[str]],
    check_seconds: float = CHECK_SECONDS,
) -> None:
    """Run a command with the settings in a file, until it ends.

    Args:
        storage: Where the settings are.
        file: Where the command reads them.
        command: Command line for that file.
        check_seconds: Pause between two looks at the settings.

    Raises:
        SystemExit: the settings cannot be read at first, or the command has ended.
    """
    used = ""
    process: subprocess.Popen[bytes] | None = None
    try:
        while True:
            try:
                found = storage.read()
            except AwsError as error:
                if process is None:
                    sys.exit(f"cannot read {storage.name}: {error}")
                print(f"cannot read {storage.name}: {error}; the known settings stay in use", flush=True)
                found = used
            if process is None or found != used:
                if process:
                    print("the settings have changed", flush=True)
                    end(process)
                used = found
                replace(file, used, 0o600)
                process = subprocess.Popen(command(file))
            with suppress(subprocess.TimeoutExpired):
                sys.exit(f"the autoscaler has ended with exit code {process.wait(check_seconds)}")
    finally:
        if process:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    settings = read_settings()
    bucket = settings["ARTIFACT_BUCKET"].replace(ACCOUNT, Metadata().account())
    run(
        Storage(Aws(RETRY_SECONDS), bucket, settings["AUTOSCALER"]),
        Path(os.environ["RUNTIME_DIRECTORY"]) / "settings.json",
        # Modules of PYTHONPATH only, and without compiled files.
        lambda file: [sys.executable, "-BPm", "cdktf_dask.autoscaler", str(file)],
    )
