#!/bin/sh
# Applies the plan in pipeline.out/plan.tgz, and nothing else:
#
#   sh pipeline/apply.sh STACK
#
# Terraform refuses the plan if the state has changed since.
set -eu

stack=$1

mkdir -p cdktf.out/stacks
tar -xzf pipeline.out/plan.tgz -C cdktf.out/stacks
sh pipeline/init.sh "$stack"
terraform -chdir="cdktf.out/stacks/$stack" apply -input=false -lock-timeout=5m -no-color plan.tfplan
