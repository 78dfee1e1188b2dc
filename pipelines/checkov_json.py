"""Runs Checkov on policies as objects: `checkov_json.py ARGUMENT...` takes Checkov's arguments.

In Terraform's JSON a policy is a string. Checkov's runner does not parse it, and checks of the contents of a
policy then pass (CKV_AWS_33) or give no verdict (CKV_AWS_286 to 290 and 355). Here policies are parsed, as
Checkov does in HCL.

Settings of Terraform may be strings too (`required_version`); Checkov's runner expects blocks, and fails.
"""

import json
import sys

from checkov.main import Checkov
from checkov.terraform_json import parser

as_parsed = parser.hclify


def hclify(obj: dict, *arguments: object, **options: object) -> dict:
    """A block as Checkov's checks expect it, with its policy as an object."""
    if not isinstance(obj, dict):
        return obj
    block = as_parsed(obj, *arguments, **options)
    if isinstance(obj.get("policy"), str):
        block["policy"] = [json.loads(obj["policy"])]
    return block


parser.hclify = hclify

if __name__ == "__main__":
    sys.exit(Checkov().run())
