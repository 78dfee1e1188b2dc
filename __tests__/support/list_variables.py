"""Lists the environment variables that the documentation of the local stack's tools names, as variables.tsv.

    python list_variables.py ENV_VARS.RS TERRAFORM.MDX > variables.tsv

Run it in an environment of a release that has pip, with npm and python3 on the PATH. Each line has a name, a
value that makes its tool fail or do something else, and the source. ENV_VARS.RS is
crates/uv-static/src/env_vars.rs of uv, from which uv's reference of variables is made; TERRAFORM.MDX is
Terraform's page "Environment Variables" (website/docs/cli/config/environment-variables.mdx).
"""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import dask
import distributed
import pip
import yaml
from pip._internal.commands import create_command

NOWHERE = "/no/such/place"
"""No directory, no number, no truth value, no choice."""

TERRAFORM_COMMANDS = ("init", "plan", "apply", "destroy", "output", "show", "version")
"""Those that cdktf calls: TF_CLI_ARGS_name stands for one variable of each."""


def python():
    """Variables of `python --help-env`."""
    text = subprocess.run([sys.executable, "--help-env"], capture_output=True, text=True, check=True).stdout
    for name in re.findall(r"^(?:-\w )?(PYTHON\w+)", text, re.MULTILINE):
        yield name, NOWHERE, f"python {sys.version.split()[0]} --help-env"


def pip_options():
    """Every long option of `pip install` is a variable too (pip documentation, "Configuration")."""
    source = f"options of pip install, pip {pip.__version__}"
    for option in create_command("install").parser.option_list_all:
        for long in option._long_opts:
            yield (
                f"PIP_{long[2:].replace('-', '_').upper()}",
                NOWHERE if option.takes_value() else "1",
                source,
            )
    yield "PIP_CONFIG_FILE", NOWHERE, "pip documentation, Configuration"


def uv(source: Path):
    """Variables that uv reads."""
    for name in re.findall(
        r"""^\s*pub const \w+: &'static str = "([A-Z]\w+)";""", source.read_text(), re.MULTILINE
    ):
        yield name, NOWHERE, "uv crates/uv-static/src/env_vars.rs"


def terraform(page: Path):
    """Variables that Terraform reads."""
    for name in re.findall(r"\b(?:TF_\w+|TERRAFORM_CONFIG)\b", page.read_text()):
        ends = TERRAFORM_COMMANDS if name == "TF_CLI_ARGS_name" else ("name",)
        for end in ends:
            yield (
                name.removesuffix("name") + end if name.endswith("_name") else name,
                NOWHERE,
                "Terraform, Environment Variables",
            )


def npm():
    """Every setting of npm is a variable too (npm Docs, "Config")."""
    settings = json.loads(run_npm("config", "list", "--long", "--json"))
    for name in settings:
        if re.fullmatch(r"[\w-]+", name):
            variable = f"npm_config_{name.replace('-', '_')}"
            yield variable, NOWHERE, f"npm config list --long, npm {run_npm('--version').strip()}"
    yield "NODE_ENV", "production", "npm Docs, Config: omit"


def run_npm(*words: str) -> str:
    return subprocess.run(["npm", *words], capture_output=True, text=True, check=True).stdout


def dask_settings():
    """Every setting of Dask is a variable too (Dask documentation, "Configuration")."""
    for package, name in (dask, "dask"), (distributed, "distributed"):
        file = Path(package.__file__).parent / f"{name}.yaml"
        source = f"{name}.yaml of {name} {version(name)}"
        for path, value in leaves(yaml.safe_load(file.read_text())):
            yield "DASK_" + "__".join(path).replace("-", "_").upper(), other_than(value), source
    for name in "DASK_CONFIG", "DASK_ROOT_CONFIG":
        yield name, NOWHERE, "Dask documentation, Configuration"


def leaves(settings: dict, path: tuple[str, ...] = ()):
    """Path and value of every setting."""
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, str(name)))
        else:
            yield (*path, str(name)), value


def other_than(value):
    """A value of the same kind, so that Dask takes it."""
    if isinstance(value, bool):
        return str(not value)
    return "1" if isinstance(value, int | float) else NOWHERE


def main(uv_source: str, terraform_page: str) -> None:
    """Print a line for each variable; where two tools read the same one, the first counts."""
    found = {}
    tools = (
        python(),
        pip_options(),
        uv(Path(uv_source)),
        terraform(Path(terraform_page)),
        npm(),
        dask_settings(),
    )
    for tool in tools:
        for name, value, source in tool:
            found.setdefault(name, (value, source))
    for name, (value, source) in sorted(found.items()):
        print(name, value, source, sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
