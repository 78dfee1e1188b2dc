"""Write the schemas of Dask's configuration, which definitions are checked against.

    npm run dask:schema              writes lib/config/dask/schema-<release>.json from the locked packages
    npm run dask:schema -- --check   fails if a file differs from the packages

Run it after `npm run lock:releases` has changed dask or distributed. A file has the types of all keys that
the schemas of both packages describe, without the descriptions, and the license of the packages.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import venv

from lock import LOCKS, ROOT, run

TARGET = ROOT / "lib" / "config" / "dask"

#: The packages with the schemas, and the one that reads them. Without the packages that these need.
PACKAGES = ("dask", "distributed", "pyyaml")

#: Runs in an environment with these packages: prints the schemas and the license as JSON.
READ = """
import importlib.metadata, importlib.util, json, pathlib, yaml

def schema_of(name):
    [folder] = importlib.util.find_spec(name).submodule_search_locations
    return yaml.safe_load((pathlib.Path(folder) / f"{name}-schema.yaml").read_text())

names = ("dask", "distributed")
[license] = [file for file in importlib.metadata.files("dask") if file.name == "LICENSE.txt"]
print(json.dumps({
    "versions": {name: importlib.metadata.version(name) for name in names},
    "license": license.locate().read_text().strip().splitlines(),
    "properties": {key: value for name in names for key, value in schema_of(name)["properties"].items()},
}))
"""


def requirements(lock: pathlib.Path) -> str:
    """Return the pins of the packages in a lockfile, with their hashes."""
    text = lock.read_text()
    return "".join(
        re.search(rf"^{name}==.*\n(?:    --hash=.*\n)+", text, re.MULTILINE)[0] for name in PACKAGES
    )


def without_descriptions(node: object) -> object:
    """Return a part of a schema without its descriptions. Names of properties are no keywords."""
    if isinstance(node, list):
        return [without_descriptions(item) for item in node]
    if not isinstance(node, dict):
        return node
    names = node.get("properties", {})
    kept = {key: without_descriptions(value) for key, value in node.items() if key not in WORDS}
    return kept | ({"properties": {key: without_descriptions(names[key]) for key in names}} if names else {})


#: Keywords that are not copied as they are.
WORDS = ("description", "properties")


def extract(folder: pathlib.Path, scratch: pathlib.Path) -> str:
    """Return the content of the file of a release."""
    environment = scratch / folder.name
    venv.create(environment, with_pip=True)
    listed = scratch / f"{folder.name}.txt"
    listed.write_text(requirements(folder / "cpu.txt"))
    pip = environment / "bin" / "pip"
    run(pip, "install", "--quiet", "--no-deps", "--require-hashes", "--requirement", listed)
    python = [environment / "bin" / "python", "-I", "-c", READ]
    read = json.loads(subprocess.run(python, check=True, capture_output=True, text=True).stdout)
    properties = without_descriptions({"properties": read.pop("properties")})
    comment = "Written by npm run dask:schema from dask-schema.yaml and distributed-schema.yaml"
    return json.dumps({"comment": comment, **read, **properties}, indent=1) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the schemas of Dask's configuration.")
    parser.add_argument("--check", action="store_true", help="compare the files instead of writing them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for folder in sorted(path.parent for path in LOCKS.glob("*/cpu.in")):
            content = extract(folder, pathlib.Path(scratch))
            file = TARGET / f"schema-{folder.name}.json"
            if not options.check:
                file.write_text(content)
            elif file.read_text() != content:
                sys.exit(f"{file.relative_to(ROOT)} differs from the packages. Hint: npm run dask:schema")
            print(f"release {folder.name}: {len(content)} bytes", flush=True)
