"""The metrics of a page in Prometheus' text format, read by the parser of its client library."""

from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Samples = dict[tuple[str, Labels], float]


def samples(page: str) -> Samples:
    """Value of each series by its name and labels. Raises `ValueError` for a page that cannot be read."""
    found: Samples = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            series = (sample.name, frozenset(sample.labels.items()))
            assert series not in found, f"{series} is on the page twice"
            found[series] = sample.value
    return found


def series(name: str, /, **labels: str) -> tuple[str, Labels]:
    """Key of a series in `samples`."""
    return name, frozenset(labels.items())


def scrape(port: int, seconds: float = 30) -> Samples:
    """The metrics that a process on this host publishes."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=seconds) as answer:
        return samples(answer.read().decode())
