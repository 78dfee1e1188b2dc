"""Counts words in texts. Stands for a package of your own."""

from collections import Counter
from collections.abc import Iterable

from more_itertools import flatten


def count(lines: Iterable[str]) -> Counter[str]:
    """Count the words of lines; upper and lower case are the same."""
    return Counter(flatten(line.lower().split() for line in lines))
