"""Run the dask command with the configuration of the local cluster only.

    run_dask.py scheduler|worker|cuda worker ...

Dask also reads ~/.config/dask when its configuration module is imported, and has no setting that disables
this (dask/config.py, _get_paths). Therefore HOME is another directory during that import. This also applies
to worker processes: nannies spawn them, and a spawned process first runs the main module of its parent
(multiprocessing.spawn, prepare).
"""

import os

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
