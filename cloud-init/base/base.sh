#!/bin/bash
# base: service user and packages.
# No ufw, because security groups filter ports. No limits.d, because systemd ignores it: the units set limits.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

# Without shell and sudo, because it runs what clients send.
id dask >/dev/null 2>&1 ||
  useradd --system --user-group --home-dir /var/lib/dask --create-home --shell /usr/sbin/nologin dask

# These have units of the cluster; those of the distribution would start with the installation, nginx on port 80.
for package in nginx prometheus prometheus-alertmanager; do
  [[ " $PACKAGES " != *" $package "* ]] || systemctl mask --quiet "$package.service"
done

# shellcheck disable=SC2086 # a list of words
install_packages $PACKAGES
