"""Names of workers: `<pool>--<host>`, with `-<i>` at the end if a node runs several.

Without other imports: nodes, clients and operations read the names of workers by these functions.
"""

import re


def pool_of(name: object) -> str:
    """Pool of a worker, or the whole name of a worker that is not named after a pool."""
    return str(name).partition("--")[0]


def belongs_to(name: object, node: str) -> bool:
    """Whether a worker is one of a node.

    Args:
        name: Name of the worker; Dask allows any type.
        node: Name of the node, `<pool>--<host>`.
    """
    return re.fullmatch(re.escape(node) + r"(-\d+)?", str(name)) is not None
