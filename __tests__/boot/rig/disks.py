"""Instance-store disks of a node: loop devices of sparse files, with the names that EC2 uses.

Without software RAID in the kernel (no /proc/mdstat), one more loop device is the double of the array, and
mdadm.sh is the double of mdadm.
"""

from pathlib import Path

from .namespaces import Namespaces

LOOP = Path(__file__).with_name("loop.py")
MDADM = Path(__file__).with_name("mdadm.sh")

#: Prefix of the names of instance-store disks in /dev/disk/by-id on EC2.
BY_ID = "nvme-Amazon_EC2_NVMe_Instance_Storage_AWS"

#: Name of the device that is the double of the RAID array.
ARRAY = "rig-array"


class Disks:
    """The instance-store disks of one node. Sizes are in MiB."""

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
            # blkid uses these links. udev, which creates them on EC2, does not run in a guest.
            link = "md-name-any:dask-scratch" if name == ARRAY else f"{BY_ID}{number:04}"
            (links / link).symlink_to(f"../../{name}")
        attached = (
            namespaces.serve("python3", LOOP, *(folder / name for name in files))
            if files
            else {"devices": []}
        )
        self.devices: dict[str, str] = dict(zip(files, attached["devices"], strict=True))
        #: Options of systemd-nspawn.
        self.binds = [f"--bind={device}:/dev/{name}" for name, device in self.devices.items()]
        if files:
            self.binds.append(f"--bind={links}:/dev/disk/by-id")
        if doubled:
            self.binds.append(f"--bind-ro={MDADM}:/usr/sbin/mdadm")

    def blank(self) -> None:
        """Erase the disks, as EC2 does when the instance stops."""
        for device in self.devices.values():
            self.namespaces.shell(f"blkdiscard --force {device}")
