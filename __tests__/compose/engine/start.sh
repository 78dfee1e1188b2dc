#!/bin/sh
# First process of the engine's namespaces: makes RUN/root the root directory, starts dockerd, and waits for the end of
# its standard input. When it ends, the kernel ends all processes and mounts of the namespaces.
#
#   start.sh IMAGE RUN CGROUP
set -eu
image=$1 run=$2 cgroup=$3
root=$run/root

mount --make-rprivate /
# A sparse disk for all that the engine writes. Its file vanishes with the mount, so it needs no journal and no barriers.
truncate --size=30G "$run/disk.ext4"
mkfs.ext4 -q -O ^has_journal -m 0 "$run/disk.ext4"
mount -o loop,noatime,nobarrier "$run/disk.ext4" "$run/disk"
rm "$run/disk.ext4"
mkdir "$run/disk/upper" "$run/disk/work" "$run/disk/docker"
mount -t overlay -o "lowerdir=$image,upperdir=$run/disk/upper,workdir=$run/disk/work" overlay "$root"
mkdir -p "$root/var/lib/docker" "$root/mnt/project"
# Not in the overlayfs: the engine mounts overlayfs in it.
mount --bind "$run/disk/docker" "$root/var/lib/docker"
mount --bind "$run/project" "$root/mnt/project"
mount --rbind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
# The control groups of the host: with version 2 only, a host of version 1 has no memory limits.
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
ip link set lo up
mkdir "$root/run/old"
cd "$root"
# Not chroot: `docker import` mounts the root directory again.
pivot_root . run/old
umount -l /run/old
# The name server of slirp4netns.
echo "nameserver 10.0.2.3" > /etc/resolv.conf
dockerd --host unix:///run/docker.sock --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "$cgroup" --dns 10.0.2.3 \
  > /mnt/project/dockerd.log 2>&1 &
exec cat > /dev/null
