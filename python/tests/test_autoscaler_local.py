"""Programs of a real supervisor as nodes."""

import time
from dataclasses import replace

import pytest

from cdktf_dask.autoscaler.capacity import CapacityError
from cdktf_dask.autoscaler.capacity.local import LocalCapacity
from cdktf_dask.autoscaler.model import Capacity
from cluster import ENVIRONMENT, end
from supervised import start_supervisor

PROGRAM = """\
[program:{name}]
command={command}
autostart=false
startsecs=1
stopwaitsecs=60
"""
# Ends after SIGTERM once the file is there, like a worker that drains first.
SLOW = """sh -c 'trap ended=1 TERM; until [ "$ended" ] && [ -e drained ]; do sleep 0.1; done'"""
NAMES = ("cpu--local-0", "cpu--local-1", "cpu--local-10", "cpu--local-2", "gpu--local-0")


@pytest.fixture
def capacity(tmp_path):
    (tmp_path / "logs").mkdir()
    programs = [PROGRAM.format(name=name, command=SLOW) for name in (*NAMES, "dask-autoscaler")]
    process = start_supervisor(tmp_path, "".join(programs), ENVIRONMENT)
    capacity = LocalCapacity.of({"socket": str(tmp_path / "supervisor.sock")})
    try:
        until(capacity, lambda state: set(state) == {"cpu", "gpu"})
        yield capacity
    finally:
        (tmp_path / "drained").touch()
        end(process)


def test_programs_as_nodes(capacity, tmp_path):
    assert capacity.state() == {"cpu": Capacity(0, 0), "gpu": Capacity(0, 0)}
    capacity.grow("cpu", 3)
    assert sizes(capacity.state()) == {"cpu": Capacity(3, 3), "gpu": Capacity(0, 0)}
    # Again, and with fewer: nothing happens.
    capacity.grow("cpu", 3)
    capacity.grow("cpu", 1)
    capacity.lower("cpu", 1)
    assert sizes(capacity.state())["cpu"] == Capacity(3, 3)
    # The three with the lowest numbers run; the first is ended twice. A signal before it runs would be lost.
    running = frozenset(f"cpu--local-{number}" for number in range(3))
    until(capacity, lambda state: state["cpu"].serving == running)
    capacity.end("cpu", "cpu--local-2")
    capacity.end("cpu", "cpu--local-2")
    assert sizes(capacity.state())["cpu"] == Capacity(2, 2, ending=frozenset({"cpu--local-2"}))
    # One that ends does not start again.
    capacity.grow("cpu", 4)
    assert sizes(capacity.state())["cpu"] == Capacity(3, 3, ending=frozenset({"cpu--local-2"}))
    (tmp_path / "drained").touch()
    until(capacity, lambda state: sizes(state)["cpu"] == Capacity(3, 3))
    capacity.grow("cpu", 9)
    assert sizes(capacity.state())["cpu"] == Capacity(4, 4)
    until(capacity, lambda state: state["cpu"].serving == frozenset(NAMES[:4]))
    # A replaced one runs again once it is asked for.
    capacity.replace("cpu", "cpu--local-10")
    until(capacity, lambda state: state["cpu"].serving == frozenset(NAMES[:4]) - {"cpu--local-10"})
    until(capacity, lambda state: sizes(state)["cpu"] == Capacity(3, 3))
    capacity.grow("cpu", 4)
    until(capacity, lambda state: state["cpu"].serving == frozenset(NAMES[:4]))


def test_a_supervisor_that_does_not_run(tmp_path):
    with pytest.raises(CapacityError, match=r"^the supervisor of .* does not answer"):
        LocalCapacity(tmp_path).state()


def sizes(state):
    """The state without the programs that run: one that was started a moment ago does not yet."""
    return {pool: replace(found, serving=frozenset()) for pool, found in state.items()}


def until(capacity, condition) -> None:
    """Wait until the state of the pools is as expected."""
    deadline = time.monotonic() + 30
    while True:
        try:
            if condition(capacity.state()):
                return
        except CapacityError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.1)
