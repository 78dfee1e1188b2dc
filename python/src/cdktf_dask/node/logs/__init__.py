"""Ships the journal of this node to CloudWatch Logs: Dask's units, the bootstrap, and OOM kills.

    run.sh logs

Each node has one stream, `<pool>/<instance id>`, in the log group of its cluster. Delivery is at least once:
the position in the journal is stored after AWS has accepted a batch, so a process that is killed in between
sends this batch again.
"""
