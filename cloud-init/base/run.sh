#!/bin/bash
# run.sh MODULE ARGUMENT...: runs a module of cdktf_dask.node, which is in this node's bundle.
# -P: not with modules of the working directory. -B: no compiled files, because those of another bundle look up to date.
export PYTHONPATH=/usr/local/lib/dask-node/python AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
exec /opt/dask/env/bin/python -BP -m "cdktf_dask.node.$1" "${@:2}"
