#!/bin/bash
# Boot script of the pool `cpu`: notes each boot, and whether the Dask service was faster.
set -euo pipefail
echo "$SERVICE of $GROUP: $(systemctl is-active "$SERVICE" || true)" >>/var/log/boots-of-user
