"""The service that writes the status page: facts of moto, a scheduler's page of metrics, and what fails."""

import json
from datetime import UTC, datetime

import pytest

from cdktf_dask.client.errors import ConnectError
from cdktf_dask.operations.facts import ClusterStatus, Node
from cdktf_dask.status_page import __main__ as service
from cdktf_dask.status_page.facts import NO_LIST, Facts
from cdktf_dask.status_page.writer import Writer
from doubles import served
from test_operations_aws import denying, prices
from test_operations_published import PAGE, Page

__all__ = ["denying", "prices"]

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9/metrics"


def facts(metrics: str = NOWHERE, price_list: bool = True) -> Facts:
    return Facts("production", "eu-central-1", metrics, price_list)


class TestFacts:
    def test_of_aws_and_of_the_scheduler(self, account):
        account.scheduler("production", None)
        [(_, host)] = account.pool("production", "cpu", (1, 4, 1), ["ready"])
        with served(Page(PAGE.replace("cpu--host", f"cpu--{host}"))) as url:
            found = facts(f"{url}/metrics").read()
        assert [(node.pool, node.state, node.workers) for node in found.nodes] == [
            ("scheduler", "ready", None),
            ("cpu", "ready", 2),
        ]
        assert (found.problems(), found.notes, found.usd_per_hour()) == ([], [], 0.24)

    def test_a_scheduler_that_does_not_answer(self, account):
        account.scheduler("production", None)
        found = facts().read()
        assert found.unreachable
        assert found.notes[0].startswith(f"workers are unknown: the scheduler does not answer at {NOWHERE} (")

    def test_a_scheduler_that_boots_is_not_asked(self, account):
        account.scheduler("production", None, state="")
        found = facts().read()
        assert (found.unreachable, found.notes) == (False, [])

    def test_a_network_without_a_route_asks_for_no_price(self, account, prices):
        account.scheduler("production", None, state="")
        found = facts(price_list=False).read()
        assert (found.notes, found.usd_per_hour()) == ([f"no prices: {NO_LIST}"], None)
        assert prices.requests == []

    def test_prices_are_asked_for_again_after_a_time(self, account, prices, monkeypatch):
        account.scheduler("production", None, state="")
        own = facts()
        assert own.read().usd_per_hour() == own.read().usd_per_hour() == 0.12
        assert len(prices.requests) == 1
        monkeypatch.setattr(own, "_prices_end", 0.0)
        assert own.read().usd_per_hour() == 0.12
        assert len(prices.requests) == 2

    def test_a_call_that_aws_denies_and_a_later_one_with_new_credentials(self, account, denying, monkeypatch):
        account.scheduler("production", None, state="")
        own = facts()
        own.read()
        with monkeypatch.context() as denied:
            denied.setattr(own._aws, "_clients", {})
            denying("EC2")
            with pytest.raises(
                ConnectError, match=r"AWS denies DescribeInstances \(User is not authorized\)"
            ):
                own.read()
        monkeypatch.delenv("AWS_ENDPOINT_URL_EC2")
        assert len(own.read().nodes) == 1


class Reading:
    """Stands for the facts: prepared answers in turn."""

    def __init__(self, *answers: ClusterStatus | ConnectError) -> None:
        self.answers = list(answers)

    def read(self) -> ClusterStatus:
        answer = self.answers.pop(0)
        if isinstance(answer, ConnectError):
            raise answer
        return answer


def healthy(hour: int = 12) -> ClusterStatus:
    node = Node("i-0", "scheduler", "ready")
    return ClusterStatus("production", "eu-central-1", [], [node], at=NOW.replace(hour=hour))


TIMEOUT = ConnectError("AWS cannot be reached (timeout)", "check region, network and proxy")


class TestWriter:
    def test_facts_that_cannot_be_read_leave_the_last_ones_marked_as_old(self, tmp_path, capsys):
        read = Reading(healthy(), TIMEOUT, TIMEOUT, healthy(13))
        writer = Writer(tmp_path, "production", read.read)
        found = []
        for _ in range(4):
            writer.write()
            document = json.loads((tmp_path / "status.json").read_text())
            page = (tmp_path / "index.html").read_text()
            found.append((document["at"], document["healthy"], document["failure"], 'class="old"' in page))
        assert found == [
            ("2026-11-26T12:00:00Z", True, None, False),
            ("2026-11-26T12:00:00Z", False, TIMEOUT.reason, True),
            ("2026-11-26T12:00:00Z", False, TIMEOUT.reason, True),
            ("2026-11-26T13:00:00Z", True, None, False),
        ]
        assert capsys.readouterr().out.splitlines() == [
            "the facts cannot be read: AWS cannot be reached (timeout)",
            "facts are read again",
        ]

    def test_without_any_facts_there_is_a_page_with_the_reason(self, tmp_path):
        Writer(tmp_path, "production", Reading(TIMEOUT).read).write()
        assert json.loads((tmp_path / "status.json").read_text()) == {
            "cluster": "production",
            "failure": TIMEOUT.reason,
            "healthy": False,
        }
        page = (tmp_path / "index.html").read_text()
        assert '<p class="failure">The facts cannot be read: AWS cannot be reached (timeout).</p>' in page

    def test_the_proxy_may_read_both_files_and_nothing_else_is_left(self, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        Writer(folder, "production", Reading(healthy()).read).write()
        modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
        assert modes == {"index.html": 0o644, "status.json": 0o644}


def test_the_service_writes_at_once_and_then_every_period(tmp_path, monkeypatch):
    settings = tmp_path / "node.env"
    settings.write_text("CLUSTER='production'\nHTTP_PORT='8788'\nPRICE_LIST='no'\n")
    monkeypatch.setenv("DASK_NODE_ENV", str(settings))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(service.Metadata, "region", lambda self: "eu-central-1")
    made, pauses = [], []

    def make(*arguments: object) -> Reading:
        made.append(arguments)
        return Reading(healthy(), healthy())

    monkeypatch.setattr(service, "Facts", make)

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(service.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        service.main()
    assert made == [("production", "eu-central-1", "http://127.0.0.1:8788/metrics", False)]
    assert [25 < pause <= service.PERIOD_SECONDS for pause in pauses] == [True, True]
    assert "REFRESH_SECONDS = 5;" in (tmp_path / "index.html").read_text()
