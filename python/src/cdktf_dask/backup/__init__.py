"""Backup and restore of published datasets, and what can be read of an orphaned spill directory.

A backup has pickles, and unpickling runs code: restore only from a location that only the cluster writes.
"""
