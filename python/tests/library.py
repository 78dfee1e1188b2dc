"""The compiled TypeScript library, called by tests of what it renders for Dask."""

import json
import subprocess
from typing import Any

from cluster import REPOSITORY

PROGRAM = """
const load = (module) => require({lib} + "/" + module);
const given = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(JSON.stringify((() => {{ {body} }})()));
"""


def evaluate(body: str, given: object = None) -> Any:
    """Result of the body of a function in JavaScript.

    :param body: may use `given`, and `load("config/define")` for a module of `lib/`
    :param given: anything that JSON can express
    """
    lib = json.dumps(str(REPOSITORY / "dist" / "lib"))
    done = subprocess.run(
        ["node", "-e", PROGRAM.format(lib=lib, body=body)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
