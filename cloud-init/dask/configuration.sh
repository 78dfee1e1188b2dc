#!/bin/bash
# configuration: what each boot sets up: kernel settings, facts of the instance, scratch space.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

install -d -o dask -g dask -m 0750 "$SCRATCH"
sysctl --quiet --load=/etc/sysctl.d/90-dask.conf
[[ -z $INSTANCE_UNIT ]] || systemctl enable --quiet --now "$INSTANCE_UNIT" ||
  fail "$INSTANCE_UNIT: $(journalctl --unit "$INSTANCE_UNIT" --lines 1 --output cat)"
