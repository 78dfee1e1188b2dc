"""The files of a node's bundle that are Python."""

import subprocess
import sys
from pathlib import Path

import pytest

from library import evaluate

FOLDER = "/usr/local/lib/dask-node/python/"

FILES = """
const { production } = load("../environments/production");
const { planNodes } = load("node/plan");
const plan = planNodes(production);
const worker = plan.pools.find(({ pool }) => pool.name === "cpu").node;
return { scheduler: plan.scheduler.files, worker: worker.files };
"""


@pytest.mark.parametrize(
    ("node", "module"), [("worker", "cdktf_dask.node.aws"), ("scheduler", "cdktf_dask.status_page.facts")]
)
def test_each_module_can_be_imported_with_the_packages_of_a_node_and_the_files_of_its_bundle_only(
    node, module, tmp_path
):
    files = {Path(file["path"]): file["content"] for file in evaluate(FILES)[node]}
    names = [path.relative_to(FOLDER) for path in files if path.is_relative_to(FOLDER)]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(files[FOLDER / name])
    modules = [".".join(name.with_suffix("").parts) for name in names if name.stem != "__main__"]
    imported = [module.removesuffix(".__init__") for module in modules]
    assert module in imported
    done = subprocess.run(
        [sys.executable, "-BPc", f"import {', '.join(imported)}"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
