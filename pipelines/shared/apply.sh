#!/usr/bin/env bash
# Applies the plan in pipeline.out/plan.tgz, and nothing else:
#
#   bash pipeline/apply.sh STACK
#
# Terraform refuses the plan if the state has changed since.
set -euo pipefail

stack=$1

mkdir -p cdktf.out/stacks
tar -xzf pipeline.out/plan.tgz -C cdktf.out/stacks
bash pipeline/init.sh "$stack"
terraform -chdir="cdktf.out/stacks/$stack" apply -input=false -lock-timeout=5m -no-color plan.tfplan
