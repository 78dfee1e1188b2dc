#!/bin/bash
# setup-NAME.sh: runs the script of the user in setup/NAME, with the settings of the node as variables, and with the commands of
# the Python environment. A bake script runs once for each image digest, because its result stays.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

step=$(basename "$0" .sh) stamp=$state/$(basename "$0" .sh)
if [[ $step == setup-bake* && $(cat "$stamp" 2>&1) == "$BAKE_KEY" ]]; then
  echo "the script has run"
  exit 0
fi
set -o allexport
# shellcheck source=/dev/null
source "${DASK_NODE_ENV:-/etc/dask/node.env}"
PATH=/opt/dask/env/bin:$PATH HOME=/root
set +o allexport
code=0
"$lib/setup/${step#setup-}" || code=$?
# apt-get fails with 100, by which other steps request a reboot.
case $code in
  0) ;;
  100) exit 1 ;;
  194) exit 100 ;;
  *) exit "$code" ;;
esac
[[ $step != setup-bake* ]] || echo "$BAKE_KEY" >"$stamp"
