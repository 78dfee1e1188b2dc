"""Metrics of the autoscaler."""

import urllib.request
from urllib.error import HTTPError

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cdktf_dask.autoscaler.metrics import METRICS, Metrics, serve
from cdktf_dask.autoscaler.settings import Address


def test_the_page_is_valid():
    metrics = Metrics()
    metrics.set("wanted_nodes", 2, pool="cpu")
    metrics.set("unsatisfiable_tasks", 5, needs='A"\\=1')
    metrics.add("drains_total", pool="cpu", result="ended")
    metrics.add("drains_total", pool="cpu", result="ended")
    for seconds in (0.5, 2.0, 7.0, 1000.0):
        metrics.observe_drain(seconds)
    server = serve(metrics, Address("127.0.0.1", 0))
    try:
        page = f"http://127.0.0.1:{server.server_port}"
        with urllib.request.urlopen(f"{page}/metrics", timeout=10) as answer:
            found = {one.name: one for one in text_string_to_metric_families(answer.read().decode())}
        with pytest.raises(HTTPError, match="404"):
            urllib.request.urlopen(page, timeout=10)
    finally:
        server.shutdown()
        server.server_close()
    # The parser removes the end of counters' names.
    assert set(found) == {f"dask_autoscaler_{name.removesuffix('_total')}" for name in METRICS}
    samples = {
        (sample.name.removeprefix("dask_autoscaler_"), tuple(sample.labels.values())): sample.value
        for family in found.values()
        for sample in family.samples
    }
    assert samples[("wanted_nodes", ("cpu",))] == 2
    assert samples[("unsatisfiable_tasks", ('A"\\=1',))] == 5
    assert samples[("drains_total", ("cpu", "ended"))] == 2
    buckets = [samples[("drain_seconds_bucket", (bound,))] for bound in ("1.0", "2.0", "5.0", "10.0", "+Inf")]
    assert buckets == [1, 2, 2, 3, 4]
    assert (samples[("drain_seconds_sum", ())], samples[("drain_seconds_count", ())]) == (1009.5, 4)
