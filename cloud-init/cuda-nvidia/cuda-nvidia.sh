#!/bin/bash
# cuda-nvidia: a working driver, Fabric Manager where NVSwitches connect the GPUs, and persistence mode. CUDA is installed
# as wheels or by the step cuda-toolkit, UCX as wheels.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

readonly WANTS_REBOOT=100

driver_works() { timeout 60 nvidia-smi --list-gpus 2>/dev/null | grep '^GPU 0' >/dev/null; }

# Kernel modules built and signed by Canonical: no compiler, and no reboot if there are some for the running kernel.
install_driver() {
  local branch=$DRIVER_BRANCH-server userland modules
  userland=("nvidia-headless-no-dkms-$branch-open" "nvidia-utils-$branch")
  modules=linux-modules-nvidia-$branch-open-$(uname --kernel-release)
  apt_update
  if apt-cache show "$modules" >/dev/null 2>&1; then
    install_packages "$modules" "${userland[@]}"
    modprobe --all nvidia nvidia-uvm && driver_works && return
  fi
  install_packages "linux-modules-nvidia-$branch-open-aws" "${userland[@]}"
  echo "driver $DRIVER_BRANCH does not load on kernel $(uname --kernel-release)"
  exit $WANTS_REBOOT
}

# A partial upgrade would break the GPUs of running workers.
hold_driver() {
  { dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\n' '*nvidia*' 'linux*-aws' 2>/dev/null || true; } |
    sed --quiet 's/^ii *//p' | xargs --no-run-if-empty apt-mark hold >/dev/null
}

# The daemon of the package starts with persistence mode off, and stops if no unit wants it.
persist() {
  if systemctl cat nvidia-persistenced.service 2>&1 | grep -e --no-persistence-mode >/dev/null; then
    install -D --mode 0644 "$lib/nvidia-persistenced.conf" /etc/systemd/system/nvidia-persistenced.service.d/dask.conf
    systemctl daemon-reload
    systemctl restart nvidia-persistenced.service
  fi
  nvidia-smi --persistence-mode=1 >/dev/null
}

# nvswitch: whether there is an NVIDIA bridge on the PCI bus, as on p4d, p4de, p5, p5e and p5en
nvswitch() {
  local device
  for device in /sys/bus/pci/devices/*; do
    [[ $(cat "$device"/{vendor,class} 2>&1) != 0x10de$'\n'0x0680* ]] || return 0
  done
  return 1
}

# GPUs behind NVSwitches compute only once Fabric Manager runs, in exactly the driver's version (NVIDIA Fabric Manager
# User Guide). Also installed if other instance types of the pool have them, because these share its image.
fabric_manager() {
  local version
  [[ $NVSWITCH == yes ]] || nvswitch || return 0
  if ! systemctl cat nvidia-fabricmanager.service >/dev/null 2>&1; then
    version=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader)
    apt_update
    retry 3 apt_get install --no-install-recommends "nvidia-fabricmanager-$DRIVER_BRANCH=${version%%$'\n'*}-*"
    hold_driver
  fi
  systemctl enable --quiet nvidia-fabricmanager.service
  nvswitch || return 0
  # The GPUs may not be ready at its first start.
  retry 3 systemctl start nvidia-fabricmanager.service ||
    fail "nvidia-fabricmanager does not run: $(journalctl --unit nvidia-fabricmanager --lines 1 --output cat)"
}

# in_fabric: whether all GPUs have joined their NVLink fabric; before, CUDA fails with cudaErrorSystemNotReady
in_fabric() { ! nvidia-smi --query | grep 'State *: In Progress' >/dev/null; }

grep --quiet --ignore-case 0x10de /sys/bus/pci/devices/*/vendor || fail "this node has no NVIDIA GPU"
if ! driver_works; then
  install_driver
  hold_driver
fi
fabric_manager
persist
driver_works || fail "nvidia-smi lists no GPU: $(nvidia-smi 2>&1 | tail -n 1)"
retry 3 in_fabric || fail "the GPUs do not join their NVLink fabric; those of p6 need NVLSM: choose image deep-learning"
# Dask-CUDA starts a worker for each GPU, but a process sees one MIG instance only (NVIDIA MIG User Guide, "CUDA Device
# Enumeration").
[[ $(nvidia-smi --query-gpu=mig.mode.current --format=csv,noheader) != *Enabled* ]] ||
  fail "MIG mode is enabled, expected one worker for each whole GPU; turn it off in the image: nvidia-smi --multi-instance-gpu=0"
nvidia-smi --query-gpu=name,driver_version,persistence_mode --format=csv,noheader
