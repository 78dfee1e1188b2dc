#!/bin/sh
# Plans a synthesized stack:
#
#   sh pipeline/plan.sh STACK
#
# Writes pipeline.out/plan.txt, pipeline.out/changes.json with the numbers of changes, and pipeline.out/plan.tgz with the stack
# and its plan for apply.sh. Exit code: 0 without changes, 2 with changes, 1 after an error. Does not lock the state, because it
# does not write it; apply.sh refuses a plan whose state has changed.
set -eu

stack=$1
folder=cdktf.out/stacks/$stack

# An earlier plan is not left behind for apply.sh.
rm -f pipeline.out/plan.tgz pipeline.out/plan.txt pipeline.out/changes.json "$folder/plan.tfplan"
sh pipeline/init.sh "$stack"
code=0
terraform -chdir="$folder" plan -input=false -lock=false -no-color -detailed-exitcode -out=plan.tfplan || code=$?
case $code in
  0 | 2) ;;
  *) exit 1 ;;
esac
mkdir -p pipeline.out
terraform -chdir="$folder" show -no-color plan.tfplan >pipeline.out/plan.txt
summary=$(grep '^Plan: ' pipeline.out/plan.txt || true)
number() { echo "$summary" | grep -Eo "[0-9]+ to $1" | cut -d ' ' -f 1 || true; }
create=$(number add) update=$(number change) delete=$(number destroy)
printf '{"create":%d,"update":%d,"delete":%d}\n' "${create:-0}" "${update:-0}" "${delete:-0}" >pipeline.out/changes.json
rm -rf "$folder/.terraform"
tar -czf pipeline.out/plan.tgz -C cdktf.out/stacks "$stack"
exit "$code"
