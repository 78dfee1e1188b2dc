"""Builds doubles of Ubuntu's NVIDIA packages (an apt repository) and of GPUs on the PCI bus.

repository.py FOLDER --kernel "$(uname -r)"    creates FOLDER/apt and FOLDER/pci

Use FOLDER/apt with `deb [trusted=yes] file:/somewhere ./`. Mount FOLDER/pci on /sys/bus/pci/devices in the
guest's fstab: a bind mount of systemd-nspawn disappears when the guest mounts /sys.
With --needs-reboot there are no modules for the running kernel; they appear at the next boot.
"""

import argparse
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
DOUBLE = "usr/share/nvidia-double"
NVIDIA = "0x10de"

#: Files of a package: path, and text or a file of this folder.
Files = dict[str, str | Path]


def packages(branch: str, kernel: str, gpus: int, needs_reboot: bool) -> dict[str, tuple[str, Files]]:
    """Return dependencies and files of each package, by name."""
    modules = f"linux-modules-nvidia-{branch}-server-open"
    at_next_boot: Files = {
        "usr/lib/tmpfiles.d/nvidia-double.conf": f"f /{DOUBLE}/kernels/%v 0644 root root -\n"
    }
    running_kernel = {} if needs_reboot else {f"{modules}-{kernel}": ("", {f"{DOUBLE}/kernels/{kernel}": ""})}
    return running_kernel | {
        f"{modules}-aws": ("", at_next_boot),
        f"nvidia-headless-no-dkms-{branch}-server-open": (f"nvidia-compute-utils-{branch}-server", {}),
        f"nvidia-compute-utils-{branch}-server": (
            "",
            {
                "usr/bin/nvidia-persistenced": HERE / "nvidia-persistenced",
                "lib/systemd/system/nvidia-persistenced.service": HERE / "nvidia-persistenced.service",
            },
        ),
        f"nvidia-utils-{branch}-server": (
            "",
            {
                "usr/bin/nvidia-smi": HERE / "nvidia-smi",
                "usr/local/sbin/modprobe": HERE / "modprobe",
                f"{DOUBLE}/gpus": f"{gpus}\n",
                f"{DOUBLE}/version": f"{branch}.0\n",
            },
        ),
    }


def repository(folder: Path, version: str, wanted: dict[str, tuple[str, Files]]) -> None:
    """Build the packages and the index for apt."""
    folder.mkdir(parents=True)
    index = []
    for name, (depends, files) in wanted.items():
        fields = {
            "Package": name,
            "Version": version,
            "Architecture": "all",
            "Maintainer": "cdktf-dask <boot@tests.invalid>",
            "Description": "double of a package of Ubuntu",
        } | ({"Depends": depends} if depends else {})
        control = "".join(f"{key}: {value}\n" for key, value in fields.items())
        deb = folder / f"{name}_{version}_all.deb"
        build(deb, control, files)
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        index.append(f"{control}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n")
    (folder / "Packages").write_text("\n".join(index))


def build(deb: Path, control: str, files: Files) -> None:
    """Build one package."""
    with tempfile.TemporaryDirectory(dir=deb.parent) as directory:
        root = Path(directory) / "root"
        for path, content in {"DEBIAN/control": control, **files}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content.read_text() if isinstance(content, Path) else content)
            file.chmod(0o755 if "bin/" in path else 0o644)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Znone", "--build", root, deb],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )


def pci(folder: Path, gpus: int) -> None:
    """Write the sysfs attributes of each GPU."""
    for gpu in range(gpus):
        device = folder / f"0000:00:{0x1E - gpu:02x}.0"
        device.mkdir(parents=True)
        for name, value in {"vendor": NVIDIA, "device": "0x27b8", "class": "0x030200"}.items():
            (device / name).write_text(f"{value}\n")


def main(folder: Path, branch: str, kernel: str, gpus: int, needs_reboot: bool) -> None:
    """Replace the repository and the PCI devices."""
    for part in (folder / "apt", folder / "pci"):
        shutil.rmtree(part, ignore_errors=True)
    repository(folder / "apt", f"{branch}.0", packages(branch, kernel, gpus, needs_reboot))
    pci(folder / "pci", gpus)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kernel", required=True, help="kernel release of the guests")
    parser.add_argument("--branch", default="580", help="driver branch")
    parser.add_argument("--gpus", type=int, default=1)
    parser.add_argument("--needs-reboot", action="store_true", help="no modules for the running kernel")
    main(**vars(parser.parse_args()))
