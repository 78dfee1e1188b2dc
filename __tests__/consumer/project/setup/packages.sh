#!/bin/bash
# The company's packages, on every node.
set -euo pipefail
apt-get update
apt-get install --yes nfs-common
/opt/conda/bin/uv pip install --python /opt/dask/env/bin/python lightgbm
