"""Published datasets of the suite.

datasets.py publish ADDRESS MIB   publishes an array of so many MiB, a data frame and a plain value
datasets.py digest ADDRESS        prints what is published, as JSON: type and digest of each dataset
datasets.py disk FOLDER MIB       prints the seconds in which two processes write so many MiB to the disk
"""

import hashlib
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
from distributed import Client, wait

MIB = 2**20
PART_MIB = 32


def publish(address: str, mib: str) -> None:
    """Publish them; the array has numbers that do not compress."""
    with Client(address) as client:
        rows = int(mib) * MIB // 8
        numbers = da.random.default_rng(1).random(rows, chunks=PART_MIB * MIB // 8)
        frame = dd.from_pandas(pd.DataFrame({"a": range(1000), "b": list("xy") * 500}), npartitions=4)
        numbers, frame = client.persist(numbers), client.persist(frame)
        wait([numbers, frame])
        client.publish_dataset(numbers=numbers, frame=frame, note={"text": "hello"})


def digest(address: str) -> None:
    """Type and SHA-256 of each dataset, an array's per partition."""
    with Client(address) as client:
        found = {}
        for name in client.list_datasets():
            value = client.get_dataset(name)
            if isinstance(value, da.Array):
                parts = [client.submit(sha256, part) for part in client.compute(list(value.to_delayed()))]
                text = json.dumps([str(value.dtype), value.chunks, client.gather(parts)])
            elif hasattr(value, "divisions"):
                text = value.compute().to_csv()
            else:
                text = json.dumps(value)
            found[name] = [type(value).__name__, hashlib.sha256(text.encode()).hexdigest()]
    print(json.dumps(found))


def sha256(part: np.ndarray) -> str:
    """Digest of a partition."""
    return hashlib.sha256(part).hexdigest()


def disk(folder: str, mib: str) -> None:
    """Write as the two workers do: files of a partition's size, each on the disk before the next."""
    with multiprocessing.Pool(2) as pool:
        data = np.random.default_rng(2).bytes(PART_MIB * MIB)
        files = [Path(folder) / str(number) for number in range(int(mib) // PART_MIB)]
        pool.starmap(write, [(files[0], data)])
        started = time.monotonic()
        pool.starmap(write, [(file, data) for file in files], chunksize=1)
        seconds = time.monotonic() - started
    for file in files:
        file.unlink()
    print(seconds)


def write(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    {"publish": publish, "digest": digest, "disk": disk}[sys.argv[1]](*sys.argv[2:])
