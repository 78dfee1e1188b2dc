"""The status page: exact texts, hostile texts, facts that are old or missing."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from cdktf_dask.operations.facts import ClusterStatus, Node, Pool
from cdktf_dask.operations.page import STALE_SECONDS, page

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
GIB = 2**30

SCHEDULER = Node("i-0", "scheduler", "ready", started=NOW - timedelta(days=3), instance_type="m7i.large")
WORKER = Node(
    *("i-1", "gpu", "ready"),
    started=NOW - timedelta(hours=5),
    instance_type="g5.12xlarge",
    spot=True,
    workers=4,
    memory=61 * GIB,
    memory_limit=170 * GIB,
    tasks={"executing": 4, "memory": 120},
    usd_per_hour=1.234567,
)
FAILED = Node(
    "i-2", "gpu", "failed", reason="step cuda-nvidia failed: no driver", instance_type="g5.12xlarge"
)
POOL = Pool("gpu", 0, 4, 1)


def status(*nodes: Node, notes: tuple[str, ...] = ()) -> ClusterStatus:
    return ClusterStatus("production", "eu-central-1", [POOL], list(nodes), list(notes), at=NOW)


class Reader(HTMLParser):
    """Texts of the page by element, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.path: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.starts: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.starts.append((tag, dict(attrs)))
        self.path.append(tag)

    def handle_endtag(self, tag) -> None:
        while self.path and self.path.pop() != tag:
            pass

    def handle_data(self, data) -> None:
        if data.strip() and self.path:
            self.texts.append((self.path[-1], data.strip()))

    def of(self, *tags: str) -> list[str]:
        return [text for tag, text in self.texts if tag in tags]


def main_of(reader: Reader) -> dict[str, str | None]:
    [attributes] = [attributes for tag, attributes in reader.starts if tag == "main"]
    return attributes


def test_the_page_of_a_cluster_with_a_failed_node():
    read = Reader(page("production", status(SCHEDULER, WORKER, FAILED, notes=("no prices: because",))))
    assert read.of("h1", "title") == ["production: status of the Dask cluster", "production"]
    assert main_of(read) == {"class": "", "data-at": "2026-11-26T12:00:00Z"}
    assert read.of("th") == [
        *("POOL", "NODE", "STATE", "AGE", "TYPE", "SPOT", "WORKERS", "MEMORY GiB", "TASKS", "USD/h"),
    ]
    assert read.of("td") == [
        *("scheduler", "i-0", "ready", "3 d", "m7i.large", "no", "–", "–", "–", "–"),
        *("gpu", "i-1", "ready", "5 h", "g5.12xlarge", "yes", "4", "61.0 of 170.0"),
        *("4 executing, 120 memory", "1.235"),
        *("gpu", "i-2", "failed", "–", "g5.12xlarge", "no", "–", "–", "–", "–"),
    ]
    assert read.of("p") == ["facts of 2026-11-26 12:00:00 UTC", "production is not healthy"]
    assert read.of("h2") == ["Problems", "What could not be found out", "Size and price"]
    assert read.of("li") == [
        "gpu i-2 failed: step cuda-nvidia failed: no driver",
        "no prices: because",
        "pool gpu: 1 nodes wanted, 0 to 4 possible",
    ]
    states = [attributes["class"] for tag, attributes in read.starts if tag == "td" and "class" in attributes]
    assert states == ["ready", "ready", "failed"]


def test_the_verdict_of_a_healthy_cluster_is_good_and_of_others_bad():
    def verdict(known: ClusterStatus) -> str:
        return re.search(r'<p class="(verdict \w+)">(.*)</p>', page("production", known)).group(0)

    healthy = status(SCHEDULER, WORKER)
    assert verdict(healthy) == '<p class="verdict good">production is healthy</p>'
    assert verdict(status(WORKER)) == '<p class="verdict bad">production is not healthy</p>'
    healthy.unreachable = True
    assert verdict(healthy) == '<p class="verdict bad">the workers of production are unknown</p>'


HOSTILE = "<script>alert(1)</script>\"'&{{CLUSTER}}</main>"


def test_no_text_of_the_facts_is_read_as_html_or_as_the_name_of_a_value():
    node = Node(
        *(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        instance_type=HOSTILE,
        workers=1,
        tasks={HOSTILE: 1},
    )
    known = ClusterStatus(HOSTILE, HOSTILE, [Pool(HOSTILE, 0, 1, 1, HOSTILE)], [node], [HOSTILE], at=NOW)
    text = page(HOSTILE, known, HOSTILE)
    read = Reader(text)
    assert [tag for tag, _ in read.starts].count("script") == 1
    assert text.count("</main>") == 1
    assert read.of("td")[:3] == [HOSTILE] * 3
    assert read.of("h1") == [HOSTILE]
    assert read.of("p")[:2] == [
        "facts of 2026-11-26 12:00:00 UTC",
        f"The facts cannot be read: {HOSTILE}.",
    ]
    [state] = [
        attributes["class"] for tag, attributes in read.starts if tag == "td" and "class" in attributes
    ]
    assert state == HOSTILE


def test_facts_after_which_nothing_could_be_read_are_out_of_date_from_the_start():
    read = Reader(page("production", status(SCHEDULER, WORKER), "AWS cannot be reached (timeout)"))
    assert main_of(read) == {"class": "old", "data-at": "2026-11-26T12:00:00Z"}
    assert read.of("p") == [
        "facts of 2026-11-26 12:00:00 UTC",
        "The facts cannot be read: AWS cannot be reached (timeout).",
        "production is healthy",
    ]


def test_without_any_facts_the_page_has_the_reason_only():
    read = Reader(page("production", None, "AWS denies DescribeInstances (no)"))
    assert main_of(read) == {"class": "old", "data-at": ""}
    assert read.of("p") == ["no facts yet", "The facts cannot be read: AWS denies DescribeInstances (no)."]
    assert read.of("td", "th", "li", "h2") == []


@pytest.mark.parametrize(
    ("seconds", "refreshes"), [(0, []), (10, [{"http-equiv": "refresh", "content": "10"}])]
)
def test_a_served_page_is_loaded_again_also_without_scripts(seconds, refreshes):
    text = page("production", status(SCHEDULER), refresh_seconds=seconds)
    found = [attributes for tag, attributes in Reader(text).starts if "http-equiv" in attributes]
    assert found == refreshes
    assert f"STALE_SECONDS = {STALE_SECONDS}, REFRESH_SECONDS = {seconds};" in text


def test_the_page_names_no_other_host():
    assert not re.search(r"(https?:)?//\w", page("production", status(SCHEDULER, WORKER, FAILED)))
