"""Measures the steps of a worker's boot, with a plain image and with a baked one, one boot at a time.

    boots.py RUNS SVG

Prints a table of medians as Markdown, and draws it. The scheduler is ready before. The double of Miniforge
needs no download and no solver, so the step `conda` takes longer on AWS.
"""

import os
import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2] / "__tests__" / "boot"))

from marks import steps
from picture import draw
from rig.rig import Rig

READY_SECONDS = 300
#: Limits of the medians in seconds, by image.
LIMITS = {"plain": 60.0, "baked": 8.0}


def main(runs: int, svg: Path) -> int:
    """Measure, print, draw. Returns exit code 1 if a median exceeds its limit."""
    rig = Rig()
    try:
        definition = rig.clusters["rig"]
        layers = {"plain": (), "baked": (rig.bake(definition.image_contents("cpu")),)}
        scheduler = rig.boot(
            "i-0000000000000b000",
            definition.scheduler,
            definition.address,
            layers=(rig.bake(definition.image_contents()),),
        )
        scheduler.wait_for_state("ready", READY_SECONDS)
        found: dict[str, list[dict]] = {kind: [] for kind in layers}
        for run in range(runs):
            for number, kind in enumerate(layers):
                instance, address = f"i-{run:0>15}b{number + 1}", f"10.77.0.{20 + 2 * run + number}"
                boot = measure(rig, instance, address, layers[kind])
                found[kind].append(boot)
                print(f"run {run + 1} of {runs}, {kind}: {total(boot):.1f} s", file=sys.stderr, flush=True)
    finally:
        rig.close()
    title = f"{os.cpu_count()} cores ({model()}), medians of {runs} boots"
    print(table(found, title))
    draw({kind: medians(boots) for kind, boots in found.items()}, title, svg)
    over = [kind for kind, boots in found.items() if median(map(total, boots)) > LIMITS[kind]]
    for kind in over:
        print(f"{kind}: median over the limit of {LIMITS[kind]:.0f} s", file=sys.stderr)
    return 1 if over else 0


def measure(rig: Rig, instance: str, address: str, layers: tuple[Path, ...]) -> dict:
    """Boot a worker, and return the steps of its boot."""
    node = rig.boot(instance, rig.clusters["rig"].worker("cpu"), address, layers=layers)
    node.wait_for_state("ready", READY_SECONDS)
    journal = node.run("journalctl --boot --output json --no-pager")
    begun = node.run("systemctl show --property ExecMainStartTimestampMonotonic --value cloud-init-local")
    node.kill()
    return steps(journal, int(begun) / 1e6)


def total(boot: dict[str, tuple[float, float]]) -> float:
    """Return the seconds from the start of cloud-init to the worker's registration."""
    return max(end for _, end in boot.values())


def medians(boots: list[dict]) -> dict[str, tuple[float, float]]:
    """Return the median start and end of each step."""
    return {
        name: (median(boot[name][0] for boot in boots), median(boot[name][1] for boot in boots))
        for name in boots[0]
    }


def table(found: dict[str, list[dict]], title: str) -> str:
    """Return a Markdown table of the seconds of each step."""
    lines = [f"{title}:", "", f"| step | {' | '.join(found)} |", f"| --- |{' ---: |' * len(found)}"]
    for name in found["plain"][0]:
        cells = [
            f"{median(boot[name][1] - boot[name][0] for boot in boots):.1f} s" if name in boots[0] else ""
            for boots in found.values()
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    totals = [f"**{median(map(total, boots)):.1f} s**" for boots in found.values()]
    return "\n".join([*lines, f"| from cloud-init's start to registration | {' | '.join(totals)} |"])


def model() -> str:
    """Return the name of the CPU."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
