#!/bin/bash
# base: service user and packages.
# No ufw, because security groups filter ports. No limits.d, because systemd ignores it: the units set limits.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

# Without shell and sudo, because it runs what clients send.
id dask >/dev/null 2>&1 ||
  useradd --system --user-group --home-dir /var/lib/dask --create-home --shell /usr/sbin/nologin dask

# The reverse proxy of the dashboard has its own unit; that of the distribution would listen on port 80.
[[ " $PACKAGES " != *" nginx "* ]] || systemctl mask --quiet nginx.service

# shellcheck disable=SC2086 # a list of words
install_packages $PACKAGES
