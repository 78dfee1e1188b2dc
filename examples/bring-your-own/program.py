"""Counts the words of texts in S3 on a Dask cluster.

    python program.py CLUSTER s3://BUCKET/PREFIX

Tasks read PREFIX/texts/*.txt and write PREFIX/result.txt. They use packages from PyPI, a package of this
folder, a setting of Dask and an environment variable. The program is the same for a cluster on this
computer and on AWS.
"""

import os
import sys
from collections import Counter
from importlib.metadata import version

import dask
import fsspec
import humanize
import word_counts
from distributed import worker_client

from cdktf_dask import connect


def texts(data: str) -> list[str]:
    """List the texts."""
    files = fsspec.filesystem("s3").glob(f"{data}/texts/*.txt")
    return [f"s3://{file}" for file in sorted(files)]


def count(text: str) -> Counter[str]:
    """Count the words of a text."""
    with fsspec.open(text, "rt") as lines:
        return word_counts.count(lines)


def count_all(data: str) -> str:
    """Count all words, with a task for each text, and write the result."""
    with worker_client() as client:
        counts = client.gather(client.map(count, texts(data)))
    total = sum(counts, Counter[str]())
    words, [(most, _)] = humanize.intcomma(total.total()), total.most_common(1)
    result = f"{os.environ['GREETING']}: {words} words, mostly {most}"
    with fsspec.open(f"{data}/result.txt", "wt") as file:
        file.write(result)
    return result


def describe() -> list[str]:
    """Return what this process has: versions of packages, a setting of Dask, an environment variable."""
    packages = [f"{name} {version(name)}" for name in ("humanize", "more-itertools", "word-counts")]
    return [*packages, dask.config.get("array.chunk-size"), os.environ["GREETING"]]


def main(cluster: str, data: str) -> None:
    """Run the program on a cluster."""
    with connect(cluster) as client:
        print(client.submit(count_all, data, pure=False).result())
        print("scheduler:", *client.run_on_scheduler(describe), sep="  ")
        workers = client.scheduler_info(n_workers=-1)["workers"]
        for address, found in client.run(describe).items():
            print(f"{workers[address]['name']}:", *found, sep="  ")


if __name__ == "__main__":
    main(*sys.argv[1:])
