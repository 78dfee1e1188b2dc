#!/bin/bash
# The company's file system, on the nodes of a pool.
set -euo pipefail
mkdir -p /data
mountpoint --quiet /data || mount -t nfs4 files.company.internal:/data /data
