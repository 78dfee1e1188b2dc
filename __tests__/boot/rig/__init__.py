"""Boots nodes as systemd-nspawn guests in a private set of Linux namespaces."""
