#!/bin/bash
# Mounts the scratch space: one instance-store disk as it is, several as RAID 0, none as a directory on EBS.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

readonly LABEL=dask-scratch

# instance_store: its disks, each once although udev gives it several names; names of EBS volumes differ
instance_store() {
  local links=(/dev/disk/by-id/*NVMe_Instance_Storage*)
  [[ -e ${links[0]} ]] || return 0
  realpath "${links[@]}" | grep --extended-regexp 'n[0-9]+$' | sort --unique
}

# blank DISK: whether it has no data, except as part of an array that no longer exists
blank() {
  local type
  type=$(blkid --probe --output value --match-tag TYPE "$1" || true)
  [[ -z $type || $type == linux_raid_member ]]
}

make_filesystem() {
  local device=$1
  if (($# > 1)); then
    device=/dev/md/$LABEL
    mdadm --zero-superblock --quiet "$@" || true
    mdadm --create "$device" --run --force --level=0 --raid-devices=$# --name=$LABEL --homehost=any "$@"
  fi
  # -K: no TRIM first, the disk is blank.
  mkfs.xfs -q -f -K -L $LABEL "$device"
}

mount_scratch() {
  local disks=()
  if [[ $SPILL_STORAGE == ebs ]]; then
    echo "scratch on EBS, as the definition has it"
  elif mountpoint --quiet /opt/dlami/nvme; then
    install -d /opt/dlami/nvme/dask
    mount --bind /opt/dlami/nvme/dask "$SCRATCH"
    echo "scratch on the instance store that the image has mounted"
  else
    udevadm settle --timeout=30 || true
    if ! blkid --label $LABEL >/dev/null; then
      mapfile -t disks < <(instance_store)
      for disk in "${disks[@]}"; do
        blank "$disk" || fail "$disk holds data of someone else; wipe it, or spill to ebs"
      done
      ((${#disks[@]} == 0)) || make_filesystem "${disks[@]}"
      udevadm settle --timeout=30 || true
    fi
    if blkid --label $LABEL >/dev/null; then
      mount -o noatime LABEL=$LABEL "$SCRATCH"
      echo "scratch on the instance store"
    else
      echo "no instance store here: scratch on EBS"
    fi
  fi
}

mkdir -p "$SCRATCH"
mountpoint --quiet "$SCRATCH" || mount_scratch
install -d -o dask -g dask -m 0750 "$SCRATCH"
