"""The rig's namespaces, from outside: begun, entered, and ended with the process that began them."""

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
    """A set of namespaces with a folder below the given one for all its files."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        #: For what is large; only processes inside see its content.
        self.disk = self.folder / "disk"
        self.servers: list[subprocess.Popen] = []
        # Held by the keeper and whoever began it: while it is, the folder is in use.
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
                raise RuntimeError(f"the rig's namespaces did not begin:\n{self.log()}")
            time.sleep(0.02)
        [holder] = children(self.keeper.pid)
        [self.first] = children(holder)

    def log(self) -> str:
        """What its processes said."""
        file = self.folder / "rig.log"
        return file.read_text() if file.exists() else ""

    def enter(self, *command: object) -> list[str]:
        """The command line that runs a command inside."""
        entry = ("nsenter", "--target", self.first, "--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup")
        return [str(word) for word in (*entry, "--wd=/", *command)]

    def run(self, *command: object, seconds: float = 30, **options) -> subprocess.CompletedProcess[str]:
        """Run a command inside to its end; it is killed after the seconds."""
        words = self.enter("timeout", "--signal=KILL", seconds, *command)
        return subprocess.run(words, capture_output=True, text=True, timeout=seconds + 5, **options)

    def shell(self, script: str, seconds: float = 30) -> str:
        """Run a shell script inside that has to succeed."""
        done = self.run("sh", "-ec", script, seconds=seconds)
        if done.returncode != 0:
            raise RuntimeError(f"ended with {done.returncode}:\n{script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *command: object, log: Path) -> subprocess.Popen:
        """Start a process inside; its stdin is a pipe, its output goes to the end of a file."""
        with open(log, "a") as output:
            return subprocess.Popen(
                self.enter(*command),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def serve(self, *command: object) -> dict:
        """Start a server inside that says on stdout, as one line of JSON, where it listens."""
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
            raise RuntimeError(f"{command} did not begin:\n{self.log()}")
        return json.loads(line)

    def close(self) -> None:
        """End every process of it, and remove its files."""
        self.keeper.stdin.close()
        self.keeper.wait(timeout=END_SECONDS)


def sweep(folder: Path) -> None:
    """Remove what a keeper left that was killed itself."""
    for left in folder.glob("run-*/lock"):
        with open(left) as guard:
            try:
                flock(guard, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(left.parent)


def children(process: int) -> list[int]:
    """Processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
