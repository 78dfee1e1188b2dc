"""Makes the wheel of what a GPU worker needs and cannot have without a GPU: doubles of dask-cuda and CuPy.

It takes the place of the 3.4 GB of the GPU lock: a GPU host of the rig has the CPU lock and this.

wheel.py FOLDER    writes the wheel, the same bytes every time, and prints its line of a lock
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
    """The wheel's line of a lock: name, version and digest."""
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
            entry = ZipInfo(path)  # its time is 1980, so only the contents decide the bytes
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return f"{NAME}=={VERSION} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def digest(content: bytes) -> str:
    """As a wheel's RECORD has it."""
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
