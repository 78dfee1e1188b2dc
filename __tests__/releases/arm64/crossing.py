"""Moves values between a worker for arm64 and one for x86_64, and compares what arrives with what was sent.

    crossing.py SCHEDULER

Each worker makes each value. The other worker and this client get it and compare it with their own. Floats
are results of divisions, which IEEE 754 defines to the last bit. Prints one JSON object.
"""

import datetime
import decimal
import json
import platform
import sys

import dask.dataframe as dd
import numpy as np
import pandas as pd
from distributed import Client, wait

SECONDS = 300


def floats() -> np.ndarray:
    special = [np.nan, np.inf, -np.inf, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]
    return np.concatenate([np.array(special), np.arange(1, 100_000) / 7])


def structured() -> np.ndarray:
    fields = [("id", ">i4"), ("when", "M8[ns]"), ("mean", "f4"), ("complex", "c16"), ("name", "U5")]
    rows = [(n, n * 10**9, n / 3, complex(n, 1 / (n + 1)), f"n{n}") for n in range(1000)]
    return np.array(rows, dtype=fields)


def big() -> np.ndarray:
    """64 MiB, in Fortran order."""
    return np.asfortranarray((np.arange(2**23) / 3).reshape(2**11, 2**12))


def objects() -> dict:
    def closure(number: int) -> int:
        return number + offset

    offset = 2**70
    when = datetime.datetime(2026, 7, 1, 12, 30, 1, 5, tzinfo=datetime.UTC)
    return {
        "integers": [0, -1, 2**31, 2**63, -(2**200)],
        "floats": [0.1, -0.0, 1e-310, float("inf")],
        "texts": ["", "é", "🚀" * 100, b"\x00\xff" * 100],
        # One text: the order of several in the repr of a set is random for each process.
        "others": (None, True, 3 + 4j, {1, 2, 3}, frozenset({"ab"}), range(5)),
        "when": [when, when.date(), datetime.timedelta(days=1, microseconds=1)],
        "decimal": decimal.Decimal("1.00000000000000000000000000001"),
        "function": closure(1),
        "array of objects": np.array(["a", 1, None], dtype=object).tolist(),
    }


def frame() -> pd.DataFrame:
    count = 10_000
    numbers = np.arange(count)
    return pd.DataFrame(
        {
            "float": numbers / 7,
            "int": numbers.astype("int16"),
            "text": pd.array([f"é{number}" for number in numbers], dtype="string[pyarrow]"),
            "category": pd.Categorical(np.array(["a", "b", "c"])[numbers % 3]),
            "nullable": pd.array([None if number % 5 == 0 else number for number in numbers], dtype="Int64"),
            "when": pd.date_range("2026-07-01", periods=count, freq="s", tz="Europe/Berlin"),
        },
        index=pd.Index(numbers[::-1] * 2, name="key"),
    )


def longdouble() -> np.ndarray:
    """80 bits on x86_64, 128 on arm64, so it is the one value that does not survive."""
    return np.arange(10, dtype=np.longdouble) / 3


VALUES = {make.__name__: make for make in (floats, structured, big, objects, frame, longdouble)}


def same(name: str, other) -> bool:
    """Return whether a value is exactly the value of this name."""
    own = VALUES[name]()
    if isinstance(own, pd.DataFrame):
        pd.testing.assert_frame_equal(own, other, check_exact=True, check_freq=False)
        return True
    if name == longdouble.__name__:
        # Of its 16 bytes, 6 have no meaning on x86_64.
        return np.array_equal(own, other)
    if isinstance(own, np.ndarray):
        return own.dtype == other.dtype and own.shape == other.shape and own.tobytes() == other.tobytes()
    return repr(own) == repr(other) and own == other


def fail() -> None:
    raise LookupError(platform.machine(), str(2**70))


def error_of(client: Client, worker: str) -> list:
    try:
        client.submit(fail, workers=worker, pure=False).result()
    except LookupError as error:
        return list(error.args)
    return []


def crossings(client: Client, workers: dict[str, str]) -> dict:
    """Return for each value, and each direction, whether it arrived unchanged."""
    results: dict = {name: {} for name in VALUES}
    for name, make in VALUES.items():
        for maker, receiver in (("aarch64", "x86_64"), ("x86_64", "aarch64")):
            made = client.submit(make, workers=workers[maker], pure=False)
            received = client.submit(same, name, made, workers=workers[receiver], pure=False)
            results[name][f"{maker} to {receiver}"] = received.result(SECONDS)
            results[name][f"{maker} to client"] = same(name, made.result(SECONDS))
    return results


def shuffled(client: Client) -> dict:
    """Shuffle a dataframe over both workers, and compare it with what pandas computes."""
    own = frame().reset_index()
    lazy = dd.from_pandas(own, npartitions=6)
    moved = lazy.shuffle(on="category", npartitions=6).persist()
    wait(moved)
    places = {worker for workers in client.who_has(moved).values() for worker in workers}
    pd.testing.assert_frame_equal(own, moved.compute().sort_values("int").reset_index(drop=True)[own.columns])
    grouped = lazy.groupby("category", observed=True)["int"].sum().compute().sort_index()
    return {"workers": len(places), "sums": grouped.tolist()}


def main(scheduler: str) -> None:
    with Client(scheduler) as client:
        client.wait_for_workers(2, timeout=SECONDS)
        workers = {machine: worker for worker, machine in client.run(platform.machine).items()}
        result = {
            "machines": sorted(workers),
            "versions": client.get_versions(check=True)["client"]["packages"]["dask"],
            "values": crossings(client, workers),
            "errors": {machine: error_of(client, worker) for machine, worker in sorted(workers.items())},
            "shuffled": shuffled(client),
            "receivedMiB": {
                machine: int(client.run(received_bytes, workers=[worker])[worker] / 1024**2)
                for machine, worker in sorted(workers.items())
            },
        }
    print(json.dumps(result))


def received_bytes(dask_worker) -> int:
    return sum(transfer["total"] for transfer in dask_worker.transfer_incoming_log)


if __name__ == "__main__":
    main(*sys.argv[1:])
