"""Drains under load: what is computed again, lost or started twice, and how long a drain takes.

    npm run bench:scaling -- drain ROUNDS [--way drain|retire|sigterm] [--plain]

With TLS unless `--plain`. Exit code 1 if a drain computes, loses or starts anything twice.
"""

import argparse
import sys
from statistics import median

import distributed
from distributed import Client

from cluster import Cluster
from drain_load import PRELOADS, WAYS, Round, drains
from tls_cluster import TlsCluster


def main() -> int:
    """Run the rounds and print their sums."""
    parser = argparse.ArgumentParser(prog="npm run bench:scaling -- drain")
    parser.add_argument("rounds", type=int)
    parser.add_argument("--way", choices=WAYS, default="drain")
    parser.add_argument("--plain", action="store_true", help="without TLS")
    options = parser.parse_args()
    cluster = Cluster(*PRELOADS) if options.plain else TlsCluster(*PRELOADS)
    done = []
    with cluster, Client(cluster.address) if options.plain else cluster.client() as client:
        for each in drains(cluster, client, options.rounds, way=options.way):
            done.append(each)
            print(f"{len(done):3}: {each}", file=sys.stderr, flush=True)
    protocol = "plain" if options.plain else "TLS"
    print(f"{len(done)} times {options.way}, Dask {distributed.__version__}, {protocol}: {summary(done)}")
    return int(any(each.recomputed or each.lost_data or each.started_twice or each.failed for each in done))


def summary(done: list[Round]) -> str:
    """Sums and medians, in words."""
    drain, gone = ([getattr(each, f"{what}_seconds") for each in done] for what in ("drain", "gone"))
    return (
        f"{sum(each.recomputed for each in done)} finished results recomputed, "
        f"{sum(each.lost_data for each in done)} scattered lost, "
        f"{sum(each.started_twice for each in done)} tasks started twice, "
        f"{sum(each.failed for each in done)} failed; drained after {median(drain):.1f} s "
        f"(median, at most {max(drain):.1f} s), process gone after {median(gone):.1f} s ({max(gone):.1f} s)"
    )


if __name__ == "__main__":
    sys.exit(main())
