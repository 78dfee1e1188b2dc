"""Several machines on this one: systemd-nspawn guests in one private set of namespaces."""
