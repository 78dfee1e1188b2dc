"""Nodes that leave a cluster of booted guests under load: what is computed again, lost or started twice.

    npm run bench:scaling -- rounds KIND [ROUNDS] [--release 2026.7|2024.7]

KIND is a way in which a node ends, or `all`. Needs what `npm run test:boot` needs. Exit code 1 if a result is
computed again, something is lost, or a task is started twice.
"""

import argparse
import sys
from statistics import median

from rig.group import GuestGroup
from rig.load import Load, Starts
from rig.python import RELEASE
from rig.rig import Rig
from rig.rounds import KINDS, Costs, Rounds

#: Nodes with workers.
SIZE = 3

INSTALL_SECONDS = 600

COLUMNS = (
    *("node ended by", "rounds", "tasks", "computed again", "scattered data lost", "started twice", "failed"),
    "workers left after, median (longest)",
)


def main() -> int:
    """Run the rounds, and print a table."""
    parser = argparse.ArgumentParser(prog="npm run bench:scaling -- rounds")
    parser.add_argument("kind", choices=[*KINDS, "all"])
    parser.add_argument("rounds", type=int, nargs="?", default=20)
    options = parser.parse_args()
    rig = Rig()
    try:
        rounds = prepare(rig)
        print(f"Release {RELEASE}, TLS, {SIZE} nodes with workers:\n", flush=True)
        print(row(*COLUMNS), row(*["---"] * len(COLUMNS)), sep="\n", flush=True)
        done = []
        for kind in KINDS if options.kind == "all" else [options.kind]:
            done.append(
                rounds.run(kind, options.rounds, lambda line: print(line, file=sys.stderr, flush=True))
            )
            print(row(*cells(done[-1])), flush=True)
    finally:
        rig.close()
    for costs in done:
        for name, keys in costs.found.items():
            if keys:
                print(f"{costs.kind}: {name}: {', '.join(keys[:10])}", file=sys.stderr)
    return int(not all(costs.is_zero for costs in done))


def prepare(rig: Rig) -> Rounds:
    """Boot a scheduler, and a group of nodes from a baked image."""
    cluster = rig.clusters["rig"]
    scheduler = rig.boot("i-00000000000000001", cluster.scheduler, cluster.address)
    layers = (rig.bake(cluster.image_contents("cpu")),)
    scheduler.wait_for_state("ready", INSTALL_SECONDS)
    client = rig.client("10.88.0.5", scheduler)
    client.fetch_bundle(cluster.outputs["client_bundle"], rig.aws.get_secret("/dask/rig/client"))
    starts = Starts(rig)
    group = GuestGroup(rig, "cpu", layers, starts.options)
    group.resize(SIZE)
    group.wait_for_service(SIZE)
    return Rounds(group, Load(client, f"tls://{cluster.hostname}:8786", starts), SIZE)


def cells(costs: Costs) -> list[object]:
    """Cells of a row."""
    zeros = [len(costs.found[name]) for name in ("recomputed", "lost data", "started twice", "failed")]
    seconds = f"{median(costs.seconds):.1f} s ({max(costs.seconds):.1f} s)"
    return [costs.kind, len(costs.seconds), costs.tasks, *zeros, seconds]


def row(*values: object) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(map(str, values))} |"


if __name__ == "__main__":
    sys.exit(main())
