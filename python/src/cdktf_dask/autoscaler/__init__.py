"""Autoscaler of a cluster: a process next to the scheduler that changes the sizes of pools.

It imports neither Dask nor, outside of `capacity` and `dead_man_switch`, anything but the standard library.
"""
