"""Doubles for a node with a GPU: Ubuntu's NVIDIA packages, the PCI device and the wheels for GPUs."""

import os
import subprocess
import sys
from pathlib import Path

from .guest import Guest

DOUBLES = Path(__file__).parents[1] / "doubles"
MOUNT_POINT = "/opt/rig/gpu"
MAKE_SECONDS = 60


class GpuDoubles:
    """The files of the doubles, created once in a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        make("nvidia/repository.py", folder, "--kernel", os.uname().release)
        #: Line of requirements for the wheel that replaces the packages for GPUs.
        self.requirement = make("gpu/wheel.py", folder / "wheels").strip()

    def equip(self, guest: Guest) -> None:
        """Add the doubles to a guest before its start."""
        guest.options.append(f"--bind-ro={self.folder}:{MOUNT_POINT}")
        guest.write("etc/apt/sources.list.d/nvidia.list", f"deb [trusted=yes] file:{MOUNT_POINT}/apt ./\n")
        guest.write("etc/fstab", f"{MOUNT_POINT}/pci /sys/bus/pci/devices none bind 0 0\n")
        environment = f'[Manager]\nDefaultEnvironment="UV_FIND_LINKS={MOUNT_POINT}/wheels"\n'
        guest.write("etc/systemd/system.conf.d/gpu.conf", environment)


def make(script: str, *arguments: object) -> str:
    """Run the script that creates a double. Returns what it prints."""
    words = [sys.executable, str(DOUBLES / script), *map(str, arguments)]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, timeout=MAKE_SECONDS).stdout
