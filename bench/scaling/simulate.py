"""Numbers of the autoscaler in virtual time, as a table in Markdown. Ends with 1 if one is out of its bound.

    npm run bench:scaling -- simulate [LOG]

LOG: file for the samples of a mixed load, which draw.py draws.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import autoscaler_scenarios as scenarios
from autoscaler_scenarios import CPU

MINUTE = 60


@dataclass(frozen=True)
class Row:
    """A number with its bound."""

    what: str
    measured: float
    bound: float
    exact: bool = False
    digits: int = 0

    @property
    def holds(self) -> bool:
        """Whether the number is within its bound."""
        return self.measured == self.bound if self.exact else self.measured <= self.bound

    def __str__(self) -> str:
        measured, bound = (f"{number:,.{self.digits}f}" for number in (self.measured, self.bound))
        return f"| {self.what} | {measured} | {'' if self.exact else '≤ '}{bound} |"


def flapping() -> list[Row]:
    """Loads that come and go."""
    slow, fast = (scenarios.on_and_off(CPU.idle_timeout + more) for more in (2 * MINUTE, -MINUTE))
    small, trickle = scenarios.three_short_tasks(), scenarios.one_task_a_minute()
    return [
        Row(
            "load every 7 minutes for 2 h: launches per node and hour",
            slow.started("cpu") / slow.peak("cpu") / 2,
            3600 / (CPU.idle_timeout + slow.boot),
            digits=1,
        ),
        Row("load every 4 minutes for 2 h: launches per node", fast.started("cpu") / fast.peak("cpu"), 1),
        Row("three short tasks: launches", small.started("cpu"), 1, exact=True),
        Row("a task a minute for 2 h: launches", trickle.started("cpu"), 1, exact=True),
        Row("a task a minute for 2 h: nodes drained", trickle.taken("cpu"), 0, exact=True),
    ]


def growth() -> list[Row]:
    """Much work, and providers that do not deliver."""
    burst, overflow, failing = scenarios.burst(), scenarios.no_capacity(), scenarios.failing_launches()
    noisy = max(len(scenarios.noisy_burst(seed).outs("cpu")) for seed in range(10))
    return [
        Row("10,000 tasks from zero: scale-outs", len(burst.outs("cpu")), 1, exact=True),
        Row("10,000 tasks from zero: nodes", burst.outs("cpu")[0][1], CPU.max_size, exact=True),
        Row("the same, durations wrong by up to a factor of 10: scale-outs", noisy, 1, exact=True),
        Row("no capacity: seconds until the next pool grows", overflow.outs("gpu")[0][0], 75),
        Row("no capacity: nodes desired at the end", sum(overflow.desired.values()), 0, exact=True),
        Row("every launch fails for 2 h: launches", failing.started("gpu"), 9),
    ]


def interruptions() -> list[Row]:
    """A provider that refuses changes, and an autoscaler that is killed."""
    throttled, killed = scenarios.throttled(), scenarios.killed()
    caught_up = (
        max(min(at for at, _ in throttled.outs(pool) if at > 0) for pool in throttled.pools)
        - throttled.refuses[1]
    )
    error = abs(killed.meter.total / killed.cost() - 1) * 100
    return [
        Row("changes refused for 10 minutes: seconds to catch up", caught_up, 60),
        Row("changes refused for 10 minutes: most nodes of 6", throttled.most_nodes, 6),
        Row("changes refused for 10 minutes: most USD per hour of 10", throttled.most_usd, 10, digits=2),
        Row("killed every 30 s for 10 minutes: scale-outs", len(killed.outs("cpu")), 1, exact=True),
        Row("killed every 30 s for 10 minutes: wanted nodes lost", killed.wanted_taken, 0, exact=True),
        Row("killed every 30 s for 10 minutes: error of the cost in %", error, 1, digits=2),
    ]


def speed() -> list[Row]:
    """Time of a decision."""
    milliseconds = scenarios.decision_seconds(tasks=100_000, nodes=1_000) * 1000
    return [Row("decision at 100,000 tasks and 1,000 nodes in ms", milliseconds, 50, digits=1)]


PARTS: tuple[Callable[[], list[Row]], ...] = (flapping, growth, interruptions, speed)


def main(*arguments: str) -> int:
    """Print the table, and write the log if its file is given."""
    print("| scenario | measured | bound |\n| --- | ---: | ---: |")
    holds = True
    for part in PARTS:
        for row in part():
            print(row, flush=True)
            holds = holds and row.holds
    for file in arguments:
        lines = (json.dumps(sample) for sample in scenarios.mixed().samples)
        Path(file).write_text("".join(f"{line}\n" for line in lines))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
