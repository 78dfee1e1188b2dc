"""An NFS server with an address in the VPC, and what nodes need to mount from it."""

import time
from pathlib import Path

from .guest import ENVIRONMENT, Guest, mount_overlay
from .namespaces import Namespaces
from .network import GATEWAY, address_of
from .registries import configure_registries

CLIENT = Path(__file__).parents[1] / "doubles" / "mount_nfs4.py"
INSTALL_SECONDS = 120
START_SECONDS = 30

#: Versions 3 and 4; the port of mounts is that of the double of the client.
CONFIGURATION = """
NFS_Core_Param { Protocols = 3, 4; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; }
NFSv4 { Graceless = true; RecoveryBackend = fs; Only_Numeric_Owners = true; }
EXPORT {
  Export_Id = 1; Path = /shared; Pseudo = /shared; Access_Type = RW; Squash = No_Root_Squash; SecType = sys;
  FSAL { Name = VFS; }
}
"""

#: The server registers with rpcbind by the name of this computer, although its clients do not ask for ports.
PREPARE = """
cat >/etc/ganesha/ganesha.conf
echo '127.0.0.1 localhost' >/etc/hosts
mkdir -p /run/ganesha /run/rpcbind
rpcbind
"""

#: mount(8) runs it with source, directory and `-o OPTIONS`. A mount of the kernel has no process either.
MOUNT = """#!/bin/sh
systemd-run --quiet --unit=rig-nfs /usr/bin/python3 /usr/local/lib/mount_nfs4.py "$@" || exit 32
for _ in $(seq 100); do ! mountpoint --quiet "$2" || exit 0; sleep 0.1; done
exit 32
"""


class NfsServer:
    """nfs-ganesha, a server in user space, in a chroot with a network namespace. It exports /shared."""

    def __init__(self, namespaces: Namespaces, name: str, image: Path, ca: Path):
        self.namespaces, self.name = namespaces, name
        folder = namespaces.disk / name
        self.root = folder / "root"
        #: Exported folder.
        self.shared = folder / "shared"
        mount_overlay(namespaces, self.root, [image], folder / "changes")
        configure_registries(Path(f"/proc/{namespaces.first}/root{self.root}"), ca)
        # On ext4, because the server opens files by handles, which an overlay does not have.
        namespaces.shell(
            f"mkdir -p {self.shared} {self.root}/shared && mount --bind {self.shared} {self.root}/shared\n"
            f"mount -t proc proc {self.root}/proc && mount --rbind /dev {self.root}/dev\n"
            f"echo nameserver {address_of(GATEWAY)} >{self.root}/etc/resolv.conf\n"
            f"printf '#!/bin/sh\\nexit 101\\n' >{self.root}/usr/sbin/policy-rc.d\n"
            f"chmod 0755 {self.root}/usr/sbin/policy-rc.d"
        )
        install = "apt-get install --quiet --yes --no-install-recommends nfs-ganesha nfs-ganesha-vfs"
        self._run("sh", "-ec", f"apt-get update --quiet && {install}", seconds=INSTALL_SECONDS)
        self._run("sh", "-ec", PREPARE, input=CONFIGURATION)
        log = namespaces.folder / f"{name}.log"
        namespaces.start(*self._entry("ganesha.nfsd", "-F", "-L", "STDERR"), log=log)
        deadline = time.monotonic() + START_SECONDS
        while "SERVER INITIALIZED" not in log.read_text():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the NFS server did not start:\n{log.read_text()}")
            time.sleep(0.2)

    def read(self, path: str) -> str:
        """Return the content of a file below the exported folder."""
        return self.namespaces.shell(f"cat {self.shared}/{path}")

    def _run(self, *command: str, seconds: float = 30, **options) -> None:
        environment = ("env", "DEBIAN_FRONTEND=noninteractive")
        done = self.namespaces.run(*self._entry(*environment, *command), seconds=seconds, **options)
        if done.returncode != 0:
            raise RuntimeError(f"{command} failed:\n{done.stdout}{done.stderr}")

    def _entry(self, *command: str) -> tuple[object, ...]:
        return ("ip", "netns", "exec", self.name, "chroot", self.root, "env", "-i", *ENVIRONMENT, *command)


def equip(guest: Guest) -> None:
    """Let a guest mount by NFS: on a kernel without an NFS client, with the double of mount.nfs4."""
    if "\tnfs4\n" in Path("/proc/filesystems").read_text():
        return
    guest.options.append("--bind=/dev/fuse")
    # The package of the client installs its own program under another name.
    divert = "dpkg-divert --package rig --add --rename --divert /sbin/mount.nfs4.distrib /sbin/mount.nfs4"
    guest.namespaces.shell(f"chroot {guest.root} {divert}")
    guest.write("usr/local/lib/mount_nfs4.py", CLIENT.read_text())
    guest.write("usr/sbin/mount.nfs4", MOUNT, 0o755)
