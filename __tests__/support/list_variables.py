"""List the environment variables in the documentation of the local cluster's tools, as variables.tsv.

    python list_variables.py ENV_VARS.RS TERRAFORM.MDX > variables.tsv

Run it in an environment of a release with pip, with npm and python3 on the PATH. Each line has a name, a
value with which its tool fails or behaves differently, and the source. ENV_VARS.RS is crates/uv-
static/src/env_vars.rs of uv, the source of its reference of variables; TERRAFORM.MDX is Terraform's page
"Environment Variables" (website/docs/cli/config/environment-variables.mdx).
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
"""Not a directory, number, boolean or choice."""

TERRAFORM_COMMANDS = ("init", "plan", "apply", "destroy", "output", "show", "version")
"""Commands that cdktf calls; each has a variable TF_CLI_ARGS_name."""


def python():
    """Variables of `python --help-env`."""
    text = subprocess.run([sys.executable, "--help-env"], capture_output=True, text=True, check=True).stdout
    for name in re.findall(r"^(?:-\w )?(PYTHON\w+)", text, re.MULTILINE):
        yield name, NOWHERE, f"python {sys.version.split()[0]} --help-env"


def pip_options():
    """Each long option of `pip install` is also a variable (pip documentation, "Configuration")."""
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
    """Each setting of npm is also a variable (npm Docs, "Config")."""
    settings = json.loads(run_npm("config", "list", "--long", "--json"))
    for name in settings:
        if re.fullmatch(r"[\w-]+", name):
            variable = f"npm_config_{name.replace('-', '_')}"
            yield variable, NOWHERE, f"npm config list --long, npm {run_npm('--version').strip()}"
    yield "NODE_ENV", "production", "npm Docs, Config: omit"


def run_npm(*words: str) -> str:
    return subprocess.run(["npm", *words], capture_output=True, text=True, check=True).stdout


def dask_settings():
    """Each setting of Dask is also a variable (Dask documentation, "Configuration")."""
    for package, name in (dask, "dask"), (distributed, "distributed"):
        file = Path(package.__file__).parent / f"{name}.yaml"
        source = f"{name}.yaml of {name} {version(name)}"
        for path, value in leaves(yaml.safe_load(file.read_text())):
            yield "DASK_" + "__".join(path).replace("-", "_").upper(), other_than(value), source
    for name in "DASK_CONFIG", "DASK_ROOT_CONFIG":
        yield name, NOWHERE, "Dask documentation, Configuration"


def leaves(settings: dict, path: tuple[str, ...] = ()):
    """Path and value of each setting."""
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, str(name)))
        else:
            yield (*path, str(name)), value


def other_than(value):
    """Another value of the same type, so that Dask accepts it."""
    if isinstance(value, bool):
        return str(not value)
    return "1" if isinstance(value, int | float) else NOWHERE


def main(uv_source: str, terraform_page: str) -> None:
    """Print a line for each variable, once."""
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
