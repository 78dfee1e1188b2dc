"""What workers add to their heartbeats. NVML and UCX are doubles: they need a GPU and its driver."""

import logging
import os
import shutil
import sys
from ctypes import (
    Structure,
    Union,
    c_double,
    c_int,
    c_int64,
    c_longlong,
    c_uint,
    c_uint32,
    c_ulong,
    c_ulonglong,
)
from types import SimpleNamespace

import psutil
import pytest
from distributed.diagnostics import nvml

from cdktf_dask.preloads.extend_heartbeats import Readings


class Value(Union):
    """`c_nvmlValue_t` of NVML's binding."""

    _fields_ = (
        *(("dVal", c_double), ("uiVal", c_uint), ("ulVal", c_ulong), ("ullVal", c_ulonglong)),
        *(("sllVal", c_longlong), ("siVal", c_int)),
    )


class Field(Structure):
    """`c_nvmlFieldValue_t` of NVML's binding."""

    _fields_ = (
        *(("fieldId", c_uint32), ("scopeId", c_uint32), ("timestamp", c_int64), ("latencyUsec", c_int64)),
        *(("valueType", c_uint), ("nvmlReturn", c_uint), ("value", Value)),
    )


class Nvml:
    """Stands for NVML's binding on a node with a GPU: returns prepared values of fields."""

    NOT_SUPPORTED = 3

    def __init__(self, **values: tuple[int, str, float]):
        self.values = {int(number.removeprefix("field_")): value for number, value in values.items()}
        """Type, member of the union and value of each field that the GPU supports, by number."""
        self.asked: list[tuple[int, int]] = []

    def nvmlDeviceGetFieldValues(self, handle, fields):
        assert handle == "the GPU of the worker"
        self.asked = fields
        return [self.field(*each) for each in fields]

    def field(self, number: int, scope: int) -> Field:
        found = Field(fieldId=number, scopeId=scope, nvmlReturn=self.NOT_SUPPORTED)
        if number in self.values:
            kind, member, value = self.values[number]
            found.valueType, found.nvmlReturn = kind, 0
            setattr(found.value, member, value)
        return found


@pytest.fixture
def worker(tmp_path):
    """Stands for a worker that can spill, over TCP."""
    spilled = {("disk-write", "bytes"): 70.0, ("disk-write", "seconds"): 0.1, ("disk-read", "bytes"): 30.0}
    data = SimpleNamespace(cumulative_metrics=spilled)
    return SimpleNamespace(local_directory=str(tmp_path), data=data, address="tls://10.20.0.17:9000")


def with_gpu(monkeypatch, library) -> None:
    monkeypatch.setattr(nvml, "device_get_count", lambda: 1)
    monkeypatch.setattr(nvml, "_pynvml_handles", lambda: "the GPU of the worker")
    monkeypatch.setattr(nvml, "pynvml", library)


def test_a_cpu_worker_reports_its_disk_its_spilling_and_the_kernel_and_network_of_its_node(worker):
    before = psutil.net_io_counters()
    found = Readings()(worker)
    after = psutil.net_io_counters()
    assert sorted(found) == ["network", "oom_kills", "scratch", "spill"]
    assert found["scratch"]["total"] == shutil.disk_usage(worker.local_directory).total
    assert 0 < found["scratch"]["free"] <= found["scratch"]["total"]
    assert found["spill"] == {"disk-read": 30, "disk-write": 70}
    assert before.bytes_recv <= found["network"]["receive"] <= after.bytes_recv
    assert before.bytes_sent <= found["network"]["transmit"] <= after.bytes_sent
    with open("/proc/vmstat", encoding="ascii") as lines:
        kills = dict(line.split() for line in lines)["oom_kill"]
    assert found["oom_kills"] == int(kills)


def test_a_worker_that_does_not_spill_reports_no_spilling(worker):
    worker.data = {}
    assert "spill" not in Readings()(worker)


def test_a_gpu_worker_reports_nvlink_in_bytes_and_pci_express(worker, monkeypatch):
    library = Nvml(
        field_138=(3, "ullVal", 5),
        field_139=(3, "ullVal", 6),
        field_197=(1, "uiVal", 7),
        field_198=(4, "sllVal", 8),
    )
    with_gpu(monkeypatch, library)
    assert Readings()(worker)["gpu"] == {
        "nvlink": {"transmit": 5 * 1024, "receive": 6 * 1024},
        "pcie": {"transmit": 7, "receive": 8},
    }
    all_links = 0xFFFFFFFF
    assert library.asked == [(138, all_links), (139, all_links), (197, 0), (198, 0)]


def test_what_a_gpu_does_not_count_is_absent(worker, monkeypatch):
    with_gpu(monkeypatch, Nvml(field_198=(3, "ullVal", 8)))
    assert Readings()(worker)["gpu"] == {"pcie": {"receive": 8}}
    with_gpu(monkeypatch, Nvml())
    assert Readings()(worker)["gpu"] == {}


def test_a_worker_with_ucx_reports_its_transports(worker, monkeypatch):
    worker.address = "ucx://10.20.0.17:9000"
    library = SimpleNamespace(get_active_transports=lambda: {"tcp", "cuda_ipc"})
    monkeypatch.setitem(sys.modules, "ucxx", library)
    assert Readings()(worker)["ucx_transports"] == ["cuda_ipc", "tcp"]


def test_a_reading_that_fails_is_logged_once_and_the_others_remain(worker, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "psutil", None)
    worker.local_directory = os.path.join(worker.local_directory, "missing")
    readings = Readings()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert sorted(readings(worker)) == ["oom_kills", "spill"]
    assert [record.getMessage() for record in caplog.records] == [
        f"heartbeats are without scratch: [Errno 2] No such file or directory: '{worker.local_directory}'",
        "heartbeats are without network: import of psutil halted; None in sys.modules",
    ]
