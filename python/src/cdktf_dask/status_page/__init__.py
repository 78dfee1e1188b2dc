"""Service of the scheduler's node: writes the page `/cluster/` of the dashboard proxy.

It has the permissions of the node's role, so it asks the scheduler for its metrics only.
"""
