"""What the nodes of a cluster on AWS run once their Python environment exists.

`/usr/local/lib/dask-node/run.sh MODULE ARGUMENT...` runs a module of this package on a node. The modules
import only packages that the lockfile of every cluster has.
"""
