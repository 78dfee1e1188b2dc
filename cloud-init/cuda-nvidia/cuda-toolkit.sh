#!/bin/bash
# cuda-toolkit: CUDA from NVIDIA's repository, for a release whose wheels do not contain it.
set -euo pipefail
source "$(dirname "$0")/functions.sh"

# Package with key and address of NVIDIA's repository; the checksum is that in the index of the repository.
readonly KEYRING_URL=https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64/cuda-keyring_1.1-1_all.deb
readonly KEYRING_SHA256=d2a6b11c096396d868758b86dab1823b25e14d70333f1dfa74da5ddaf6a06dba

readonly KEYRING=/var/tmp/cuda-keyring.deb

installed "$CUDA_PACKAGE" && exit
grep --quiet '^VERSION_ID="24.04"' /etc/os-release || fail "$CUDA_PACKAGE is for Ubuntu 24.04; choose such an image"
fetch "$KEYRING_URL" "$KEYRING_SHA256" "$KEYRING"
dpkg --install "$KEYRING"
rm "$KEYRING"
# The repository is new.
retry 5 apt_get update
install_packages "$CUDA_PACKAGE"
