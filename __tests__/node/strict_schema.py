"""Checks cloud-configs against the schema of the installed cloud-init, and rejects unknown keys.

    strict_schema.py SCHEMA.json CLOUD-CONFIG...

cloud-init itself accepts unknown keys at the top. Exit code 1 if there are issues, which are printed.
"""

import json
import sys
from pathlib import Path

import jsonschema
import yaml


def issues(schema: dict, config: dict) -> list[str]:
    """Errors of the schema, and keys that none of its modules has."""
    modules = [schema["$defs"][part["$ref"].rpartition("/")[2]] for part in schema["allOf"]]
    known = {key for module in modules for key in module.get("properties", {})}
    unknown = [f"unknown key {key}" for key in config if key not in known]
    errors = jsonschema.Draft4Validator(schema).iter_errors(config)
    return unknown + [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


if __name__ == "__main__":
    strict = json.loads(Path(sys.argv[1]).read_text())
    found = [
        f"{path}: {issue}"
        for path in sys.argv[2:]
        for issue in issues(strict, yaml.safe_load(Path(path).read_text()))
    ]
    print("\n".join(found))
    sys.exit(bool(found))
