"""The computer of an administrator: a chroot with an IP address outside the cluster."""

import subprocess
from pathlib import Path

from .guest import ENVIRONMENT, mount_overlay
from .namespaces import Namespaces
from .network import GATEWAY, address_of

PACKAGE = Path(__file__).parents[3] / "python" / "src"
PYTHON = "/opt/dask/env/bin/python"
BUNDLE = "/root/.dask/rig"

#: Double of the AWS CLI of an administrator with access to the client secret.
AWS_CLI = """#!/bin/bash
[[ $* == "secretsmanager get-secret-value --region eu-central-1 --secret-id /dask/rig/client "* ]] || exit 252
cat /run/secret
"""


class Client:
    """Has the Python environment /opt/dask of a node, and the Python package in /srv/python."""

    def __init__(self, namespaces: Namespaces, name: str, image: Path, lender: Path):
        self.namespaces, self.name = namespaces, name
        #: Environment variables of its programs. Dask reads its configuration from the client bundle.
        self.environment = (f"DASK_CONFIG={BUNDLE}/dask.yaml",)
        folder = namespaces.disk / name
        self.root = folder / "root"
        mount_overlay(namespaces, self.root, [image], folder / "changes")
        for source, target in ((lender / "opt/dask", "opt/dask"), (PACKAGE, "srv/python")):
            namespaces.shell(
                f"mkdir -p {self.root}/{target} && mount --bind -o ro {source} {self.root}/{target}"
            )
        namespaces.shell(
            f"mount -t proc proc {self.root}/proc && mount --rbind /dev {self.root}/dev && "
            f"echo nameserver {address_of(GATEWAY)} >{self.root}/etc/resolv.conf"
        )

    def lend(self, folder: Path) -> None:
        """Let it read a folder of this computer, at the same path."""
        target = f"{self.root}{folder}"
        self.namespaces.shell(f"mkdir -p '{target}' && mount --bind -o ro '{folder}' '{target}'")

    def run(self, *command: str, seconds: float = 60, **options) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return self.namespaces.run(*self._entry(), *command, seconds=seconds, **options)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command with pipes. The caller waits for its end."""
        words = self.namespaces.enter(*self._entry(), *command)
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(words, **pipes, text=True)

    def _entry(self) -> tuple[object, ...]:
        return (
            "ip",
            "netns",
            "exec",
            self.name,
            "chroot",
            self.root,
            "env",
            "-i",
            *ENVIRONMENT,
            *self.environment,
        )

    def write(self, path: str, content: str, mode: str = "0644") -> None:
        """Write a file."""
        command = ("install", "-D", "-m", mode, "/dev/stdin", path)
        done = self.run(*command, input=content)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def fetch_bundle(self, command: str, secret: str) -> None:
        """Run the command of the output `client_bundle` with the value of the client secret."""
        self.write("/usr/local/bin/aws", AWS_CLI, "0755")
        self.write("/run/secret", secret, "0600")
        done = self.run("bash", "-c", command)
        if done.returncode != 0:
            raise AssertionError(f"{command}\nfailed with exit code {done.returncode}:\n{done.stderr}")
        self.run("rm", "/run/secret")

    def python(self, program: str, *arguments: str, seconds: float = 90) -> str:
        """Run a Python program with the packages of the release. Returns what it prints."""
        done = self.run(PYTHON, "-c", program, *arguments, seconds=seconds)
        if done.returncode != 0:
            raise AssertionError(
                f"the program failed with exit code {done.returncode}:\n{program}\n{done.stderr}"
            )
        return done.stdout

    def smoke_test(self) -> subprocess.CompletedProcess[str]:
        """Run the smoke test with --json. The client bundle has address, certificates and expectation."""
        module = ("env", "PYTHONPATH=/srv/python", PYTHON, "-m", "cdktf_dask.smoke_test")
        return self.run(*module, "--json", seconds=140)
