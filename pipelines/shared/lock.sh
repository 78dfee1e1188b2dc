#!/bin/sh
# Writes the lock file of a stack's providers, for all platforms on which it is planned:
#
#   sh pipeline/lock.sh STACK [OPTION...]
#
# Run it after `npx cdktf synth`, the first time and to upgrade the providers, and commit the file. Options are those of
# `terraform providers lock`, such as -fs-mirror=FOLDER.
set -eu

stack=$1
shift
folder=cdktf.out/stacks/$stack
lock=locks/terraform/$stack.hcl

if [ ! -d "$folder" ]; then
  echo "$folder: is missing. Hint: run npx cdktf synth first" >&2
  exit 1
fi
for platform in ${PLATFORMS:-linux_amd64 linux_arm64 darwin_arm64}; do
  set -- "$@" "-platform=$platform"
done
rm -f "$folder/.terraform.lock.hcl"
terraform -chdir="$folder" providers lock "$@"
mkdir -p locks/terraform
cp "$folder/.terraform.lock.hcl" "$lock"
echo "Next: git add $lock, and commit it"
