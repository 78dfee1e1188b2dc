"""A local cluster with elastic pools: a real supervisor with scheduler, workers and autoscaler."""

import json
import os
import shutil
import signal
import sys
import tempfile
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from cdktf_dask.autoscaler.capacity.local import LocalCapacity
from cdktf_dask.client.tunnel import free_port
from cdktf_dask.operations.supervisor import Supervisor
from cluster import ENVIRONMENT, REPOSITORY, SOURCES, end
from supervised import start_supervisor

PRELOADS = ("drain_workers", "count_demand", "serve_autoscaling", "balance_pools")

PROGRAM = """\
[program:{name}]
command={command}
directory={root}
autostart={autostart}
autorestart=true
startsecs=1
stopwaitsecs=12
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={root}/logs/{name}.log
"""

AUTOSCALER, SCHEDULER = "dask-autoscaler", "dask-scheduler"


class ElasticCluster:
    """Pools `cpu` and `gpu`, which are empty at rest.

    Workers of `gpu` stand for those of GPUs: they only offer the resource.
    """

    def __init__(self, idle: float, target: float, sizes: dict[str, int]) -> None:
        self.sizes = sizes
        (REPOSITORY / ".test").mkdir(exist_ok=True)
        self.root = Path(tempfile.mkdtemp(prefix="elastic-", dir=REPOSITORY / ".test"))
        (self.root / "logs").mkdir()
        scheduler, self.dashboard, self.metrics_port = free_port(), free_port(), free_port()
        self.address = f"tcp://127.0.0.1:{scheduler}"
        self.capacity = LocalCapacity(self.root)
        pools = [
            {
                "name": pool,
                "offers": {pool.upper(): 1},
                "workers": 1,
                "threads": 1,
                "minSize": 0,
                "maxSize": size,
                "idleTimeout": idle,
                "targetDuration": target,
                "drainTimeout": 60,
                "usdPerHour": None,
                "gpu": pool == "gpu",
            }
            for pool, size in sizes.items()
        ]
        settings = {
            "cluster": "local",
            "scheduler": f"http://127.0.0.1:{self.dashboard}",
            "metrics": f"127.0.0.1:{self.metrics_port}",
            "capacity": {"kind": "local", "socket": str(self.root / "supervisor.sock")},
            "limits": {"maxNodes": None, "maxHourlyCost": None},
            "keepResults": None,
            "hungAfter": None,
            "onHung": "report",
            "pools": pools,
            "schedulerUsdPerHour": None,
        }
        (self.root / "autoscaler.json").write_text(json.dumps(settings))
        self.programs = self._programs(scheduler)

    def _programs(self, scheduler: int) -> str:
        dask = f"{sys.executable} -m distributed.cli"
        folder = SOURCES / "cdktf_dask" / "preloads"
        found = (folder / f"{name}.py" for name in PRELOADS)
        preloads = " ".join(f"--preload {file}" for file in found if file.exists())
        commands = {
            SCHEDULER: f"{dask}.dask_scheduler --host 127.0.0.1 --port {scheduler} "
            f"--dashboard-address 127.0.0.1:{self.dashboard} {preloads}",
            AUTOSCALER: f"{sys.executable} -m cdktf_dask.autoscaler {self.root}/autoscaler.json",
        }
        nodes = {
            name: f"{dask}.dask_worker {self.address} --name {name} --nthreads 1 --memory-limit 500MiB "
            f"--resources {pool.upper()}=1 --local-directory {self.root}/scratch --no-dashboard "
            "--host 127.0.0.1"
            for pool, size in self.sizes.items()
            for name in (f"{pool}--local-{number}" for number in range(size))
        }
        programs = [
            PROGRAM.format(name=name, command=command, root=self.root, autostart=name in commands)
            for name, command in (commands | nodes).items()
        ]
        return "".join(programs)

    def __enter__(self) -> "ElasticCluster":
        environment = {
            "PYTHONPATH": str(SOURCES),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DASK_CONFIG": str(self.root),
        }
        self.process = start_supervisor(self.root, self.programs, ENVIRONMENT | environment)
        return self

    def __exit__(self, *_: object) -> None:
        end(self.process)
        shutil.rmtree(self.root)

    def asked(self, pool: str) -> int:
        """Programs of a pool that run or start."""
        return self.capacity.state()[pool].desired

    def kill(self, name: str) -> None:
        """Kill a program, the scheduler or the autoscaler; the supervisor starts it again."""
        for program in Supervisor(self.root).programs():
            if program["name"] == name and program["pid"]:
                os.kill(program["pid"], signal.SIGKILL)

    def log(self) -> str:
        """What the autoscaler logged."""
        return (self.root / "logs" / f"{AUTOSCALER}.log").read_text()

    def metrics(self) -> dict[tuple[str, ...], float]:
        """Metrics of the autoscaler, by name without prefix and values of labels; none if it does not run."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=2) as page:
                families = list(text_string_to_metric_families(page.read().decode()))
        except OSError:
            return {}
        return {
            (sample.name.removeprefix("dask_autoscaler_"), *sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        }
