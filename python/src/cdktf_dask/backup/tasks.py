"""What workers run: each writes the partitions that it has, and reads partitions again.

Workers do not have this package, so each function is sent with its code and imports what it needs.
"""

from __future__ import annotations

from typing import Any

from cdktf_dask.smoke_test.by_value import ByValue


@ByValue
def write_partition(value: Any, folder: str, name: str) -> dict[str, Any]:
    """Pickle a partition into a new object of the folder.

    A second attempt, after the loss of a worker, writes another object, so each object has one writer.

    Args:
        value: The partition. Dask reads it from the disk if it is spilled.
        folder: URL of the folder.
        name: Beginning of the object's name.

    Returns:
        `file`, `sha256` and `bytes` of the object, or `fault`: why it could not be written.
    """
    import hashlib
    import os
    import pickle
    import uuid

    import cloudpickle
    from fsspec.core import url_to_fs

    class Sink:
        """Hashes what it writes, so that no copy of the partition is needed."""

        def __init__(self, file: Any) -> None:
            self.file, self.sha256, self.bytes = file, hashlib.sha256(), 0

        def write(self, data: Any) -> int:
            # A view of an array, of any order of its axes, is given without a copy.
            view = data.raw() if isinstance(data, pickle.PickleBuffer) else memoryview(data)
            self.sha256.update(view)
            self.file.write(view)
            self.bytes += view.nbytes
            return view.nbytes

    name = f"{name}-{uuid.uuid4().hex[:8]}.pickle"
    files, path = url_to_fs(f"{folder}/{name}")
    step = "written"
    try:
        with files.open(path, "wb") as file:
            sink = Sink(file)
            step = "pickled"
            cloudpickle.Pickler(sink, protocol=5).dump(value)
            step = "written"
            if "file" in files.protocol:
                file.flush()
                os.fsync(file.fileno())
    except Exception as error:
        step = "written" if isinstance(error, OSError) else step
        return {"fault": f"cannot be {step} ({type(error).__name__}: {error})"}
    return {"file": name, "sha256": sink.sha256.hexdigest(), "bytes": sink.bytes}


@ByValue
def read_partition(url: str, sha256: str, size: int) -> Any:
    """Read a partition, and unpickle it only if it is what was written.

    Raises:
        RuntimeError: it is missing, cannot be read or has changed. A built-in type, which every client has.
    """
    import hashlib
    import pickle

    from fsspec.core import url_to_fs

    try:
        files, path = url_to_fs(url)
        data = files.cat_file(path)
    except FileNotFoundError:
        raise RuntimeError(f"{url} is missing") from None
    except Exception as error:
        raise RuntimeError(f"{url} cannot be read ({type(error).__name__}: {error})") from None
    if len(data) != size:
        raise RuntimeError(f"{url} has {len(data)} bytes, expected {size}")
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise RuntimeError(f"{url} has the SHA-256 {found}, expected {sha256}")
    try:
        return pickle.loads(data)
    except Exception as error:
        raise RuntimeError(f"{url} cannot be unpickled ({type(error).__name__}: {error})") from None
