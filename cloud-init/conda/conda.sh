#!/bin/bash
# conda: Python from conda-forge by Miniforge, all packages from the lockfile by uv.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

readonly CONDA=/opt/conda ENVIRONMENT=/opt/dask/env LOCKFILE=$lib/requirements.txt

if [[ $(cat $ENVIRONMENT/.dask-node 2>&1) == "$BAKE_KEY" ]]; then
  echo "Dask $DASK on Python $PYTHON is there"
  exit 0
fi

umask 022
temporary=$(mktemp --directory /var/tmp/dask-node.XXXXXX)
trap 'rm -rf "$temporary"' EXIT
# The cache shares its files with this environment, and has most files of the next one.
export HOME=/root PIP_DISABLE_PIP_VERSION_CHECK=1 UV_CACHE_DIR=/opt/dask/.uv-cache UV_HTTP_TIMEOUT=120 UV_PYTHON_DOWNLOADS=never

if [[ ! -f $CONDA/.dask-node ]]; then
  echo "installing Miniforge"
  fetch "$MINIFORGE_URL" "$MINIFORGE_SHA256" "$temporary/miniforge.sh"
  rm -rf "$CONDA"
  timeout 600 bash "$temporary/miniforge.sh" -b -p "$CONDA" >"$temporary/log" 2>&1 || fail "$(tail -n 1 "$temporary/log")"
  retry 3 timeout 300 "$CONDA/bin/python" -m pip install --quiet --no-cache-dir --no-deps --require-hashes \
    --requirement "$lib/uv.txt"
  touch "$CONDA/.dask-node"
fi

echo "making an environment with Python $PYTHON"
rm -rf "$ENVIRONMENT"
retry 3 timeout 900 "$CONDA/bin/conda" create --yes --quiet --prefix "$ENVIRONMENT" \
  --override-channels --channel conda-forge "python=$PYTHON"

echo "installing $(wc --lines <"$LOCKFILE") locked packages"
retry 3 timeout 1800 "$CONDA/bin/uv" pip install --quiet --python "$ENVIRONMENT/bin/python" --compile-bytecode \
  --no-deps --no-build --require-hashes --requirement "$LOCKFILE"

version=$("$ENVIRONMENT/bin/dask" --version)
[[ $version == *" $DASK" ]] || fail "the environment holds '$version', expected $DASK"
echo "$BAKE_KEY" >$ENVIRONMENT/.dask-node
echo "$version on Python $PYTHON"
