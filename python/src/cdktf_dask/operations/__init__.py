"""Operates a cluster: its state, its logs, its size. On AWS by tags, locally over the supervisor's API."""
