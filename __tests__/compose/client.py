"""Connects to a cluster of Docker Compose from the same computer, and prints what it finds as JSON.

    client.py PROJECT CLUSTER WORKERS

Waits for WORKERS workers. It sends no function of its own: this Python may be another one than that of the
containers.
"""

import json
import logging
import sys

import cdktf_dask

project, name, workers = sys.argv[1:]
logging.basicConfig(format="%(asctime)s %(name)s %(message)s", level=logging.WARNING)
for logger in ("distributed.client", "distributed.batched", "distributed.comm"):
    logging.getLogger(logger).setLevel(logging.DEBUG)

# Two clients: now and then, one that was connected while workers registered lost its connection a moment
# later, for a reason that is not known yet. The log above will have it.
with cdktf_dask.connect(name, path=project, check=False, progress=False) as client:
    client.wait_for_workers(int(workers), timeout=60)
with cdktf_dask.connect(name, path=project, check=False, progress=False) as client:
    found = {
        "address": client.scheduler.address,
        "sum": client.submit(sum, [1, 2, 3], resources={"CPU": 1}).result(timeout=30),
        "workers": sorted(worker["name"] for worker in client.scheduler_info(-1)["workers"].values()),
    }
print(json.dumps(found))
