"""Commands of the AWS CLI in documents: one JSON list of what its services and operations do not have.

aws_commands.py <file>...
"""

import json
import re
import sys
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.exceptions import ParamValidationError, UnknownServiceError
from botocore.validate import validate_parameters

GLOBAL = {"region", "query", "output", "cli-input-json", "no-cli-pager", "profile"}
PAGES = {"max-items", "page-size", "no-paginate"}
ONLY_IN_CLI = {"s3", "logs tail", "eks update-kubeconfig"}
"""Commands that the CLI adds to the operations of a service."""

COMMAND = re.compile(r"\baws ([a-z0-9-]+) ([a-z0-9-]+)((?:[^`|;&\n)]|\\\n)*)")
CODE = re.compile(r"^ *```sh\n.*?^ *```|(?<!`)`[^`\n]+`(?!`)", re.DOTALL | re.MULTILINE)
FLAG = re.compile(r"(?<=\s)--([a-z][a-z0-9-]*)")
EXPERIMENT = re.compile(r"```json\n(\{\n  \"description\".*?)```", re.DOTALL)

session = botocore.session.get_session()


def findings(path: Path) -> list[str]:
    """What is wrong in a document."""
    text = path.read_text()
    found = []
    # Code only: a sentence may have the word "aws", too.
    code = "\n".join(CODE.findall(text))
    for service, operation, rest in COMMAND.findall(code):
        name = f"{service} {operation}"
        if service in ONLY_IN_CLI or name in ONLY_IN_CLI:
            continue
        flags = parameters(service, operation)
        if flags is None:
            found.append(f"{path.name}: aws {name}: not an operation")
            continue
        # Values in quotes have words of their own.
        given = FLAG.findall(re.sub(r"'[^']*'|\"[^\"]*\"", "VALUE", rest))
        unknown = [flag for flag in given if flag not in flags | GLOBAL | PAGES]
        found += [f"{path.name}: aws {name}: no option --{flag}" for flag in unknown]
    for experiment in EXPERIMENT.findall(text):
        shape = session.get_service_model("fis").operation_model("CreateExperimentTemplate").input_shape
        try:
            validate_parameters({"clientToken": "token", **json.loads(experiment)}, shape)
        except ParamValidationError as error:
            found.append(f"{path.name}: {error}")
    return found


def parameters(service: str, operation: str) -> set[str] | None:
    """Options of an operation, or nothing if it does not exist."""
    try:
        model = session.get_service_model(service)
    except UnknownServiceError:
        return None
    by_name = {xform_name(name, "-"): name for name in model.operation_names}
    if operation == "wait":
        return set()
    if operation not in by_name:
        return None
    shape = model.operation_model(by_name[operation]).input_shape
    members = shape.members if shape else {}
    flags = {xform_name(name, "-") for name in members}
    switches = {xform_name(name, "-") for name, member in members.items() if member.type_name == "boolean"}
    return flags | {f"no-{flag}" for flag in switches}


print(json.dumps([finding for path in sys.argv[1:] for finding in findings(Path(path))]))
