"""Checks cloud-configs against the schema of the installed cloud-init, and refuses keys it does not know.

    strict_schema.py SCHEMA.json CLOUD-CONFIG...

cloud-init itself lets an unknown key at the top pass. Exit code 1 with every fault.
"""

import json
import sys
from pathlib import Path

import jsonschema
import yaml


def faults(schema: dict, config: dict) -> list[str]:
    """What the schema says, and the keys that none of its modules has."""
    modules = [schema["$defs"][part["$ref"].rpartition("/")[2]] for part in schema["allOf"]]
    known = {key for module in modules for key in module.get("properties", {})}
    unknown = [f"unknown key {key}" for key in config if key not in known]
    errors = jsonschema.Draft4Validator(schema).iter_errors(config)
    return unknown + [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


if __name__ == "__main__":
    strict = json.loads(Path(sys.argv[1]).read_text())
    found = [
        f"{path}: {fault}"
        for path in sys.argv[2:]
        for fault in faults(strict, yaml.safe_load(Path(path).read_text()))
    ]
    print("\n".join(found))
    sys.exit(bool(found))
