"""Measures how fast data moves between two workers, and between a client and the cluster: plain, and by each
way of TLS.

    transfers.py ROUNDS NODE.pem CLIENT.pem > measured.json

Each way is measured beside a plain cluster, in turns, size by size: a scheduler and two worker processes on
127.0.0.1 each. The data are random bytes, which compression cannot make smaller.
"""

import json
import sys
from contextlib import ExitStack
from statistics import median
from time import perf_counter, process_time

import numpy
from distributed import Client, Security
from ways import DEFAULT, PLAIN, WAYS, Way

from cluster import REPOSITORY, Cluster

SIZES = {1_000: 60, 100_000: 40, 1_000_000: 20, 100_000_000: 3}
"""Bytes of a message, and how often it is sent for one figure, which is the median."""

WARM_UP = 100_000


def main(rounds: int, node: str, client: str) -> None:
    """Measure all ways in turns; progress on stderr, every figure as JSON on stdout."""
    figures = []
    for turn in range(rounds):
        for name, way in WAYS.items():
            with ExitStack() as stack:
                clusters = [stack.enter_context(started(each, node)) for each in (PLAIN, way)]
                plain, tls = (
                    stack.enter_context(connected(cluster, each, client))
                    for cluster, each in zip(clusters, (PLAIN, way), strict=True)
                )
                for each in (plain, tls):
                    measure(each, WARM_UP, 5)
                for size, times in SIZES.items():
                    pair = {"plain": measure(plain, size, times), "tls": measure(tls, size, times)}
                    figures.append({"way": name, "round": turn, "size": size} | pair)
                print(f"round {turn + 1} of {rounds}: {name}, {cipher(tls)}", file=sys.stderr, flush=True)
    json.dump({"default": DEFAULT, "figures": figures}, sys.stdout)


def started(way: Way, node: str) -> Cluster:
    """A cluster with the machines' own TLS settings, but for what the way changes."""
    cluster = Cluster(*(["--protocol", "tls"] if way.tls else []))
    config = cluster.directory / "config"
    config.mkdir()
    if way.tls:
        reload = REPOSITORY / "python/src/cdktf_dask/preloads/reload_certificates.py"
        template = (REPOSITORY / "cloud-init/dask/tls.yaml").read_text()
        for name, value in {"PEM": node, "NANNY_PRELOADS": f"[{reload}]"}.items():
            template = template.replace("{{" + name + "}}", value)
        (config / "tls.yaml").write_text(template)
    # Dask reads the files by name, and a later one comes before an earlier one.
    (config / "way.yaml").write_text(json.dumps(way.dask()))
    if way.suites:
        (config / "openssl.cnf").write_text(way.openssl())
        cluster.environment["OPENSSL_CONF"] = str(config / "openssl.cnf")
    return cluster


def connected(cluster: Cluster, way: Way, pem: str) -> Client:
    """A client, once both workers are there."""
    for name in ("cpu--first", "cpu--second"):
        cluster.worker(name, "CPU=1")
    holder = {"tls_ca_file": pem, "tls_client_cert": pem, "tls_client_key": pem, "require_encryption": True}
    # Of versions and ciphers, a client takes what the scheduler takes.
    return Client(cluster.address, security=Security(**holder) if way.tls else None)


def measure(client: Client, size: int, times: int) -> dict[str, float]:
    """Seconds of one transfer, by what it is; `processor` is what one between workers costs both of them."""
    first, second = sorted(client.scheduler_info(n_workers=-1)["workers"])
    data = numpy.random.default_rng().integers(0, 256, size, numpy.uint8)
    scattered, gathered = [], []
    for _ in range(times):
        start = perf_counter()
        future = client.scatter(data, workers=[first], hash=False)
        there = perf_counter()
        assert client.gather(future).nbytes == size
        gathered.append(perf_counter() - there)
        scattered.append(there - start)
    before = sum(client.run(process_time).values())
    fetched = client.run(fetch, future.key, first, times, workers=[second])[second]
    processor = (sum(client.run(process_time).values()) - before) / times
    return {
        "worker to worker": median(fetched),
        "processor": processor,
        "scatter": median(scattered),
        "gather": median(gathered),
    }


async def fetch(key: str, source: str, times: int, dask_worker=None) -> list[float]:
    """Runs in a worker: gets a key from another one as a task's argument is got, and throws it away."""
    from time import perf_counter

    from distributed.worker import get_data_from_worker

    seconds = []
    for _ in range(times):
        start = perf_counter()
        answer = await get_data_from_worker(dask_worker.rpc, [key], source, who=dask_worker.address)
        seconds.append(perf_counter() - start)
        assert key in answer["data"], answer["status"]
    return seconds


def cipher(client: Client) -> str:
    """What two workers have agreed on."""

    async def agreed(peer: str, dask_worker=None) -> str:
        comm = await dask_worker.rpc.connect(peer)
        try:
            suite, version, _ = comm.extra_info.get("cipher", ("nothing", "TLS", 0))
            return f"{version} {suite}"
        finally:
            dask_worker.rpc.reuse(peer, comm)

    first, second = sorted(client.scheduler_info(n_workers=-1)["workers"])
    return client.run(agreed, first, workers=[second])[second]


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
