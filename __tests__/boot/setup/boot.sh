#!/bin/bash
# Boot script of the pool `cpu`: records each boot, with the state of the Dask service.
set -euo pipefail
echo "$SERVICE of $GROUP: $(systemctl is-active "$SERVICE" || true)" >>/var/log/boots-of-user
