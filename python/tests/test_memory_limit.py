"""What Dask makes of the `--memory-limit` that the library gives to workers."""

import logging

import pytest
from distributed import system
from distributed.worker_memory import parse_memory_limit

from library import evaluate

GIB = 1024**3

LIMIT = """
const { defineCluster } = load("config/define");
const { nodeContext } = load("node/node-context");
const { workerService } = load("node/services");
const pools = [{ name: "p", kind: "cpu", ...given }];
const cluster = defineCluster({ name: "c", network: { adminSubnets: ["10.0.0.0/8"] }, pools });
const { argv } = workerService(cluster, cluster.pools[0], nodeContext(cluster));
return argv[argv.indexOf("--memory-limit") + 1];
"""


@pytest.fixture
def limit_of(monkeypatch, caplog):
    """Bytes of each worker process, None without a limit, and no warning of Dask."""

    def limit(pool: dict, *, threads: int, cpus: int = 8, memory: int = 32 * GIB) -> int | None:
        monkeypatch.setattr(system, "MEMORY_LIMIT", memory)
        found = parse_memory_limit(evaluate(LIMIT, pool), threads, cpus, logger=logging.getLogger())
        assert caplog.messages == []
        return found

    return limit


@pytest.mark.parametrize(
    ("processes", "threads", "gib"),
    [(1, None, 32), (1, 1, 32), (1, 16, 32), (2, 2, 16), (4, 8, 8), (4, None, 8), (16, None, 2)],
)
def test_processes_share_the_memory_equally_by_default(limit_of, processes, threads, gib):
    pool = {"processes": processes} | ({"threads": threads} if threads else {})
    assert limit_of(pool, threads=threads or max(1, 8 // processes)) == gib * GIB


@pytest.mark.parametrize("processes", [3, 5, 7, 11, 49])
def test_the_limits_of_all_processes_add_up_to_all_memory(limit_of, processes):
    limit = limit_of({"processes": processes, "threads": 1}, threads=1)
    assert 32 * GIB - 1000 * processes < limit * processes <= 32 * GIB


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("25%", 8 * GIB), (0.25, 8 * GIB), ("6GiB", 6 * GIB), (0, None), ("0", None), (False, None)],
)
def test_a_limit_of_the_user_is_for_each_process(limit_of, limit, expected):
    assert limit_of({"processes": 2, "threads": 1, "memoryLimit": limit}, threads=1) == expected


def test_the_process_of_each_gpu_has_an_equal_share_with_any_number_of_threads(limit_of):
    # dask_cuda.cuda_worker passes one thread, and the number of GPUs as the number of cores.
    node = {"cpus": 4, "threads": 1, "memory": 192 * GIB}
    gpus = {"kind": "gpu", "instanceTypes": ["g6.12xlarge"], "threads": 6}
    assert limit_of(gpus, **node) == 48 * GIB
    assert limit_of(gpus | {"memoryLimit": "20%"}, **node) == int(0.2 * 192 * GIB)
