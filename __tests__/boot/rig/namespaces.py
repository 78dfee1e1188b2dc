"""Linux namespaces of the rig: creates them, runs commands in them, and ends them."""

import json
import shutil
import subprocess
import tempfile
import time
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

KEEPER = Path(__file__).with_name("keeper.py")
START_SECONDS = 30
END_SECONDS = 60


class Namespaces:
    """A set of namespaces, with a folder for all files. They end with the process that creates them."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        #: For large files. Only processes in the namespaces see its content.
        self.disk = self.folder / "disk"
        self.servers: list[subprocess.Popen] = []
        # The keeper and this process hold the lock: a locked folder is in use.
        with open(self.folder / "lock", "w") as guard, open(self.folder / "rig.log", "w") as log:
            flock(guard, LOCK_EX)
            self.keeper = subprocess.Popen(
                ["unshare", "--mount", shutil.which("python3") or "python3", KEEPER, self.folder],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[guard.fileno()],
            )
        deadline = time.monotonic() + START_SECONDS
        while not (self.folder / "ready").exists():
            if self.keeper.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the rig's namespaces did not start:\n{self.log()}")
            time.sleep(0.02)
        [unshare] = children(self.keeper.pid)
        [self.first] = children(unshare)

    def log(self) -> str:
        """Return the output of its processes."""
        file = self.folder / "rig.log"
        return file.read_text() if file.exists() else ""

    def enter(self, *command: object) -> list[str]:
        """Return the command line that runs a command in the namespaces."""
        entry = ("nsenter", "--target", self.first, "--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup")
        return [str(word) for word in (*entry, "--wd=/", *command)]

    def run(self, *command: object, seconds: float = 30, **options) -> subprocess.CompletedProcess[str]:
        """Run a command. It is killed after `seconds`."""
        words = self.enter("timeout", "--signal=KILL", seconds, *command)
        return subprocess.run(words, capture_output=True, text=True, timeout=seconds + 5, **options)

    def shell(self, script: str, seconds: float = 30) -> str:
        """Run a shell script and return what it prints. Raises RuntimeError if it fails."""
        done = self.run("sh", "-ec", script, seconds=seconds)
        if done.returncode != 0:
            raise RuntimeError(f"exit code {done.returncode}:\n{script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *command: object, log: Path) -> subprocess.Popen:
        """Start a process. Its stdin is a pipe; its output is appended to a file."""
        with open(log, "a") as output:
            return subprocess.Popen(
                self.enter(*command),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def serve(self, *command: object) -> dict:
        """Start a server that prints one line of JSON when it listens. Returns that JSON."""
        with open(self.folder / "rig.log", "a") as log:
            server = subprocess.Popen(
                self.enter(*command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.servers.append(server)
        line = server.stdout.readline()
        if not line:
            raise RuntimeError(f"{command} did not start:\n{self.log()}")
        return json.loads(line)

    def close(self) -> None:
        """End all processes, and remove all files."""
        self.keeper.stdin.close()
        self.keeper.wait(timeout=END_SECONDS)


def sweep(folder: Path) -> None:
    """Remove folders of keepers that were killed."""
    for left in folder.glob("run-*/lock"):
        with open(left) as guard:
            try:
                flock(guard, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(left.parent)


def children(process: int) -> list[int]:
    """Return the ids of the child processes of a process."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
