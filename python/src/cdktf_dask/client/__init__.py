"""Connects a client to a cluster: finds it, fetches the client bundle, opens a tunnel where one is needed."""
