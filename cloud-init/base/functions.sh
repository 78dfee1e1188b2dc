# shellcheck shell=bash
# Settings and functions of the boot steps. Sourced, never run.
# shellcheck disable=SC2034 # the steps read it
lib=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=/dev/null
source "${DASK_NODE_ENV:-/etc/dask/node.env}"
# shellcheck source=cloud-init/base/instance.sh
source "$lib/instance.sh"

# fail CAUSE: ends the step; bootstrap reports its last line as the cause
fail() {
  echo "$*"
  exit 1
}

# retry TIMES COMMAND...: with pauses that grow by ten seconds; the last line of the command stays the cause
retry() {
  local times=$1 try code
  shift
  for ((try = 1; ; try++)); do
    "$@" && return
    code=$?
    ((code != 124)) || echo "out of time: $*"
    ((try < times)) || return 1
    echo "attempt $try of $times failed; the next in $((try * 10)) s"
    sleep $((try * 10))
  done
}

# fetch URL SHA256 FILE: downloads a file, and rejects it if its checksum differs
fetch() {
  local error sum
  error=$(web --fail --location --max-time 900 --speed-limit 1000 --speed-time 30 --output "$3" "$1" 2>&1) || fail "cannot download $1: ${error##*$'\n'}"
  sum=$(sha256sum <"$3")
  [[ ${sum%% *} == "$2" ]] || fail "$1 has the checksum ${sum%% *}, expected $2: not used"
}

installed() { [[ $(dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null) == "install ok installed" ]]; }

# apt_get ARGUMENT...: without questions; waits until another apt ends
apt_get() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 timeout 1800 apt-get --quiet --yes \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Acquire::http::Timeout=30 "$@"
}

# apt_update: once a boot
apt_update() {
  [[ -e /run/dask/apt-updated ]] || { retry 5 apt_get update && mkdir -p /run/dask && touch /run/dask/apt-updated; }
}

# install_packages NAME...: installs those that are missing
install_packages() {
  local package missing=()
  for package in "$@"; do
    installed "$package" || missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0
  echo "installing ${missing[*]}"
  apt_update
  retry 3 apt_get install --no-install-recommends --allow-change-held-packages "${missing[@]}"
}
