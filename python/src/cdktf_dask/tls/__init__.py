"""Certificates of a cluster: the CA, the certificates that it signs, and their renewal.

A PEM here is a text with a private key, its certificate and the CA certificate, in this order. The PEM of a
CA has its private key and its certificate. PEMs are passed in memory; only `files.replace` writes one.
"""
