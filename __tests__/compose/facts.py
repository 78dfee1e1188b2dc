"""Prints what a function sees on each worker, as JSON. Runs in a container of the cluster."""

import json
import os

import dask
from distributed import Client, Worker


def facts(dask_worker: Worker) -> dict[str, object]:
    """Return what a function sees of its worker."""
    return {
        "name": dask_worker.name,
        "greeting": os.environ["GREETING"],
        "chunk-size": dask.config.get("array.chunk-size"),
        "user": os.getuid(),
        "memory limit": dask_worker.memory_manager.memory_limit,
        "resources": dask_worker.state.total_resources,
    }


with Client() as client:
    print(json.dumps(list(client.run(facts).values())))
