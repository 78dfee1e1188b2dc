"""A supervisor with programs, as a local cluster has it."""

import subprocess
import sys
from pathlib import Path

from aws_double import SUPPORT

CONFIGURATION = """\
[supervisord]
pidfile={root}/supervisord.pid
logfile={root}/logs/supervisord.log
childlogdir={root}/logs
[unix_http_server]
file=/proc/self/cwd/supervisor.sock
chmod=0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
"""As `supervisorConfig` of `lib/local/runtime/supervisor.ts` writes it. Its programs name their logs."""


def start_supervisor(root: Path, programs: str, environment: dict[str, str]) -> subprocess.Popen:
    """Start a supervisor in a folder, whose folder `logs` exists.

    Args:
        root: The folder.
        programs: Sections of its configuration.
        environment: Environment of the programs.
    """
    (root / "supervisord.conf").write_text(CONFIGURATION.format(root=root) + programs)
    found = [sys.executable, SUPPORT / "python_environment.py", "supervisor"]
    tools = subprocess.run(found, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    return subprocess.Popen(
        [Path(tools.stdout.strip()) / "supervisord", "--nodaemon", "-c", "supervisord.conf"],
        cwd=root,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
