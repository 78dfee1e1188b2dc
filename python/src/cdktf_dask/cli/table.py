"""Tables and amounts as text. The release's lockfile has no package for this (decision 41)."""

from collections.abc import Sequence

import click

COLORS = {"ready": "green", "booting": "yellow", "draining": "yellow", "stopping": "yellow", "failed": "red"}
"""Colors of cells with these words, for terminals; pipes get none."""


def table(*rows: Sequence[object]) -> list[str]:
    """Lines with aligned columns; the first row has their names."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ["  ".join(map(_cell, row, widths)).rstrip() for row in texts]


def _cell(text: str, width: int) -> str:
    padded = text.ljust(width)
    return click.style(padded, COLORS[text]) if text in COLORS else padded


def size(count: int) -> str:
    """Bytes with a unit, such as `1.5 GiB`."""
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    power = next((n for n in range(len(units)) if count < 1024 ** (n + 1)), len(units) - 1)
    return f"{count} B" if power == 0 else f"{count / 1024**power:.1f} {units[power]}"
