#!/bin/bash
# Boot script of the pool `failing`: fails at its last command.
set -euo pipefail
echo mounting
mount.of-a-file-system /dev/none /mnt
