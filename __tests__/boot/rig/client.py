"""A host of an administrator: its own address and files, no machine of the cluster."""

import json
import subprocess
from pathlib import Path

from .guest import ENVIRONMENT, mount_overlay
from .network import GATEWAY, host_of
from .world import World

SMOKE_TEST = Path(__file__).parents[3] / "cloud-init" / "dask" / "smoke_test"
PYTHON = "/opt/dask/env/bin/python"


class Client:
    """Borrows /opt/dask, the release's environment, from a machine, and has the smoke test in /srv."""

    def __init__(self, world: World, name: str, image: Path, lender: Path):
        self.world, self.name = world, name
        folder = world.disk / name
        self.root = folder / "root"
        mount_overlay(world, self.root, [image], folder / "changes")
        for source, target in ((lender / "opt/dask", "opt/dask"), (SMOKE_TEST, "srv/smoke_test")):
            world.shell(f"mkdir -p {self.root}/{target} && mount --bind -o ro {source} {self.root}/{target}")
        world.shell(
            f"mount -t proc proc {self.root}/proc && mount --rbind /dev {self.root}/dev && "
            f"echo nameserver {host_of(GATEWAY)} >{self.root}/etc/resolv.conf"
        )

    def run(self, *command: str, seconds: float = 60, **options) -> subprocess.CompletedProcess[str]:
        """Run a command as on that host."""
        entry = ("ip", "netns", "exec", self.name, "chroot", self.root, "env", "-i", *ENVIRONMENT)
        return self.world.run(*entry, *command, seconds=seconds, **options)

    def python(self, program: str, *arguments: str, seconds: float = 90) -> str:
        """What a program prints that runs with the release's packages."""
        done = self.run(PYTHON, "-c", program, *arguments, seconds=seconds)
        if done.returncode != 0:
            raise AssertionError(f"the program ended with {done.returncode}:\n{program}\n{done.stderr}")
        return done.stdout

    def smoke_test(self, address: str, expected: dict) -> subprocess.CompletedProcess[str]:
        """Run the smoke test with --json against a cluster."""
        command = (PYTHON, "/srv/smoke_test/smoke_test.py", address, "--json", "--expect", "-")
        return self.run(*command, seconds=140, input=json.dumps(expected))
