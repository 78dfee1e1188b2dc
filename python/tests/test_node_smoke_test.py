"""The smoke test on the scheduler's node: where its expectation comes from, and how it is run."""

import os
import subprocess
import sys
from io import BytesIO

import pytest

from cdktf_dask.node.aws import AwsError
from cdktf_dask.node.smoke_test import METADATA_ADDRESSES, command, download
from cluster import REPOSITORY, SOURCES

BUCKET, KEY = "dask-production--eu-central-1--123456789012", "bundles/production.expectation.json"


class Storage:
    """Stands for `Aws`: one object of S3, or an error."""

    def __init__(self, body: bytes | None):
        self.body = body

    def call(self, service: str, operation: str, **parameters: object) -> dict:
        assert (service, operation) == ("s3", "get_object")
        assert parameters == {"Bucket": BUCKET, "Key": KEY}
        if self.body is None:
            raise AwsError("AccessDenied", "Access Denied", passes=True)
        return {"Body": BytesIO(self.body)}


def test_the_expectation_of_the_last_deployment_replaces_an_earlier_one(tmp_path):
    file = tmp_path / "expectation.json"
    file.write_text("an earlier one, which is longer")
    download(Storage(b'{"pools": []}'), BUCKET, KEY, file)
    assert file.read_text() == '{"pools": []}'


def test_an_expectation_that_cannot_be_read_ends_it_with_the_reason(tmp_path):
    with pytest.raises(SystemExit, match=f"^cannot read s3://{BUCKET}/{KEY}: AccessDenied: Access Denied$"):
        download(Storage(None), BUCKET, KEY, tmp_path / "expectation.json")
    assert list(tmp_path.iterdir()) == []


def test_the_smoke_test_of_the_package_runs_without_the_rights_of_the_node():
    variables = {"PYTHONPATH": str(SOURCES), "DASK_CONFIG": "/etc/dask"}
    argv = command("tls://scheduler.production.internal:8786", ["--help"], variables)
    options, program = argv[: argv.index("--")], argv[argv.index("--") + 1 :]
    assert options == [
        "systemd-run",
        "--quiet",
        "--collect",
        "--wait",
        "--pipe",
        f"--unit=dask-smoke-test-{os.getpid()}",
        "--property=User=dask",
        "--property=Group=dask",
        "--property=IPAddressDeny=169.254.169.254 fd00:ec2::254",
        "--property=PrivateTmp=yes",
        f"--setenv=PYTHONPATH={SOURCES}",
        "--setenv=DASK_CONFIG=/etc/dask",
    ]
    assert program[0] == sys.executable
    done = subprocess.run(program, env=os.environ | variables, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: dask-smoke-test ")


def test_the_addresses_are_those_that_the_scheduler_cannot_reach():
    unit = (REPOSITORY / "cloud-init/dask/dask-scheduler.service").read_text()
    assert f"\nIPAddressDeny={METADATA_ADDRESSES}\n" in unit
