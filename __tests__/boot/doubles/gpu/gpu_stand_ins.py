"""Stands for dask-cuda where no GPU is: `dask cuda worker` as a node calls it, run as `dask worker`.

One worker process for each GPU that nvidia-smi lists, named as dask-cuda names them. No CUDA context, no RMM
pool, no CPU affinity: nothing here computes on a GPU.
"""

import logging
import os
import subprocess
import sys

import click

logger = logging.getLogger("distributed.gpu_stand_ins")

#: Options that a node gives, and `dask worker` understands in the same words.
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
    "--preload",
)


@click.group()
def cuda() -> None:
    """Double of dask-cuda's commands."""


@cuda.command()
@click.argument("scheduler")
@click.option("--rmm-pool-size")
def worker(scheduler: str, rmm_pool_size: str | None, **shared: str | None) -> None:
    """Double of the workers of a machine with GPUs."""
    gpus = count_gpus()
    logger.warning("double of dask-cuda: %d workers without GPU, no RMM pool of %s", gpus, rmm_pool_size)
    options = [
        word
        for name, value in shared.items()
        if value is not None
        for word in (f"--{name.replace('_', '-')}", value)
    ]
    command = [sys.executable, "-m", "dask", "worker", scheduler, "--nworkers", str(gpus), *options]
    os.execv(sys.executable, command)


for _name in SHARED:
    worker = click.option(_name)(worker)


def count_gpus() -> int:
    """GPUs that the driver lists."""
    listed = subprocess.run(
        ["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True, timeout=60
    )
    return len(listed.stdout.splitlines())
