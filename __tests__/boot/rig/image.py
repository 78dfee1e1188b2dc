"""Image of the guests: Debian with systemd and cloud-init. Built once and kept in .test/."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .python import PYTHON, VERSION, find_python

SUITE = "bookworm"
SECONDS = 900

#: Packages that Ubuntu's image has too, shared libraries of the Python below, and what only the rig needs.
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "udev", "kmod", "procps", "apt", "sudo", "cloud-init"),
    *("ca-certificates", "curl", "openssl", "iproute2", "iputils-ping", "util-linux", "e2fsprogs"),
    *(
        "libssl3",
        "libffi8",
        "libsqlite3-0",
        "libbz2-1.0",
        "liblzma5",
        "libreadline8",
        "libncursesw6",
        "zlib1g",
    ),
    *("mdadm", "xfsprogs"),
    # Its apt hook runs after each installation, as on a node.
    "needrestart",
    # For the double of mount.nfs4.
    *("libnfs13", "python3-fusepy"),
)

#: Files of the image: path and content.
FILES = {
    "etc/cloud/cloud.cfg.d/90-rig.cfg": """\
datasource_list: [Ec2]
datasource:
  Ec2:
    metadata_urls: ["http://169.254.169.254"]
    strict_id: false
    apply_network_config: false
network: {config: disabled}
# Keep the image's apt sources: there is no mirror in the region.
apt: {preserve_sources_list: true}
locale: false
""",
    # As in Ubuntu 24.04: restart services that use a replaced library, without a prompt.
    "etc/needrestart/conf.d/ubuntu.conf": "$nrconf{restart} = 'a';\n",
    "etc/ld.so.conf.d/rig.conf": f"{PYTHON}/lib\n",
    # Each guest gets its own at its start.
    "etc/machine-id": "",
    "etc/resolv.conf": "",
}

#: Timers that would lock the package manager at unpredictable times.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer")


def guest_image(folder: Path) -> Path:
    """Return the root of the image. The first call builds it: half a minute, 700 MB."""
    python = find_python()
    digest = hashlib.sha256(repr((SUITE, PACKAGES, FILES, MASKED, python)).encode()).hexdigest()
    image = folder / f"image-{VERSION}-{digest[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "image.lock", "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not image.exists():
            for earlier in folder.glob(f"image-{VERSION}-*/"):
                shutil.rmtree(earlier)
            print("building the image of the guests: about a minute, only once", file=sys.stderr, flush=True)
            draft = folder / "image-draft"
            make(draft, python.prefix)
            os.replace(draft, image)
    return image


def make(root: Path, python: Path) -> None:
    """Install Debian, the files above and Python into a folder."""
    options = (
        "--variant=minbase",
        "--aptopt=APT::Install-Recommends false",
        f"--include={','.join(PACKAGES)}",
    )
    run(
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "mmdebstrap",
        "--quiet",
        *options,
        SUITE,
        root,
    )
    for path, content in FILES.items():
        (root / path).unlink(missing_ok=True)
        (root / path).write_text(content)
    for timer in MASKED:
        (root / "etc/systemd/system" / timer).symlink_to("/dev/null")
    unwanted = shutil.ignore_patterns(
        "test", "tests", "__pycache__", "idlelib", "*.a", "site-packages", "share"
    )
    shutil.copytree(python, root / PYTHON.lstrip("/"), symlinks=True, ignore=unwanted)
    run("chroot", root, "ldconfig")
    run(
        "chroot",
        root,
        f"{PYTHON}/bin/python{VERSION}",
        "-c",
        "import bz2, ctypes, lzma, sqlite3, ssl, venv, ensurepip",
    )


def run(*command: object) -> None:
    """Run a command. Raises RuntimeError with its output if it fails."""
    words = [os.fspath(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(words)} failed with exit code {done.returncode}:\n{done.stdout}{done.stderr}"
        )
