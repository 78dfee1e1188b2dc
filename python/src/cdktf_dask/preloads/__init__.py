"""Preloads of Dask's processes. Dask loads them by path, so they import nothing of this package."""
