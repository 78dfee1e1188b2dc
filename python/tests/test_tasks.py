"""How the functions that run on workers are pickled."""

import pickle
import subprocess
import sys

import pytest

from cdktf_dask.smoke_test import tasks
from cluster import ENVIRONMENT

LOAD = """
import pickle, sys
function = pickle.load(sys.stdin.buffer)
print(type(function).__name__, function.__name__, "cdktf_dask" in sys.modules)
"""


@pytest.mark.parametrize(
    "name", ["add_squares", "place_of_work", "gpu_squares", "memory_settings", "write_probe"]
)
def test_pickle_has_the_code_of_the_function(name):
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        input=pickle.dumps(getattr(tasks, name)),
        env=ENVIRONMENT,
        capture_output=True,
        timeout=30,
    )
    assert done.stdout.decode() == f"function {name} False\n", done.stderr.decode()
