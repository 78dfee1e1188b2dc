#!/bin/bash
# nodeSetup.bake: installs the NFS client, which mount-nfs.sh needs.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=300 --quiet update
apt-get -o DPkg::Lock::Timeout=300 --quiet --yes install --no-install-recommends nfs-common
