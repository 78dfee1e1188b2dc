#!/bin/bash
# dask: starts the service; done once the scheduler answers, or has registered the workers of this node.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

# wait_until_ready: succeeds once the service does what it is for, fails at the deadline; logs its progress
wait_until_ready() {
  if [[ $SERVICE == dask-scheduler ]]; then
    curl --silent --show-error --fail --output /dev/null --max-time 5 --retry "$JOIN_SECONDS" --retry-delay 1 \
      --retry-max-time "$JOIN_SECONDS" --retry-all-errors "http://127.0.0.1:$HTTP_PORT/health"
  else
    # shellcheck source=/dev/null
    source /run/dask/instance.env
    "$lib/run.sh" join "$SCHEDULER" "$WORKER_PREFIX$DASK_HOST" "$JOIN_SECONDS" "$(worker_processes)"
  fi
}

# worker_processes: how many workers this node runs
worker_processes() {
  if [[ $WORKER_PROCESSES == gpus ]]; then nvidia-smi --list-gpus | grep --count '^GPU [0-9]'; else echo "$WORKER_PROCESSES"; fi
}

systemctl daemon-reload
start=(enable --quiet --now)
# The scripts of the user run, and secrets are read, before the service at each boot, so systemd does not start it by itself.
[[ $BOOT != *setup-boot* && $BOOT != *variables* ]] || start=(start)
# systemd restarts a service that fails to start. The cause below has its last line of output.
systemctl "${start[@]}" "$SERVICE.service" || true
wait_until_ready ||
  fail "$SERVICE does not answer after $JOIN_SECONDS s: $(journalctl --unit "$SERVICE" --lines 1 --output cat)"
