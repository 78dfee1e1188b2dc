#!/bin/sh
# Initializes Terraform in the folder of a synthesized stack, with the provider versions of its lock file:
#
#   sh pipeline/init.sh STACK
set -eu

stack=$1
lock=locks/terraform/$stack.hcl

if [ ! -f "$lock" ]; then
  echo "$lock: is missing. Hint: run npx cdktf synth and sh pipeline/lock.sh $stack, and commit the file" >&2
  exit 1
fi
cp "$lock" "cdktf.out/stacks/$stack/.terraform.lock.hcl"
terraform -chdir="cdktf.out/stacks/$stack" init -input=false -lockfile=readonly -no-color
