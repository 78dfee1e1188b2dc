"""Python of cdktf-dask: what users and nodes of a Dask cluster run."""
