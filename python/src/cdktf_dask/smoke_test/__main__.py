"""Runs the smoke test: `python -m cdktf_dask.smoke_test`."""

from .cli import main

main()
