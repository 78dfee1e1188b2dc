#!/bin/bash
# Boot script of the pool `failing`.
set -euo pipefail
echo mounting
mount.of-a-file-system /dev/none /mnt
