#!/bin/bash
# conda: Python from conda-forge by Miniforge, all packages from the lockfile by uv.
# The environment gets a folder of its own, and /opt/dask/env refers to it once it is complete: until then, the old one stays.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

readonly CONDA=/opt/conda ENVIRONMENT=/opt/dask/env LOCKFILE=$lib/requirements.txt
readonly NEW=$ENVIRONMENT-$BAKE_KEY

if [[ $(cat $ENVIRONMENT/.dask-node 2>&1) == "$BAKE_KEY" ]]; then
  echo "Dask $DASK on Python $PYTHON is there"
  exit 0
fi

umask 022
temporary=$(mktemp --directory /var/tmp/dask-node.XXXXXX)
trap 'rm -rf "$temporary"' EXIT
# The cache shares its files with this environment, and has most files of the next one.
export HOME=/root PIP_DISABLE_PIP_VERSION_CHECK=1 UV_CACHE_DIR=/opt/dask/.uv-cache UV_HTTP_TIMEOUT=120 UV_PYTHON_DOWNLOADS=never
# The user's indexes and wheels, in the notations of pip and uv.
[[ -z $INDEX_URL ]] || export PIP_INDEX_URL=$INDEX_URL UV_DEFAULT_INDEX=$INDEX_URL
[[ -z $EXTRA_INDEX_URLS ]] || export UV_INDEX=$EXTRA_INDEX_URLS
[[ ! -d $lib/wheels ]] || export UV_FIND_LINKS=$lib/wheels${UV_FIND_LINKS:+,$UV_FIND_LINKS}

# write_credentials: of the indexes, in a file that only root reads and that this step removes
write_credentials() {
  local name secret user password url
  name=${INDEX_SECRET##*:secret:}
  identify || fail "no credentials of the package index: $answer"
  ask secretsmanager secretsmanager.GetSecretValue "{\"SecretId\": \"$INDEX_SECRET\"}" ||
    fail "cannot read the secret $name of the package index: $(refusal)"
  secret=$(field SecretString "$answer")
  user=$(field username "$secret") password=$(field password "$secret")
  [[ -n $user && -n $password && ! $user$password =~ [[:space:]] ]] ||
    fail "the secret $name has no user and password of the package index, expected {\"username\": \"…\", \"password\": \"…\"} without spaces"
  export NETRC=$temporary/netrc
  (umask 077 && : >"$NETRC")
  for url in $INDEX_URL $EXTRA_INDEX_URLS; do
    url=${url#*://} url=${url%%/*}
    printf 'machine %s login %s password %s\n' "${url%%:*}" "$user" "$password" >>"$NETRC"
  done
}

[[ -z $INDEX_SECRET ]] || write_credentials

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
rm -rf "$NEW"
retry 3 timeout 900 "$CONDA/bin/conda" create --yes --quiet --prefix "$NEW" \
  --override-channels --channel conda-forge "python=$PYTHON"

echo "installing the packages of the lockfile"
retry 3 timeout 1800 "$CONDA/bin/uv" pip install --quiet --python "$NEW/bin/python" --compile-bytecode \
  --no-deps --no-build --require-hashes --requirement "$LOCKFILE"

version=$("$NEW/bin/dask" --version)
[[ $version == *" $DASK" ]] || fail "the environment holds '$version', expected $DASK"
echo "$BAKE_KEY" >"$NEW/.dask-node"
ln -sfn "$NEW" $ENVIRONMENT.new
mv -T $ENVIRONMENT.new $ENVIRONMENT
find "$(dirname $ENVIRONMENT)" -maxdepth 1 -name 'env-*' ! -path "$NEW" -exec rm -rf {} +
echo "$version on Python $PYTHON"
