#!/bin/bash
# Writes facts of this instance at every boot: its type may have changed while it was stopped.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

host=$(uname --nodename)
# GPU workers have their number of threads from the definition.
processes=${WORKER_PROCESSES/gpus/1}
threads=$(($(nproc) / processes))
mkdir -p /run/dask
cat >/run/dask/instance.env <<END
DASK_HOST=${host%%.*}
DASK_THREADS=$((threads > 0 ? threads : 1))
END
