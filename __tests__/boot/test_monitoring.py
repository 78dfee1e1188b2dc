"""Prometheus and Alertmanager on the scheduler's node, also without a network."""

import json
import time

import pytest
from rig.network import DOUBLES
from test_logs import wait_for_event
from test_security import request_dashboard, sockets

TOPIC = "dask-rig--alerts"
API = "http://127.0.0.1:9090/prometheus/api/v1"

#: Alertmanager waits 30 s for more alerts of a group, and then up to 60 s between attempts.
SENT_SECONDS = 150

#: Prometheus scrapes every 15 s.
SCRAPED_SECONDS = 60

STORAGE = "/var/lib/private/dask-prometheus"


def ask(node, path: str):
    """Answer of Prometheus' API."""
    return json.loads(node.run(f"curl --silent --show-error --fail '{API}/{path}'"))["data"]


def value_of(node, query: str) -> float | None:
    """Value of a query with one series; None without a series."""
    result = ask(node, f"query?query={query}")["result"]
    return float(result[0]["value"][1]) if result else None


def wait_until(seconds: float, what: str, holds) -> None:
    """Wait until a function returns something true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"timeout after {seconds} s: {what}"
        time.sleep(1)


@pytest.fixture(scope="module")
def user(rig) -> tuple[str, str]:
    """Options of curl with the password of the dashboard."""
    return ("--user", f"dask:{rig.aws.get_secret('/dask/rig/dashboard')}")


def test_prometheus_is_behind_the_proxy_with_its_password(cluster, user):
    client = cluster.client
    for path in ("consoles/dask.html", "api/v1/query?query=up", "-/ready"):
        assert request_dashboard(client, f"/prometheus/{path}")[0] == 401
    status, headers = request_dashboard(client, "/prometheus/", *user)
    assert status == 302
    assert "location: https://scheduler.rig.internal:8787/prometheus/consoles/dask.html" in headers.lower()
    for path in ("consoles/dask.html", "api/v1/query?query=up", "-/ready"):
        assert request_dashboard(client, f"/prometheus/{path}", *user)[0] == 200
    posted = ("--request", "POST", "--data", "query=up")
    assert request_dashboard(client, "/prometheus/api/v1/query", *user, *posted)[0] == 403


def test_both_listen_on_the_loopback_interface_only(scheduler):
    listening = [one for one in sockets(scheduler) if one.endswith((":9090", ":9093", ":9094"))]
    assert sorted(listening) == ["127.0.0.1:9090", "127.0.0.1:9093"]


def test_the_services_of_the_distribution_are_masked(scheduler):
    for unit in ("prometheus", "prometheus-alertmanager"):
        assert scheduler.attempt(f"systemctl is-enabled {unit}").stdout.strip() == "masked"


def targets(node, key: str) -> dict[str, str]:
    """What is known of each target, by its job."""
    return {one["labels"]["job"]: one[key] for one in ask(node, "targets")["activeTargets"]}


def test_scheduler_and_autoscaler_are_the_targets(scheduler):
    assert targets(scheduler, "scrapeUrl") == {
        "dask-scheduler": "http://127.0.0.1:8788/metrics",
        "dask-autoscaler": "http://127.0.0.1:8791/metrics",
    }
    wait_until(SCRAPED_SECONDS, "up", lambda: targets(scheduler, "health")["dask-scheduler"] == "up")
    wait_until(SCRAPED_SECONDS, "workers", lambda: value_of(scheduler, "dask:cluster:workers") == 3)


def test_the_rules_are_loaded_and_alertmanager_is_known(scheduler):
    groups = ask(scheduler, "rules")["groups"]
    assert {group["name"]: len(group["rules"]) for group in groups} == {"dask": 23, "autoscaler": 5}
    assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}
    [alertmanager] = ask(scheduler, "alertmanagers")["activeAlertmanagers"]
    assert alertmanager["url"] == "http://127.0.0.1:9093/api/v2/alerts"


def test_both_need_little_memory_and_may_not_use_more(scheduler):
    for unit, limit in (("dask-prometheus", 512), ("dask-alertmanager", 128)):
        shown = scheduler.run(f"systemctl show {unit} --property MemoryMax --value")
        assert int(shown) == limit * 2**20
    pids = "$(systemctl show dask-prometheus dask-alertmanager --property MainPID --value)"
    resident = scheduler.run(f"ps -o rss= -p $(echo {pids} | tr ' ' ,)").split()
    assert sum(map(int, resident)) < 200 * 1024


ALERT = json.dumps(
    [
        {
            "labels": {"alertname": "DaskTest", "severity": "critical", "cluster": "rig"},
            "annotations": {"summary": "A test", "action": "Do nothing"},
            "generatorURL": "https://scheduler.rig.internal:8787/prometheus/graph",
        }
    ]
)


def test_alerts_reach_the_topic_after_a_time_without_a_network_in_which_prometheus_goes_on(rig, scheduler):
    topic = rig.aws.call("sns", "create_topic", Name=TOPIC)["TopicArn"]
    assert topic in scheduler.run("cat /etc/dask-monitoring/alertmanager.yml")
    route = f"unreachable {DOUBLES['aws']}/32"
    rig.namespaces.shell(f"ip -n {scheduler.instance} route add {route}")
    try:
        scheduler.run(
            "curl --silent --show-error --fail --header 'Content-Type: application/json' "
            f"--data '{ALERT}' http://127.0.0.1:9093/api/v2/alerts"
        )
        retrying = "journalctl --unit dask-alertmanager --output cat | grep 'will retry'"
        scheduler.wait_for(retrying, SENT_SECONDS, "a failed attempt in the log")
        before = value_of(scheduler, "timestamp(up)")
        wait_until(SCRAPED_SECONDS, "another scrape", lambda: value_of(scheduler, "timestamp(up)") > before)
        assert sent(rig, scheduler) == []
    finally:
        rig.namespaces.shell(f"ip -n {scheduler.instance} route delete {route}")
    wait_until(SENT_SECONDS, "the alert in the topic", lambda: sent(rig, scheduler))
    [call] = sent(rig, scheduler)
    assert call["status"] == 200
    assert call["parameters"]["TopicArn"] == topic
    assert call["parameters"]["Subject"] == "FIRING: DaskTest of Dask cluster rig"
    assert "A test.\nDo nothing.\n" in call["parameters"]["Message"]
    assert "https://scheduler.rig.internal:8787/prometheus/graph" in call["parameters"]["Message"]


def sent(rig, node) -> list[dict]:
    """Published messages about the alert of this test."""
    return [
        call for call in rig.calls_of(node, "Publish") if "DaskTest" in call["parameters"].get("Subject", "")
    ]


def test_a_full_disk_stops_neither_the_scheduler_nor_its_logs(rig, scheduler):
    running = scheduler.run("systemctl show dask-scheduler --property MainPID,NRestarts")
    ready = "curl --silent --fail http://127.0.0.1:9090/prometheus/-/ready"
    scheduler.run(f"systemctl stop dask-prometheus && mount -t tmpfs -o size=16m tmpfs {STORAGE}")
    try:
        scheduler.run(f"dd if=/dev/zero of={STORAGE}/full bs=1k 2>/dev/null; df {STORAGE} | grep '100%'")
        # Without space, it does not start; with space, systemd starts it again. __tests__/monitoring tests a
        # disk that fills up while it runs: on a node, the next samples may fit for minutes.
        scheduler.attempt("systemctl start dask-prometheus")
        assert scheduler.run("systemctl show dask-scheduler --property MainPID,NRestarts") == running
        assert scheduler.run("curl --silent --fail http://127.0.0.1:8788/health") == "ok"
        stream, unit = f"scheduler/{scheduler.instance}", {"unit": "dask-prometheus.service"}
        wait_for_event(
            rig, stream, unit, "no space left on device: /var/lib/dask-prometheus has less than 8 MiB"
        )
        scheduler.run(f"rm {STORAGE}/full")
        scheduler.wait_for(ready, SCRAPED_SECONDS)
    finally:
        scheduler.run(
            f"systemctl stop dask-prometheus && umount {STORAGE} && systemctl start dask-prometheus"
        )
