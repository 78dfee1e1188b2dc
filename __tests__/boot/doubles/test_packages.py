"""Doubles in the guests: Miniforge's installer, the driver's packages, the GPU wheel."""

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from loopback import FOLDER

KERNEL = "6.8.0-1021-aws"


def run(*command: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def repository(folder, *options):
    done = run(sys.executable, FOLDER / "nvidia" / "repository.py", folder, "--kernel", KERNEL, *options)
    assert (done.returncode, done.stderr) == (0, "")
    return re.findall(r"^Package: (.+)$", (folder / "apt" / "Packages").read_text(), re.MULTILINE)


def test_the_installer_rejects_other_arguments(tmp_path):
    done = run("bash", FOLDER / "miniforge.sh", "-p", tmp_path / "conda")
    assert done.returncode == 2
    assert "allowed: -b -p PREFIX" in done.stderr


def test_the_installer_rejects_an_existing_folder(tmp_path):
    done = run("bash", FOLDER / "miniforge.sh", "-b", "-p", tmp_path)
    assert done.returncode == 1
    assert "already exists" in done.stderr


def test_the_repository_has_the_packages_of_the_driver(tmp_path):
    assert repository(tmp_path) == [
        f"linux-modules-nvidia-580-server-open-{KERNEL}",
        "linux-modules-nvidia-580-server-open-aws",
        "nvidia-headless-no-dkms-580-server-open",
        "nvidia-compute-utils-580-server",
        "nvidia-utils-580-server",
    ]
    [smi] = (tmp_path / "apt").glob("nvidia-utils-*.deb")
    assert "-rwxr-xr-x root/root" in run("dpkg-deb", "--contents", smi).stdout
    assert "./usr/bin/nvidia-smi" in run("dpkg-deb", "--contents", smi).stdout


def test_with_needs_reboot_no_package_fits_the_kernel(tmp_path):
    assert f"linux-modules-nvidia-580-server-open-{KERNEL}" not in repository(tmp_path, "--needs-reboot")


@pytest.mark.parametrize("gpus", [1, 2])
def test_each_gpu_is_on_the_pci_bus(tmp_path, gpus):
    repository(tmp_path, "--gpus", str(gpus))
    assert [file.read_text() for file in (tmp_path / "pci").glob("*/vendor")] == ["0x10de\n"] * gpus


def test_the_wheel_is_reproducible(tmp_path):
    script = FOLDER / "gpu" / "wheel.py"
    first, second = (run(sys.executable, script, tmp_path / name).stdout for name in ("one", "two"))
    assert first == second
    assert re.fullmatch(r"gpu-stand-ins==1 --hash=sha256:[0-9a-f]{64}\n", first)
    [wheel] = (tmp_path / "one").iterdir()
    assert {"cupy.py", "gpu_stand_ins.py"} < set(ZipFile(wheel).namelist())
