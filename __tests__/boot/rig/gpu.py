"""What a host with a GPU gets: doubles of Ubuntu's NVIDIA packages, of a GPU on the bus, of its wheels."""

import os
import subprocess
import sys
from pathlib import Path

from .guest import Guest

DOUBLES = Path(__file__).parents[1] / "doubles"
PLACE = "/opt/rig/gpu"
MAKE_SECONDS = 60


class GpuDoubles:
    """The doubles' files, made once below a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        make("nvidia/repository.py", folder, "--kernel", os.uname().release)
        #: Line of a lock that stands for the packages that compute on a GPU.
        self.requirement = make("gpu/wheel.py", folder / "wheels").strip()

    def equip(self, guest: Guest) -> None:
        """Give them to a guest that has not been started."""
        guest.options.append(f"--bind-ro={self.folder}:{PLACE}")
        guest.write("etc/apt/sources.list.d/nvidia.list", f"deb [trusted=yes] file:{PLACE}/apt ./\n")
        guest.write("etc/fstab", f"{PLACE}/pci /sys/bus/pci/devices none bind 0 0\n")
        environment = f'[Manager]\nDefaultEnvironment="UV_FIND_LINKS={PLACE}/wheels"\n'
        guest.write("etc/systemd/system.conf.d/gpu.conf", environment)


def make(script: str, *arguments: object) -> str:
    """Run a double's script; what it prints."""
    words = [sys.executable, str(DOUBLES / script), *map(str, arguments)]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, timeout=MAKE_SECONDS).stdout
