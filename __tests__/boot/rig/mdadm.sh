#!/bin/sh
# Double of mdadm for a kernel without software RAID. The array is one more disk that the rig creates, with the sum of
# the sizes. It exists from boot on, like an array that udev assembles. /var/log/mdadm.calls has each call.
echo "$*" >>/var/log/mdadm.calls
if [ "$1" = --create ]; then
  mkdir -p "$(dirname "$2")"
  ln -sf /dev/rig-array "$2"
fi
