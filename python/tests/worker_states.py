"""Workers as their scheduler knows them."""

from typing import Any

from distributed.core import Status
from distributed.scheduler import WorkerState


def state_of(name: object, heartbeat: Any, **changes: Any) -> WorkerState:
    """A worker as its scheduler knows it, with 200 bytes of managed memory."""
    given = {
        "address": f"tls://{name}:9000",
        "status": Status.running,
        "pid": 1,
        "name": name,
        "nthreads": 2,
        "memory_limit": 1_000,
        "local_directory": "/scratch",
        "nanny": None,
        "server_id": "1",
    }
    made = WorkerState(**(given | changes))
    made.nbytes = 200
    made.metrics = heartbeat
    return made
