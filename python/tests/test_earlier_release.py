"""The tests of the scheduler's preloads, on Dask of the earlier release: they use internals of Dask."""

import subprocess
import sys

import pytest

from cluster import ENVIRONMENT, REPOSITORY

FILES = ("test_balance_pools.py", "test_count_demand.py", "test_drain.py", "test_serve_autoscaling.py")


@pytest.fixture(scope="module")
def python() -> str:
    """Python of an environment with the earlier release, which is installed once."""
    script = REPOSITORY / "__tests__" / "support" / "python_environment.py"
    command = [sys.executable, script, "release-2024.7"]
    made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return f"{made.stdout.strip()}/python"


@pytest.mark.timeout(600)
def test_preloads_of_the_scheduler_work_on_the_earlier_release(python):
    found = subprocess.run(
        [
            *(python, "-B", "-m", "pytest", "-q", "--show-capture=no", "-c", "python/pyproject.toml"),
            *(f"python/tests/{name}" for name in FILES),
        ],
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stdout
