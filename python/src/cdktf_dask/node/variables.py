"""Boot step `variables`: reads the secrets of environment variables, for Dask's service.

    run.sh variables

`variables.json` names the secret of each variable. The values go to a file in memory that only root can read;
systemd gives them to the service. No command line and no log has a value.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from cdktf_dask.node.aws import Aws, AwsError
from cdktf_dask.tls.files import replace

REFERENCES = Path("/usr/local/lib/dask-node/variables.json")
"""`REFERENCES` of `lib/node/variables.ts`."""

VARIABLES = Path("/run/dask/variables.env")
"""`SECRET_VARIABLES` of `lib/node/variables.ts`."""

MAX_BYTES = 100_000
"""Linux accepts 128 KiB with the name (execve(2), MAX_ARG_STRLEN)."""

CONTROL = re.compile(r"[^\t\n\x20-\x7e\x80-\U0010ffff]")
"""Characters for which systemd drops a variable (env_value_is_valid of src/basic/env-util.c)."""


SPECIAL = re.compile(r'["\\`$]')
"""Characters that systemd reads as themselves only after a backslash (systemd.exec(5))."""


class Values:
    """Values of secrets. Each secret is read once."""

    def __init__(self) -> None:
        self._regions: dict[str | None, Aws] = {}
        self._secrets: dict[str, str] = {}

    def get(self, secret: str) -> str:
        """Value of a secret, by its name or ARN.

        Raises:
            AwsError: the secret cannot be read.
        """
        if secret not in self._secrets:
            region = secret.split(":")[3] if secret.startswith("arn:") else None
            aws = self._regions.get(region) or Aws(region=region)
            self._regions[region] = aws
            answer = aws.call("secretsmanager", "get_secret_value", SecretId=secret)
            self._secrets[secret] = answer.get("SecretString", "")
        return self._secrets[secret]


def value_of(values: Values, name: str, secret: str, key: str | None) -> str:
    """Value of a variable.

    Raises:
        SystemExit: there is none that a variable can have, with the reason.
    """
    where = f"the secret {secret} of the variable {name}"
    try:
        text = values.get(secret)
    except AwsError as error:
        sys.exit(f"cannot read {where}: {error}")
    if not text:
        sys.exit(f"{where} has no text, expected one")
    if key is not None:
        text = _at(text, key, where)
    if CONTROL.search(text) or len(text.encode()) > MAX_BYTES:
        sys.exit(f"{where} is no text of at most {MAX_BYTES} bytes without control characters")
    return text


def _at(text: str, key: str, where: str) -> str:
    try:
        content: Any = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict) or key not in content:
        sys.exit(f"{where} has no key {key}, expected a JSON object with it")
    value = content[key]
    return value if isinstance(value, str) else json.dumps(value)


def environment_file(variables: dict[str, str]) -> str:
    """Variables in the syntax of systemd's `EnvironmentFile=`, which keeps line feeds in quotes."""
    quoted = {name: SPECIAL.sub(r"\\\g<0>", value) for name, value in variables.items()}
    return "".join(f'{name}="{value}"\n' for name, value in quoted.items())


def main() -> None:
    """Runs the step.

    Raises:
        SystemExit: the step failed, with the cause.
    """
    references: dict[str, dict[str, str]] = json.loads(REFERENCES.read_text())
    values = Values()
    variables = {
        name: value_of(values, name, reference["secret"], reference.get("key"))
        for name, reference in references.items()
    }
    VARIABLES.parent.mkdir(mode=0o755, exist_ok=True)
    replace(VARIABLES, environment_file(variables), 0o600)
    print(f"read the secrets of {', '.join(variables)}", flush=True)


if __name__ == "__main__":
    main()
