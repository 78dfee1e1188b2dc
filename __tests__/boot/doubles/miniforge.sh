#!/bin/bash
# Double of Miniforge's installer, with the arguments that the step `conda` uses: miniforge.sh -b -p PREFIX
# PREFIX/bin/python has pip. PREFIX/bin/conda can only create an environment. Both use the Python of the guest's image,
# instead of a download from conda-forge.
set -euo pipefail

if [[ $# -ne 3 || $1 != -b || $2 != -p ]]; then
  echo "miniforge.sh: got '$*', allowed: -b -p PREFIX" >&2
  exit 2
fi
prefix=$3
if [[ -e $prefix ]]; then
  echo "ERROR: File or directory already exists: '$prefix'" >&2
  exit 1
fi

pythons=(/opt/rig/python/bin/python3.??)
echo "PREFIX=$prefix"
"${pythons[0]}" -m venv --copies "$prefix"
cat >"$prefix/bin/conda" <<'CONDA'
#!/bin/bash
# Double of conda create, with the arguments of the step `conda`.
set -euo pipefail

reject() {
  echo "conda: got '$*', allowed: create --yes --quiet --prefix PREFIX --override-channels --channel conda-forge python=X.Y.Z" >&2
  exit 2
}

[[ "$*" =~ ^create\ --yes\ --quiet\ --prefix\ ([^ ]+)\ --override-channels\ --channel\ conda-forge\ python=([0-9]+\.[0-9]+)\.[0-9]+$ ]] ||
  reject "$@"
prefix=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]} wanted=${!#}
python=/opt/rig/python/bin/python$minor
if [[ ! -x $python ]]; then
  printf 'PackagesNotFoundError: The following packages are not available from current channels:\n\n  - %s\n' "${!#}" >&2
  exit 1
fi
version=$("$python" -c 'import platform; print(platform.python_version())')
[[ $version == "${wanted#*=}" ]] || echo "conda: uses Python $version instead of ${wanted#*=}" >&2
# Copies, because uv follows links and would install into the original.
"$python" -m venv --copies --without-pip "$prefix"
CONDA
chmod +x "$prefix/bin/conda"
echo "installation finished."
