"""Builds a wheel with the doubles of dask-cuda and CuPy, which need a GPU.

It replaces the 3.4 GB of GPU packages: a GPU node of the rig installs the CPU lockfile and this wheel.

wheel.py FOLDER    writes the wheel, reproducibly, and prints its line of requirements
"""

import hashlib
import sys
from base64 import urlsafe_b64encode
from pathlib import Path
from zipfile import ZipFile, ZipInfo

NAME, VERSION = "gpu-stand-ins", "1"
HERE = Path(__file__).parent
CUPY = HERE.parents[2] / "doubles" / "cupy.py"


def make(folder: Path) -> str:
    """Write the wheel. Returns its line of requirements: name, version and digest."""
    stem = f"{NAME.replace('-', '_')}-{VERSION}"
    info = f"{stem}.dist-info"
    files = {
        "gpu_stand_ins.py": (HERE / "gpu_stand_ins.py").read_bytes(),
        "cupy.py": CUPY.read_bytes(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": b"[dask_cli]\ncuda = gpu_stand_ins:cuda\n",
    }
    record = [f"{path},sha256={digest(content)},{len(content)}\n" for path, content in files.items()]
    files[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{stem}-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            entry = ZipInfo(path)  # its time is always 1980
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return f"{NAME}=={VERSION} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def digest(content: bytes) -> str:
    """Return the digest in the format of a wheel's RECORD."""
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
