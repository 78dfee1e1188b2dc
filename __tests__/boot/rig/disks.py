"""Instance-store disks of a machine: loop devices over sparse files, under the names that EC2 gives them.

Where the kernel has no software RAID (no /proc/mdstat), one more device stands for the array of two or
more, and mdadm.sh for mdadm.
"""

from pathlib import Path

from .namespaces import Namespaces

LOOP = Path(__file__).with_name("loop.py")
MDADM = Path(__file__).with_name("mdadm.sh")

#: Start of the names of instance-store disks below /dev/disk/by-id, as EC2's firmware makes them.
BY_ID = "nvme-Amazon_EC2_NVMe_Instance_Storage_AWS"

#: The device that stands for the array of two or more.
ARRAY = "rig-array"


class Disks:
    """Those of one machine, with sizes in MiB."""

    def __init__(self, namespaces: Namespaces, instance: str, sizes: tuple[int, ...]):
        self.namespaces = namespaces
        folder = namespaces.folder / "disks" / instance
        doubled = len(sizes) > 1 and not Path("/proc/mdstat").exists()
        files = {f"nvme{number}n1": size for number, size in enumerate(sizes, 1)}
        if doubled:
            files[ARRAY] = sum(sizes)
        links = folder / "by-id"
        links.mkdir(parents=True)
        for number, name in enumerate(files):
            with open(folder / name, "wb") as file:
                file.truncate(files[name] * 2**20)
            # By such links blkid finds them too: udev, which would make more, does not run in a guest.
            link = "md-name-any:dask-scratch" if name == ARRAY else f"{BY_ID}{number:04}"
            (links / link).symlink_to(f"../../{name}")
        attached = (
            namespaces.serve("python3", LOOP, *(folder / name for name in files))
            if files
            else {"devices": []}
        )
        self.devices: dict[str, str] = dict(zip(files, attached["devices"], strict=True))
        #: Options of nspawn.
        self.binds = [f"--bind={device}:/dev/{name}" for name, device in self.devices.items()]
        if files:
            self.binds.append(f"--bind={links}:/dev/disk/by-id")
        if doubled:
            self.binds.append(f"--bind-ro={MDADM}:/usr/sbin/mdadm")

    def blank(self) -> None:
        """Lose what is on them, as a stop of the instance does."""
        for device in self.devices.values():
            self.namespaces.shell(f"blkdiscard --force {device}")
