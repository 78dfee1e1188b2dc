#!/bin/bash
# Stands for Miniforge's installer, as the phase `conda` uses it: miniforge.sh -b -p PREFIX
# PREFIX/bin/python has pip, as Miniforge's has. PREFIX/bin/conda makes an environment, and nothing else. Both hold the
# Python that the rig has put into the guest's image, where conda-forge's would be downloaded.
set -euo pipefail

if [[ $# -ne 3 || $1 != -b || $2 != -p ]]; then
  echo "miniforge.sh: '$*' is not played; allowed: -b -p PREFIX" >&2
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
# Stands for conda create, in the one form that the phase `conda` has.
set -euo pipefail

refuse() {
  echo "conda: '$*' is not played; allowed: create --yes --quiet --prefix PREFIX --override-channels --channel conda-forge python=X.Y.Z" >&2
  exit 2
}

[[ "$*" =~ ^create\ --yes\ --quiet\ --prefix\ ([^ ]+)\ --override-channels\ --channel\ conda-forge\ python=([0-9]+\.[0-9]+)\.[0-9]+$ ]] ||
  refuse "$@"
prefix=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]} wanted=${!#}
python=/opt/rig/python/bin/python$minor
if [[ ! -x $python ]]; then
  printf 'PackagesNotFoundError: The following packages are not available from current channels:\n\n  - %s\n' "${!#}" >&2
  exit 1
fi
version=$("$python" -c 'import platform; print(platform.python_version())')
[[ $version == "${wanted#*=}" ]] || echo "conda: Python $version stands for ${wanted#*=}" >&2
# Copies, not links: the environment's commands are its own, and a link would lead uv to install beside the original.
"$python" -m venv --copies --without-pip "$prefix"
CONDA
chmod +x "$prefix/bin/conda"
echo "installation finished."
