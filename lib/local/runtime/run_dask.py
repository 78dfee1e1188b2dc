"""The dask command with the local stack's configuration only.

    run_dask.py scheduler|worker|cuda worker ...

Dask also reads ~/.config/dask whenever its configuration module is imported, and has no setting that turns
this off (dask/config.py, _get_paths). So HOME points elsewhere during that import. This holds for worker
processes too: nannies spawn them, and a spawned process first runs its parent's main module
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
