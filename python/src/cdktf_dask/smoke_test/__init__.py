"""Smoke test of a Dask cluster."""
