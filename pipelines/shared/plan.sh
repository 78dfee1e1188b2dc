#!/usr/bin/env bash
# Plans a synthesized stack:
#
#   bash pipeline/plan.sh STACK
#
# Writes pipeline.out/plan.txt, and pipeline.out/plan.tgz with the stack and its plan for apply.sh. Exit code: 0 without
# changes, 2 with changes, 1 after an error. Does not lock the state, because it does not write it; apply.sh refuses a plan
# whose state has changed.
set -euo pipefail

stack=$1
folder=cdktf.out/stacks/$stack

bash pipeline/init.sh "$stack"
code=0
terraform -chdir="$folder" plan -input=false -lock=false -no-color -detailed-exitcode -out=plan.tfplan || code=$?
if [ "$code" -eq 1 ]; then
  exit 1
fi
mkdir -p pipeline.out
terraform -chdir="$folder" show -no-color plan.tfplan >pipeline.out/plan.txt
tar -czf pipeline.out/plan.tgz --exclude=.terraform -C cdktf.out/stacks "$stack"
exit "$code"
