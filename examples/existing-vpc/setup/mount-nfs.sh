#!/bin/bash
# nodeSetup.boot: mounts a file system of EFS, FSx or another NFS server, in which tasks can write to the directory `dask`.
set -euo pipefail

source=fs-0123456789abcdef0.efs.eu-central-1.amazonaws.com:/
target=/mnt/shared
# Options that Amazon EFS recommends (Amazon EFS User Guide, "Recommended NFS mount settings").
options=nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport

mkdir -p "$target"
mountpoint --quiet "$target" || mount -t nfs4 -o "$options" "$source" "$target"
install -d -o dask -g dask -m 0750 "$target/dask"

# The sandbox of the Dask service makes all other directories read-only. dask.sh reloads systemd before it starts the service.
dropins=/etc/systemd/system/$SERVICE.service.d
mkdir -p "$dropins"
printf '[Service]\nReadWritePaths=%s\n' "$target" >"$dropins/mount-nfs.conf"
echo "$source is mounted at $target"
