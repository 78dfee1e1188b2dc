"""Names of workers: `<pool>--<host>`, with `-<i>` at the end if a node runs several.

Without other imports: nodes, clients and operations read the names of workers by these functions.
"""

import re


def pool_of(name: object) -> str:
    """Pool of a worker, or the whole name of a worker that is not named after a pool."""
    return str(name).partition("--")[0]


def nodes_of(name: object) -> set[str]:
    """Names of nodes to which a worker may belong: with and without a number at the end.

    Args:
        name: Name of the worker; Dask allows any type.
    """
    return {str(name), re.sub(r"-\d+\Z", "", str(name))}


def belongs_to(name: object, node: str) -> bool:
    """Whether a worker is one of a node.

    Args:
        name: Name of the worker; Dask allows any type.
        node: Name of the node, `<pool>--<host>`.
    """
    return node in nodes_of(name)
