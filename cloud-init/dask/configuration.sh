#!/bin/bash
# configuration: what each boot sets up: kernel settings, facts of the instance, scratch space.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

install -d -o dask -g dask -m 0750 "$SCRATCH"
sysctl --quiet --load=/etc/sysctl.d/90-dask.conf
[[ -z $MACHINE_UNIT ]] || systemctl enable --quiet --now "$MACHINE_UNIT" ||
  fail "$MACHINE_UNIT: $(journalctl --unit "$MACHINE_UNIT" --lines 1 --output cat)"
