#!/bin/bash
# Boot script of the pool `cpu`: mounts a file system, and records each boot, with the state of the Dask service.
set -euo pipefail
mkdir -p /data && mount -t tmpfs -o mode=0755 user-data /data
echo "$SERVICE of $GROUP: $(systemctl is-active "$SERVICE" || true)" >>/var/log/boots-of-user
