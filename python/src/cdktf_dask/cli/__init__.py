"""Command line `dask-cluster`."""
