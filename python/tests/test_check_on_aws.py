"""The load of `docs/check-on-aws.md`, on a cluster on this computer."""

import re

from distributed import Client

import cdktf_dask
from cluster import REPOSITORY, SOURCES, Cluster

PROGRAM = re.compile(r"```python\n(from collections.*?)```", re.DOTALL)


def test_the_load_counts_tasks_that_start_twice(monkeypatch, capsys):
    found = PROGRAM.search((REPOSITORY / "docs/check-on-aws.md").read_text())
    assert found
    program = found[1].replace("TASKS, SECONDS = 500, 4.0", "TASKS, SECONDS = 40, 0.2")
    assert "40, 0.2" in program
    preload = SOURCES / "cdktf_dask" / "preloads" / "drain_workers.py"
    with Cluster("--preload", str(preload)) as cluster:
        workers = [cluster.worker(name, "CPU=1", "--nthreads", "1") for name in ("cpu--a", "cpu--b")]
        monkeypatch.setattr(cdktf_dask, "connect", lambda _: Client(cluster.address, timeout=60))
        names: dict = {}
        exec(program, names)
        assert capsys.readouterr().out == "40 tasks, 0 of them again\n"
        # Its results were on one worker only: without a drain, half of them are computed again.
        workers[0].kill()
        names["client"].gather(names["tasks"])
        exec(program[program.index("starts =") :], names)
        names["client"].close()
    tasks, again = re.findall(r"\d+", capsys.readouterr().out)
    assert tasks == "40"
    assert int(again) >= 10
