"""Draws the steps of boots: a bar for each, from its start to its end."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

COLOUR = {"plain": "#4e79a7", "baked": "#f28e2b"}


def draw(kinds: dict[str, dict[str, tuple[float, float]]], title: str, file: Path) -> None:
    """Write an SVG.

    :param kinds: for each kind of image the steps, with start and end in seconds
    """
    # A fixed salt makes the file reproducible; text stays text.
    pyplot.rcParams.update({"svg.hashsalt": "boot", "svg.fonttype": "none", "font.family": "sans-serif"})
    rows = [(kind, name, span) for kind, found in kinds.items() for name, span in found.items()]
    figure, axes = pyplot.subplots(figsize=(8, 0.32 * len(rows) + 1.2), layout="constrained")
    for row, (kind, _, (start, end)) in enumerate(rows):
        axes.barh(row, end - start, left=start, color=COLOUR[kind], height=0.7)
        axes.text(end, row, f" {end - start:.1f} s", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [f"{kind}: {name}" for kind, name, _ in rows], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.set_xlabel("seconds from the start of cloud-init")
    axes.set_title(title, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, metadata={"Date": None})
