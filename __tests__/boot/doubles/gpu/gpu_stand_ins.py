"""Double of dask-cuda for a host without a GPU: runs `dask cuda worker` as `dask worker`.

Starts a worker process for each GPU that nvidia-smi lists, with the names of dask-cuda. There is no CUDA
context, RMM pool or CPU affinity.
"""

import logging
import os
import subprocess
import sys

import click

logger = logging.getLogger("distributed.gpu_stand_ins")

#: Options that a node uses and that `dask worker` has too.
SHARED = (
    "--nthreads",
    "--memory-limit",
    "--local-directory",
    "--resources",
    "--name",
    "--death-timeout",
    "--host",
    "--worker-port",
    "--dashboard-address",
)


@click.group()
def cuda() -> None:
    """Double of dask-cuda's commands."""


@cuda.command()
@click.argument("scheduler")
@click.option("--rmm-pool-size")
@click.option("--preload", multiple=True)
def worker(scheduler: str, rmm_pool_size: str | None, preload: tuple[str, ...], **shared: str | None) -> None:
    """Double of the workers of a node with GPUs."""
    gpus = count_gpus()
    logger.warning("double of dask-cuda: %d workers without GPU, no RMM pool of %s", gpus, rmm_pool_size)
    options = [
        word
        for name, value in shared.items()
        if value is not None
        for word in (f"--{name.replace('_', '-')}", value)
    ]
    options += [word for module in preload for word in ("--preload", module)]
    command = [sys.executable, "-m", "dask", "worker", scheduler, "--nworkers", str(gpus), *options]
    os.execv(sys.executable, command)


for _name in SHARED:
    worker = click.option(_name)(worker)


def count_gpus() -> int:
    """Return the number of GPUs that the driver lists."""
    listed = subprocess.run(
        ["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True, timeout=60
    )
    return len(listed.stdout.splitlines())
