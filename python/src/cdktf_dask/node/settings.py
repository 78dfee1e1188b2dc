"""Settings of this node, which `lib/node` writes at synth and the scripts of the boot steps read too."""

import os
from pathlib import Path

DEFAULT_FILE = "/etc/dask/node.env"

NODE_PEM = Path("/etc/dask/tls/node.pem")
"""Key, certificate and CA certificate of this node: `NODE_PEM` of `lib/node/node-context.ts`."""


def read_settings() -> dict[str, str]:
    """Named values of `/etc/dask/node.env`, such as `CLUSTER`; `DASK_NODE_ENV` names another file."""
    file = Path(os.environ.get("DASK_NODE_ENV", DEFAULT_FILE))
    lines = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value.strip("'") for name, _, value in lines}
