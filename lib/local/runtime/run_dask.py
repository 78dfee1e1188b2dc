"""Run the dask command with the configuration of the local cluster only, and the variables of the definition.

    run_dask.py scheduler|worker|cuda worker ...

Dask also reads ~/.config/dask when its configuration module is imported, and has no setting that disables
this (dask/config.py, _get_paths). Therefore HOME is another directory during that import. This also applies
to worker processes: nannies spawn them, and a spawned process first runs the main module of its parent
(multiprocessing.spawn, prepare).

The file `variables` in the directory of the configuration has environment variables as JSON: texts, or the
names of inherited variables. The configuration of supervisor cannot express all texts.
"""

import json
import os

variables = os.path.join(os.environ["DASK_CONFIG"], "variables")
if os.path.exists(variables):
    with open(variables, encoding="utf-8") as file:
        for name, value in json.load(file).items():
            os.environ[name] = value if isinstance(value, str) else os.environ[value["from"]]

home = os.environ.get("HOME")
# A directory without .config/dask below it.
os.environ["HOME"] = os.environ["DASK_CONFIG"]
try:
    import dask.config  # noqa: F401
finally:
    if home is None:
        del os.environ["HOME"]
    else:
        os.environ["HOME"] = home

if __name__ == "__main__":
    from dask.cli import run_cli

    run_cli()
