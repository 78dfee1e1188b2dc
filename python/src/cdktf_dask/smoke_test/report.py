"""Output: progress, one line a check, the JSON document, and the next step for the user."""

from __future__ import annotations

import json
import sys
import time

from .outcome import ABSENT, FAILED, PASSED, Outcome

SCHEDULER_LOG = "the scheduler's log (under systemd: journalctl -u dask-scheduler)"
WORKER_LOG = "the worker's log (under systemd: journalctl -u dask-worker, on GPU nodes -u dask-cuda-worker)"

NEXT_STEP = {
    "expectation": "write the expectation to a file and name it with --expect",
    "scheduler": f"check the address, that the scheduler runs, and {SCHEDULER_LOG}",
    "client": "run this in an environment with the cluster's release (dask, distributed and Python alike)",
    "pools": f"read, on the node of the worker that is named or missing, {WORKER_LOG}",
    "versions": "install the locked requirements of the release where the versions differ, and restart there",
    "computation": f"check that the workers may reach each other's worker ports, and read {WORKER_LOG}",
    "placement": f"compare the worker's --resources with the definition, and read {WORKER_LOG}",
    "gpu": f"run nvidia-smi on the worker's node, and read {WORKER_LOG}",
    "spill": "compare memoryLimit and spill of the pool with its nodes, or look at owner and free space of "
    "that directory (ls -ld, df -h); then restart the worker",
    "balance": f"look at the workers' memory and task stream on the dashboard, and read {WORKER_LOG}",
}


class Report:
    """Collects the outcomes; with `as_json`, progress goes to stderr and one document to stdout."""

    def __init__(self, address: str, as_json: bool, bundle: str | None = None) -> None:
        self.address, self.as_json, self.bundle = address, as_json, bundle
        self.cluster: str | None = None
        self.outcomes: list[Outcome] = []
        self.current = "expectation"
        self._started = time.monotonic()

    def begin(self, cluster: str | None, timeout: float) -> None:
        """Prints the first line."""
        self.cluster = cluster
        self.say(f"smoke test of {cluster or 'a cluster'} at {self.address}, at most {timeout:.0f} s")

    def say(self, line: str) -> None:
        """Prints a line of progress at once."""
        print(line, file=sys.stderr if self.as_json else sys.stdout, flush=True)

    def running(self, name: str, seconds: float, note: str) -> None:
        """Prints the progress of a check."""
        self.say(f"  {'…':7} {name:11} {seconds:5.1f} s  {note or 'running'}")

    def ended(self, outcome: Outcome) -> None:
        """Adds an outcome and prints its line."""
        self.outcomes.append(outcome)
        self.say(f"  {outcome.status:7} {outcome.name:11} {outcome.seconds:5.1f} s  {outcome.detail}")

    @property
    def passed(self) -> bool:
        """At least one check passed, and every other one is absent."""
        statuses = [outcome.status for outcome in self.outcomes]
        return PASSED in statuses and all(status in (PASSED, ABSENT) for status in statuses)

    def next_step(self) -> str:
        """The next step for the user, as a sentence."""
        failed = next((outcome for outcome in self.outcomes if outcome.status == FAILED), None)
        if failed is None:
            configuration = f"DASK_CONFIG={self.bundle}/dask.yaml and " if self.bundle else ""
            scheduler = "" if self.bundle else f'"{self.address}"'
            return f"the cluster is ready: connect with {configuration}distributed.Client({scheduler})"
        return f"{failed.name} failed first; next: {NEXT_STEP[failed.name]}"

    def finish(self) -> None:
        """Prints the last line; in JSON mode also the document."""
        counts = [
            (status, sum(o.status == status for o in self.outcomes)) for status in _in_order(self.outcomes)
        ]
        seconds = time.monotonic() - self._started
        self.say(
            f"{', '.join(f'{n} {status}' for status, n in counts)} in {seconds:.1f} s; {self.next_step()}"
        )
        if self.as_json:
            document = {
                "cluster": self.cluster,
                "address": self.address,
                "passed": self.passed,
                "seconds": round(seconds, 2),
                "checks": [vars(outcome) for outcome in self.outcomes],
                "next": self.next_step(),
            }
            print(json.dumps(document, indent=2), flush=True)


def _in_order(outcomes: list[Outcome]) -> list[str]:
    return list(dict.fromkeys(outcome.status for outcome in outcomes))
