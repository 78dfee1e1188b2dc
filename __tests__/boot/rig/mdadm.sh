#!/bin/sh
# Stands for mdadm on a kernel that has no software RAID: the array is one more disk, of the sum of the sizes, that the
# rig has made. Like the array that udev would assemble at a boot, it is there before anyone asks. Each call is noted.
echo "$*" >>/var/log/mdadm.calls
if [ "$1" = --create ]; then
  mkdir -p "$(dirname "$2")"
  ln -sf /dev/rig-array "$2"
fi
