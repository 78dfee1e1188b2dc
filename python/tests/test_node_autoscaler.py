"""The autoscaler on the scheduler's node: where its settings come from, and when it is started again."""

import sys
import time
from io import BytesIO
from pathlib import Path

import pytest

from cdktf_dask.node.autoscaler import Storage, run
from cdktf_dask.node.aws import AwsError

BUCKET, KEY = "dask-production--eu-central-1--123456789012", "bundles/production.autoscaler.json"
DENIED = AwsError("AccessDenied", "Access Denied", passes=True)

PROGRAM = """
import pathlib, sys, time
text = pathlib.Path(sys.argv[1]).read_text()
with open(sys.argv[2], "a") as log:
    print(text, file=log)
if text == "broken":
    sys.exit(3)
time.sleep(60)
"""


class Double:
    """Stands for `Aws`: an object of S3 whose content and errors are prepared; the last stays."""

    def __init__(self, log: Path, *answers: str | AwsError):
        self.log = log
        self.answers = list(answers)
        self.expected: list[str] = []

    def call(self, service: str, operation: str, **parameters: object) -> dict:
        assert (service, operation, parameters) == ("s3", "get_object", {"Bucket": BUCKET, "Key": KEY})
        # The program has started before it is ended.
        while self.log.read_text().splitlines() != self.expected:
            time.sleep(0.01)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, AwsError):
            raise answer
        if self.expected[-1:] != [answer]:
            self.expected.append(answer)
        return {"Body": BytesIO(answer.encode())}


@pytest.fixture
def log(tmp_path):
    """File with the settings of each start."""
    file = tmp_path / "log"
    file.touch()
    return file


@pytest.fixture
def start(tmp_path, log):
    """Run the program with the answers; returns the text with which it ends."""

    def start(*answers: str | AwsError) -> str:
        def command(file):
            return [sys.executable, "-c", PROGRAM, str(file), str(log)]

        storage = Storage(Double(log, *answers), BUCKET, KEY)
        with pytest.raises(SystemExit) as end:
            run(storage, tmp_path / "settings.json", command, check_seconds=0.1)
        return str(end.value)

    return start


def test_changed_settings_start_it_again_and_equal_ones_do_not(start, log):
    assert start("one", "one", "two", "broken") == "the autoscaler has ended with exit code 3"
    assert log.read_text() == "one\ntwo\nbroken\n"


def test_while_the_settings_cannot_be_read_it_goes_on(start, log, capsys):
    assert start("one", DENIED, "broken") == "the autoscaler has ended with exit code 3"
    assert log.read_text() == "one\nbroken\n"
    assert capsys.readouterr().out.splitlines() == [
        f"cannot read s3://{BUCKET}/{KEY}: AccessDenied: Access Denied; the known settings stay in use",
        "the settings have changed",
    ]


def test_without_settings_it_ends_with_the_reason(start, log):
    assert start(DENIED) == f"cannot read s3://{BUCKET}/{KEY}: AccessDenied: Access Denied"
    assert log.read_text() == ""
