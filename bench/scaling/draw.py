"""Draws demand, wanted nodes and running nodes of each pool over time.

    npm run bench:scaling -- draw LOG FILE.svg [TITLE]

LOG has one JSON object a line, in the order of time; pools appear in the order of their first line:

    {"t": 12.0, "pool": "cpu", "demand": 400, "wanted": 3, "running": 1}

`t`: seconds. `demand`: tasks of the pool that are not finished. `wanted`: nodes that the autoscaler wants.
`running`: nodes with workers. Other keys are ignored.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.axes import Axes

COLOURS = {"demand": "#bab0ac", "wanted": "#f28e2b", "running": "#4e79a7"}
KEYS = ("t", *COLOURS)

Samples = dict[str, list[float]]


def read(lines: Iterable[str]) -> dict[str, Samples]:
    """Samples by pool, with the values of each key. Times start at 0."""
    pools: dict[str, Samples] = {}
    start = None
    for line in filter(str.strip, lines):
        sample = json.loads(line)
        start = sample["t"] if start is None else start
        samples = pools.setdefault(sample["pool"], {key: [] for key in KEYS})
        for key in KEYS:
            samples[key].append(sample[key] - (start if key == "t" else 0))
    return pools


def changes(samples: Samples) -> Samples:
    """Without samples that equal those before and after them, which draw the same picture."""
    rows = list(zip(*(samples[key] for key in KEYS), strict=True))
    inner = [
        row
        for before, row, after in zip(rows, rows[1:], rows[2:], strict=False)
        if not before[1:] == row[1:] == after[1:]
    ]
    kept = [rows[0], *inner, rows[-1]]
    return dict(zip(KEYS, map(list, zip(*kept, strict=True)), strict=True))


def panel(axes: Axes, pool: str, samples: Samples) -> None:
    """Nodes of one pool as lines, its tasks as an area behind them, with a scale on the right."""
    tasks = axes.twinx()
    tasks.fill_between(samples["t"], samples["demand"], step="post", color=COLOURS["demand"], alpha=0.5, lw=0)
    tasks.set_ylim(0, max(1, *samples["demand"]) * 1.1)
    tasks.set_ylabel("tasks", fontsize=8)
    axes.step(samples["t"], samples["wanted"], where="post", color=COLOURS["wanted"], lw=1.6, ls="--")
    axes.step(samples["t"], samples["running"], where="post", color=COLOURS["running"], lw=1.6)
    axes.set_ylim(0, max(1, *samples["wanted"], *samples["running"]) * 1.2)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("nodes", fontsize=8)
    axes.set_title(f"pool {pool}", fontsize=9, loc="left")
    axes.set_zorder(tasks.get_zorder() + 1)
    axes.patch.set_visible(False)
    for each in (axes, tasks):
        each.tick_params(labelsize=8)
        each.spines["top"].set_visible(False)


def draw(pools: dict[str, Samples], file: Path, title: str = "") -> None:
    """Write an SVG with a panel for each pool."""
    # A fixed salt makes the file reproducible; text stays text.
    pyplot.rcParams.update({"svg.hashsalt": "scaling", "svg.fonttype": "none", "font.family": "sans-serif"})
    figure, rows = pyplot.subplots(
        len(pools), figsize=(8, 1.9 * len(pools) + 0.9), sharex=True, squeeze=False, layout="constrained"
    )
    for axes, (pool, samples) in zip(rows[:, 0], pools.items(), strict=True):
        panel(axes, pool, changes(samples))
    rows[-1, 0].set_xlabel("seconds", fontsize=8)
    labels = {
        "demand": "tasks that are not finished",
        "wanted": "wanted nodes",
        "running": "nodes with workers",
    }
    handles = [
        pyplot.Line2D(
            [], [], color=COLOURS[key], lw=6 if key == "demand" else 2, ls="--" if key == "wanted" else "-"
        )
        for key in labels
    ]
    figure.legend(handles, labels.values(), loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    if title:
        figure.suptitle(title, fontsize=9)
    figure.savefig(file, metadata={"Date": None})


def main(log: str, file: str, title: str = "") -> None:
    """Draw a log."""
    with open(log) as lines:
        draw(read(lines), Path(file), title)


if __name__ == "__main__":
    main(*sys.argv[1:])
