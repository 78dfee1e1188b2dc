"""Scenarios of the autoscaler in virtual time. The tests check their numbers, the benchmark prints them."""

import random
import time
from dataclasses import replace

from autoscaler_simulation import Simulation
from cdktf_dask.autoscaler.decide import decide
from cdktf_dask.autoscaler.model import Capacity, Demand, Limits, Node, Pool

CPU_NEEDS, GPU_NEEDS = (("CPU", 1.0),), (("GPU", 1.0),)
CPU = Pool("cpu", {"CPU": 8}, threads=8, max_size=10, usd_per_hour=0.4)
GPU = Pool("gpu", {"GPU": 1}, max_size=4, usd_per_hour=3.0, gpu=True)
SPOT = replace(GPU, name="spot", usd_per_hour=1.0)
HOUR = 3600.0


def on_and_off(period):
    """640 tasks of 5 s every `period` seconds for two hours."""
    run = Simulation(CPU, GPU)
    return run.run(2 * HOUR, lambda now: run.submit(CPU_NEEDS, 640, 5.0) if now % period == 0 else None)


def three_short_tasks():
    """Three tasks of 2 s."""
    run = Simulation(CPU, GPU)
    run.submit(CPU_NEEDS, 3, 2.0)
    return run.run(900)


def one_task_a_minute():
    """A task of 5 s every minute for two hours."""
    run = Simulation(CPU, GPU)
    return run.run(2 * HOUR, lambda now: run.submit(CPU_NEEDS, 1, 5.0) if now % 60 == 0 else None)


def burst():
    """10,000 tasks of 1 s on a cluster without nodes."""
    run = Simulation(CPU, GPU)
    run.submit(CPU_NEEDS, 10_000, 1.0)
    return run.run(1200)


def noisy_burst(seed=0):
    """The same, with an idle time of 10 s, and durations measured up to ten times too short or too long.

    Such an error lasts for 15 s, as on a computer that is busy with something else.
    """
    eager = replace(CPU, idle_timeout=10.0, target_duration=60.0)
    errors = [10 ** random.Random(f"{seed} {number}").uniform(-1, 1) for number in range(100)]
    run = Simulation(eager, GPU, measured=lambda seconds, now: seconds * errors[int(now // 15)])
    run.submit(CPU_NEEDS, 10_000, 1.0)
    return run.run(400)


def no_capacity():
    """8 GPU tasks of 60 s while the first of two pools gets no nodes."""
    run = Simulation(SPOT, GPU, no_capacity=["spot"])
    run.submit(GPU_NEEDS, 8, 60.0)
    return run.run(1000)


def failing_launches():
    """A GPU task whose nodes always end before they join, for two hours."""
    run = Simulation(GPU, broken=["gpu"])
    run.submit(GPU_NEEDS, 1, 60.0)
    return run.run(2 * HOUR)


def throttled():
    """Work that comes while the provider refuses changes for 10 minutes."""
    run = Simulation(CPU, GPU, limits=Limits(max_nodes=6, max_hourly_cost=10.0), refuses=(60.0, 660.0))

    def feed(now):
        if now == 175.0:
            run.submit(CPU_NEEDS, 5_000, 5.0)
        if now == 300.0:
            run.submit(GPU_NEEDS, 20, 60.0)

    run.submit(CPU_NEEDS, 8, 30.0)
    return run.run(2400, feed)


def killed():
    """The autoscaler is killed every 30 s for 10 minutes, with work, and then left in peace."""
    run = Simulation(CPU, GPU, killed_every=30.0)
    run.submit(CPU_NEEDS, 10_000, 4.0)
    run.run(600)
    run.killed_every = None
    return run.run(1200)


def decision_seconds(tasks=100_000, nodes=1_000, kinds=100):
    """Seconds of one decision: the median of 20, with four pools."""
    pools = [replace(CPU, name=f"cpu{index}", offers={f"R{index}": 8}, max_size=nodes) for index in range(4)]
    demands = [
        Demand(((f"R{index % 4}", 1.0),), tasks // kinds - 10, 10, 5.0 + index) for index in range(kinds)
    ]
    there = {
        pool.name: [Node(f"{pool.name}-{index}", busy=index % 9) for index in range(nodes // 4)]
        for pool in pools
    }
    capacity = {pool.name: Capacity(nodes // 4, nodes // 4) for pool in pools}
    memories, taken = {}, []
    for tick in range(20):
        began = time.perf_counter()
        decide(pools, demands, there, capacity, memories, Limits(max_nodes=2 * nodes), float(tick))
        taken.append(time.perf_counter() - began)
    return sorted(taken)[10]


def mixed():
    """CPU tasks in two waves, and GPU tasks after the first."""
    run = Simulation(replace(CPU, idle_timeout=120.0), replace(GPU, idle_timeout=120.0))
    loads = {10.0: (CPU_NEEDS, 4_000, 2.0), 200.0: (GPU_NEEDS, 40, 20.0), 500.0: (CPU_NEEDS, 1_500, 2.0)}
    return run.run(1100, lambda now: run.submit(*loads[now]) if now in loads else None)
