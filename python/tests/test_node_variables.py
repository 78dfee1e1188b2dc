"""The boot step of the environment variables, with a double of Secrets Manager."""

import json
import subprocess

import pytest

from cdktf_dask.node import variables
from cdktf_dask.node.aws import AwsError

EXACT = "a \"b\" 'c' \\n $HOME ${HOME} `id` 50% \\\n\tü # x\n"


class Aws:
    """Stands for the calls of a node to AWS."""

    secrets: dict[str, dict[str, str]]
    calls: list[tuple[str | None, str]]

    def __init__(self, region: str | None = None):
        self.region = region

    def call(self, service: str, operation: str, *, SecretId: str):
        assert (service, operation) == ("secretsmanager", "get_secret_value")
        self.calls.append((self.region, SecretId))
        if SecretId not in self.secrets:
            raise AwsError("AccessDeniedException", "not you", passes=True)
        return self.secrets[SecretId]


@pytest.fixture
def step(monkeypatch, tmp_path):
    """Runs the step with references and secrets; returns the written file."""
    Aws.calls = []
    monkeypatch.setattr(variables, "Aws", Aws)
    monkeypatch.setattr(variables, "REFERENCES", tmp_path / "variables.json")
    monkeypatch.setattr(variables, "VARIABLES", tmp_path / "run" / "variables.env")

    def run(references, secrets):
        Aws.secrets = {name: {"SecretString": value} for name, value in secrets.items()}
        variables.REFERENCES.write_text(json.dumps(references))
        variables.main()
        return variables.VARIABLES

    return run


def test_the_values_are_in_a_file_that_only_its_owner_can_read(step, capsys):
    file = step({"A": {"secret": "one"}, "B": {"secret": "two"}}, {"one": "first", "two": "second"})
    assert file.read_text() == 'A="first"\nB="second"\n'
    assert file.stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr().out == "read the secrets of A, B\n"


def test_a_value_keeps_all_characters_in_the_syntax_of_systemd(step):
    file = step({"A": {"secret": "one"}}, {"one": EXACT})
    # A shell reads quotes in the same way.
    script = f'. {file}; printf "%s" "$A"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode() == EXACT


def test_a_secret_with_several_keys_is_read_once(step):
    content = json.dumps({"user": "me", "port": 5432, "on": True})
    references = {name: {"secret": "db", "key": name} for name in ("user", "port", "on")}
    assert step(references, {"db": content}).read_text() == 'user="me"\nport="5432"\non="true"\n'
    assert Aws.calls == [(None, "db")]


def test_a_secret_of_another_region_is_read_there(step):
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf"
    step({"A": {"secret": arn}}, {arn: "x"})
    assert Aws.calls == [("us-east-1", arn)]


@pytest.mark.parametrize(
    ("reference", "secrets", "sentence"),
    [
        ({"secret": "a"}, {}, "cannot read the secret a of the variable V: AccessDeniedException: not you"),
        ({"secret": "a"}, {"a": ""}, "the secret a of the variable V has no text, expected one"),
        (
            {"secret": "a", "key": "k"},
            {"a": "no JSON"},
            "the secret a of the variable V has no key k, expected a JSON object with it",
        ),
        (
            {"secret": "a", "key": "k"},
            {"a": '{"K": 1}'},
            "the secret a of the variable V has no key k, expected a JSON object with it",
        ),
        (
            {"secret": "a"},
            {"a": "x\r"},
            "the secret a of the variable V is no text of at most 100000 bytes without control characters",
        ),
        (
            {"secret": "a"},
            {"a": "ü" * 50_001},
            "the secret a of the variable V is no text of at most 100000 bytes without control characters",
        ),
    ],
)
def test_a_secret_that_a_variable_cannot_have_fails_the_step(step, reference, secrets, sentence):
    with pytest.raises(SystemExit) as error:
        step({"V": reference}, secrets)
    assert error.value.code == sentence
    assert not variables.VARIABLES.exists()


def test_a_failure_keeps_the_earlier_file(step):
    step({"V": {"secret": "a"}}, {"a": "x"})
    with pytest.raises(SystemExit):
        step({"V": {"secret": "a"}}, {})
    assert variables.VARIABLES.read_text() == 'V="x"\n'
