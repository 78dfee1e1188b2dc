"""Nodes that leave a cluster of booted guests under load: what is computed again, lost or started twice.

    npm run bench:scaling -- rounds KIND [ROUNDS]

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
from rig.rounds import KINDS, ZEROS, Costs, Rounds

#: Nodes with workers.
SIZE = 3

#: Rounds of a kind until the next kind: a run that is interrupted prints what it has of each.
CYCLE = 5

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
    kinds = KINDS if options.kind == "all" else [options.kind]
    done = {kind: Costs(kind) for kind in kinds}
    rig = Rig()
    try:
        rounds = prepare(rig)
        print(f"Release {RELEASE}, TLS, {SIZE} nodes with workers:\n", flush=True)
        for begun in range(0, options.rounds, CYCLE):
            for costs in done.values():
                rounds.run(costs, min(CYCLE, options.rounds - begun), report)
    finally:
        print(table([costs for costs in done.values() if costs.seconds]), flush=True)
        rig.close()
    for costs in done.values():
        for name, keys in costs.found.items():
            if keys:
                report(f"{costs.kind}: {name}: {', '.join(keys[:10])}")
    return int(not all(costs.is_zero for costs in done.values()))


def report(line: str) -> None:
    """Print the progress."""
    print(line, file=sys.stderr, flush=True)


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


def table(done: list[Costs]) -> str:
    """A Markdown table."""
    rows = [COLUMNS, ["---"] * len(COLUMNS), *map(cells, done)]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def cells(costs: Costs) -> list[object]:
    """Cells of a row."""
    zeros = [len(costs.found[name]) for name in ZEROS]
    seconds = f"{median(costs.seconds):.1f} s ({max(costs.seconds):.1f} s)"
    return [costs.kind, len(costs.seconds), costs.tasks, *zeros, seconds]


if __name__ == "__main__":
    sys.exit(main())
