"""`connect` to a local cluster: a real one, and the record of its start as the local stack writes it."""

import json
import shutil
import subprocess
import sys
import time

import pytest

import cdktf_dask
from client_fixtures import port_of
from cluster import ENVIRONMENT, SOURCES

pytestmark = [pytest.mark.usefixtures("left"), pytest.mark.filterwarnings("error::UserWarning")]

CONNECT_SECONDS = 2
"""The goal, with the import of Dask, on an idle computer."""

SHARED_COMPUTER = 4
"""How much longer a test may take on a computer with other work."""


def record(project, address, name="local"):
    """Write what `recordRun` of `lib/local/runtime/running.ts` writes."""
    folder = project / ".dask" / name
    folder.mkdir(parents=True)
    run = {"generation": 1, "address": address, "ports": {"scheduler": port_of(address), "dashboard": 8787}}
    (folder / "run.json").write_text(json.dumps(run))
    return folder


PROGRAM = """
import time
started = time.monotonic()
import cdktf_dask
client = cdktf_dask.connect("local")
print(time.monotonic() - started)
assert client.submit(sum, [1, 2]).result(30) == 3
client.close()
"""


def test_a_program_connects_within_2_seconds(two_pools, home):
    record(home, two_pools.address)
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", PROGRAM],
        env=ENVIRONMENT | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=home,
    )
    assert done.stderr == ""
    seconds = float(done.stdout)
    print(f"connect to a local cluster, with imports: {seconds:.2f} s")
    assert seconds < CONNECT_SECONDS * SHARED_COMPUTER


def test_a_folder_below_the_project_finds_the_cluster(two_pools, home, monkeypatch):
    record(home, two_pools.address)
    (home / "notebooks" / "deep").mkdir(parents=True)
    monkeypatch.chdir(home / "notebooks" / "deep")
    with cdktf_dask.connect("local") as client:
        assert client.scheduler.address == two_pools.address
        assert client.tunnel is None
        assert client.submit(sum, [1, 2]).result(30) == 3


def test_a_path_finds_the_cluster(two_pools, home, tmp_path_factory):
    project = tmp_path_factory.mktemp("project")
    record(project, two_pools.address, "tutorial")
    cdktf_dask.connect("tutorial", path=project).close()
    cdktf_dask.connect("tutorial", path=str(project)).close()


def test_a_cluster_with_tls(secure, pki, home):
    folder = record(home, secure.address)
    (folder / "client").mkdir()
    (folder / "client" / "client.pem").write_text(pki.client)
    with cdktf_dask.connect("local") as client:
        assert client.scheduler.address == secure.address
        assert client.submit(sum, [1, 2]).result(30) == 3
    shutil.rmtree(folder / "client")
    with pytest.raises(
        cdktf_dask.ConnectError, match=r"client\.pem cannot be used as certificate of a client"
    ):
        cdktf_dask.connect("local")


def test_a_region_looks_on_aws(account, two_pools, home):
    record(home, two_pools.address, "production")
    with pytest.raises(cdktf_dask.ConnectError, match="no cluster 'production' in eu-west-1"):
        cdktf_dask.connect("production", region="eu-west-1")


def refusal(*arguments, **options) -> str:
    with pytest.raises(cdktf_dask.ConnectError) as raised:
        cdktf_dask.connect(*arguments, **options)
    return str(raised.value)


def test_no_local_cluster(home):
    assert refusal("local") == (
        f"no local cluster is running: .dask/local/run.json is neither in {home} nor above it. "
        'Hint: start it with `npm start`, or name its project: connect("local", path="…"), --path'
    )


def test_no_cluster_in_the_path(home):
    assert refusal("tutorial", path=home) == (
        f"{home} has no running cluster 'tutorial' ({home}/.dask/tutorial/run.json is missing). Hint: start "
        "the cluster with `npm start` in that folder, or name the folder that has .dask/tutorial"
    )


def test_a_cluster_that_does_not_run(home):
    folder = record(home, "tcp://127.0.0.1:9")
    assert refusal("local") == (
        f"the local cluster local in {folder} does not answer: nothing listens on 127.0.0.1:9. "
        "Hint: run `npm start` in its project, or `docker compose up` in its folder"
    )


def test_a_record_that_cannot_be_read(home):
    folder = record(home, "tcp://127.0.0.1:9")
    (folder / "run.json").write_text("{}")
    assert refusal("local") == (
        f"{folder}/run.json cannot be read (KeyError: 'address'). Hint: run `npm stop`, then `npm start`"
    )


def test_closing_is_quick_and_the_client_is_no_longer_the_default(two_pools, home):
    record(home, two_pools.address)
    client = cdktf_dask.connect("local")
    started = time.monotonic()
    client.close()
    client.close()
    assert client.status == "closed"
    assert time.monotonic() - started < CONNECT_SECONDS * SHARED_COMPUTER
