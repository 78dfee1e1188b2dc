#!/bin/sh
# Commits a synthesized stack to the branch hcp/STACK of origin, for a workspace of HCP Terraform with the VCS-driven workflow:
#
#   sh pipeline/hcp-commit.sh STACK
#
# The branch has the files of the stack only, and the lock file of its providers. The working tree does not change.
set -eu

stack=$1
branch=hcp/$stack
folder=cdktf.out/stacks/$stack
lock=locks/terraform/$stack.hcl

if [ ! -f "$lock" ]; then
  echo "$lock: is missing. Hint: run npx cdktf synth and sh pipeline/lock.sh $stack, and commit the file" >&2
  exit 1
fi
cp "$lock" "$folder/.terraform.lock.hcl"

git_dir=$(git rev-parse --absolute-git-dir)
index=$(mktemp -d)
trap 'rm -rf "$index"' EXIT
tree=$(
  export GIT_INDEX_FILE="$index/index"
  cd "$folder"
  git --git-dir="$git_dir" --work-tree=. add --all --force . ':!.terraform'
  git --git-dir="$git_dir" write-tree
)
parent=
if git fetch --quiet origin "refs/heads/$branch" 2>/dev/null; then
  parent=$(git rev-parse FETCH_HEAD)
fi
if [ -n "$parent" ] && [ "$(git rev-parse "$parent^{tree}")" = "$tree" ]; then
  echo "$branch is up to date"
  exit 0
fi
# shellcheck disable=SC2086 # no words without a parent
commit=$(git commit-tree "$tree" ${parent:+-p $parent} -m "Synthesize $stack from $(git rev-parse HEAD)")
git push --quiet origin "$commit:refs/heads/$branch"
echo "pushed $branch"
