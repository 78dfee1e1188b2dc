"""Throughput with TLS against without, from what transfers.py measured: tables as Markdown, and a picture.

ratios.py docs/tls.svg < measured.json
"""

import json
import os
import sys
from pathlib import Path
from statistics import geometric_mean, median, quantiles

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

TRANSFERS = {"worker to worker": "#4e79a7", "scatter": "#f28e2b", "gather": "#59a14f"}
"""What is measured, and its colour."""

UNITS = {1_000_000: "MB", 1_000: "kB"}


class Measured:
    """All figures of one run."""

    def __init__(self, document: dict):
        self.default, self.figures = document["default"], document["figures"]
        self.ways, self.sizes, self.rounds = (
            list(dict.fromkeys(each[key] for each in self.figures)) for key in ("way", "size", "round")
        )

    def speed(self, kind: str, size: int, transfer: str) -> float:
        """MB per second of `plain` or `tls`, at the median of the default's rounds."""
        return size / 1e6 / median(pair[kind][transfer] for pair in self.pairs(self.default, size))

    def ratio(self, way: str, size: int, transfer: str) -> float:
        """Throughput of a way against plain: the median of its pairs."""
        return median(pair["plain"][transfer] / pair["tls"][transfer] for pair in self.pairs(way, size))

    def against_default(self, way: str) -> list[float]:
        """Ratio of a way over that of the default, between workers and over all sizes: one for each round."""

        def over_sizes(way: str, turn: int) -> float:
            pairs = (pair for size in self.sizes for pair in self.pairs(way, size) if pair["round"] == turn)
            return geometric_mean(
                pair["plain"]["worker to worker"] / pair["tls"]["worker to worker"] for pair in pairs
            )

        return [over_sizes(way, turn) / over_sizes(self.default, turn) for turn in self.rounds]

    def pairs(self, way: str, size: int) -> list[dict]:
        """What was measured of a way and a size, and of plain beside it."""
        return [each for each in self.figures if (each["way"], each["size"]) == (way, size)]


def main(svg: Path) -> None:
    """Print and draw."""
    measured = Measured(json.load(sys.stdin))
    machine = f"{os.cpu_count()} cores ({model()}), medians of {len(measured.rounds)} rounds"
    print(f"{machine}:\n\n{of_the_default(measured)}\n\n{of_all_ways(measured)}")
    draw(measured, machine, svg)


def of_the_default(measured: Measured) -> str:
    """The default against plain: MB/s and ratio, by what is transferred where."""

    def cell(size: int, transfer: str) -> str:
        plain, tls = (measured.speed(kind, size, transfer) for kind in ("plain", "tls"))
        ratio = measured.ratio(measured.default, size, transfer)
        return f"{plain:{digits(plain)}} → {tls:{digits(tls)}} MB/s, **{ratio:.2f}**"

    rows = [[in_words(size), *(cell(size, transfer) for transfer in TRANSFERS)] for size in measured.sizes]
    return table(["plain → TLS, ratio", *TRANSFERS], rows)


def of_all_ways(measured: Measured) -> str:
    """Each way against plain, between workers: by time, and by the time of both workers' processors."""

    def cell(way: str, size: int) -> str:
        by_time, by_processor = (measured.ratio(way, size, of) for of in ("worker to worker", "processor"))
        return f"{by_time:.2f} ({by_processor:.2f})"

    def overall(way: str) -> str:
        if way == measured.default:
            return "1"
        low, middle, high = quantiles(measured.against_default(way), n=4, method="inclusive")
        return f"{middle:.2f} ({low:.2f}–{high:.2f})"

    rows = [[way, *(cell(way, size) for size in measured.sizes), overall(way)] for way in measured.ways]
    head = ["throughput ratio (by CPU time)", *map(in_words, measured.sizes)]
    return table([*head, "all sizes, default = 1"], rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown, with figures to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def draw(measured: Measured, machine: str, svg: Path) -> None:
    """The default's ratios: a group of bars for each size."""
    # Equal figures make an equal file, and text stays text.
    pyplot.rcParams.update({"svg.hashsalt": "tls", "svg.fonttype": "none", "font.family": "sans-serif"})
    figure, axes = pyplot.subplots(figsize=(8, 3), layout="constrained")
    width = 0.8 / len(TRANSFERS)
    for place, (transfer, colour) in enumerate(TRANSFERS.items()):
        ratios = [measured.ratio(measured.default, size, transfer) for size in measured.sizes]
        at = [group + place * width for group in range(len(ratios))]
        bars = axes.bar(at, ratios, width, color=colour, label=transfer)
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.axhline(1, color="grey", linewidth=0.8)
    axes.set_xticks([group + width for group in range(len(measured.sizes))], map(in_words, measured.sizes))
    axes.set_ylabel("throughput, plain = 1")
    axes.margins(y=0.12)
    axes.set_title(machine, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=len(TRANSFERS), frameon=False, fontsize=8)
    figure.savefig(svg, metadata={"Date": None})


def in_words(size: int) -> str:
    """Such as `100 kB`."""
    unit = next(unit for unit in UNITS if size >= unit)
    return f"{size // unit} {UNITS[unit]}"


def digits(speed: float) -> str:
    """Two places are enough for what is small."""
    return ".0f" if speed >= 10 else ".2f"


def model() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
