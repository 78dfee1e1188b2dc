"""Tables and sizes for people."""

from collections.abc import Sequence


def table(*rows: Sequence[object]) -> list[str]:
    """Lines with aligned columns; the first row has their names."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in texts]


def size(count: int) -> str:
    """Bytes with a unit, such as `1.5 GiB`."""
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    power = next((n for n in range(len(units)) if count < 1024 ** (n + 1)), len(units) - 1)
    return f"{count} B" if power == 0 else f"{count / 1024**power:.1f} {units[power]}"
