"""An arm64 Debian on an x86_64 computer, whose programs run under qemu-user.

The kernel runs a program of another architecture by the interpreter that is registered in binfmt_misc. A user
namespace has its own registrations (Linux 6.7 and later), so those of the computer do not change.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

#: Bookworm has Python 3.11, for which the lockfiles of all releases are resolved.
SUITE = "bookworm"
PYTHON = "3.11"

#: Python, time zones, and the C++ library that wheels do not contain. They are only unpacked, not configured.
PACKAGES = ("base-files", "dash", "python3", "python3-distutils", "tzdata", "libstdc++6")
MMDEBSTRAP = ("mmdebstrap", "--quiet", "--variant=extract", "--architectures=arm64")
HOOKS = "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"

#: Static, because the kernel opens it at the registration and runs it in the chroot.
QEMU = "qemu-aarch64-static"
#: The processor of AWS Graviton2.
PROCESSOR = "neoverse-n1"

#: First bytes of programs for arm64 (ELF), and which of their bits count (binfmt-misc.rst of Linux).
MAGIC = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"

NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount")

#: ROOT WORK RULE COMMAND...: `exec` keeps the process id, so a signal reaches the command.
ENTER = """\
set -eu
root=$1 work=$2
mount -t binfmt_misc binfmt_misc "$work/binfmt"
printf %s "$3" >"$work/binfmt/register"
for folder in dev proc sys; do mount --rbind "/$folder" "$root/$folder"; done
mount --bind "$work" "$root/work"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
mount --bind "$CERTIFICATES" "$root/etc/certificates.pem"
shift 3
exec "$CHROOT" "$root" "$@"
"""

#: Variables of the computer that programs in the chroot get.
KEPT = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "UV_DEFAULT_INDEX", "UV_HTTP_TIMEOUT")


def missing() -> str | None:
    """Return what is missing on this computer and what to do, or None."""
    if platform.system() != "Linux" or platform.machine() != "x86_64" or os.geteuid() != 0:
        return "arm64 programs under qemu-user require Linux on x86_64 and root. Hint: run it as root there"
    commands = {QEMU: "qemu-user-static", "mmdebstrap": "mmdebstrap", "unshare": "util-linux"}
    packages = [package for command, package in commands.items() if shutil.which(command) is None]
    if packages:
        return f"commands are missing. Hint: apt-get install --no-install-recommends {' '.join(packages)}"
    with tempfile.TemporaryDirectory() as folder:
        done = run([*NAMESPACES, "mount", "-t", "binfmt_misc", "binfmt_misc", folder], check=False)
    if done.returncode:
        return (
            f"a user namespace cannot have binfmt_misc: {done.stderr.strip()}. Hint: use Linux 6.7 or later"
        )
    return None


def make_root(folder: Path) -> Path:
    """Return the root of the arm64 Debian. The first call downloads it: 10 seconds, 80 MB."""
    digest = hashlib.sha256(repr((SUITE, PACKAGES)).encode()).hexdigest()[:12]
    root = folder / f"root-{digest}"
    if root.exists():
        return root
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("root-*/"):
        shutil.rmtree(earlier)
    draft = folder / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    options = ("--aptopt=APT::Install-Recommends false", HOOKS, f"--include={','.join(PACKAGES)}")
    run(["unshare", "--mount", "--pid", "--fork", "--kill-child", *MMDEBSTRAP, *options, SUITE, str(draft)])
    (draft / "work").mkdir()
    for file in ("resolv.conf", "certificates.pem"):
        (draft / "etc" / file).touch()
    draft.rename(root)
    return root


class Chroot:
    """The arm64 Debian with a folder of the computer, which is `/work` in it."""

    def __init__(self, root: Path, work: Path):
        self.root = root
        self.work = work
        (work / "binfmt").mkdir(parents=True)

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs a command under qemu-user."""
        rule = f":arm64:M::{MAGIC}:{MASK}:{shutil.which(QEMU)}:F"
        return [*NAMESPACES, "sh", "-c", ENTER, "sh", str(self.root), str(self.work), rule, *words]

    def environment(self) -> dict[str, str]:
        """Return the environment for such a command line."""
        authorities = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
        return {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "CERTIFICATES": authorities,
            "CHROOT": shutil.which("chroot") or "chroot",
            "HOME": "/root",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "QEMU_CPU": PROCESSOR,
            "SSL_CERT_FILE": "/etc/certificates.pem",
            "UV_CACHE_DIR": "/work/cache",
            "UV_NO_CONFIG": "1",
            "UV_PYTHON_DOWNLOADS": "never",
        }

    def run(self, *words: str) -> str:
        """Run a command under qemu-user and return what it prints. Raises RuntimeError if it fails."""
        return run(self.command(*words), env=self.environment()).stdout


def run(
    words: list[str], *, check: bool = True, seconds: int = 600, **options
) -> subprocess.CompletedProcess:
    """Run a command. Raises RuntimeError with the end of its output if it fails."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, **options)
    if check and done.returncode != 0:
        output = (done.stdout + done.stderr).strip()[-2000:]
        raise RuntimeError(f"{words[0]} … {words[-1]} ended with {done.returncode}: {output}")
    return done
