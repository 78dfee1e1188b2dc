"""Settings of the definition reach the workers' processes, and the values of secrets nothing else."""

import json
import tarfile

import pytest

READY_SECONDS = 90

#: Has the characters that systemd and shells treat specially.
PASSWORD = "pa\"ss'wo\\rd $HOME `id` hunter2 %h\n\tü 🙂 end"
SECRET = json.dumps({"password": PASSWORD, "port": 5432})

#: Part of the value that is the same in every notation, for searches.
PART = "hunter2"

#: `EXACT` of app.cjs.
TEXT = "a \"b\" 'c' \\n $HOME ${HOME} `id` %h 50% \\\n\tü 🙂 # x; y\n"

#: Prints what the process of the worker of its argument has, as JSON.
INSPECT = """
import json, sys
from distributed import Client

def inspect(dask_worker):
    import os, dask
    return {
        "memory": dask.config.get("distributed.worker.memory"),
        "my-lib": dask.config.get("my-lib"),
        "variables": dict(os.environ),
        "preloaded": getattr(dask_worker, "preloaded", None),
        "reloads": "reload-certificates" in dask_worker.periodic_callbacks,
        "open": os.access("/run/dask/variables.env", os.R_OK),
    }

with Client("tls://scheduler.rig.internal:8786", timeout=20) as client:
    workers = client.scheduler_info(n_workers=-1)["workers"]
    [address] = [address for address, worker in workers.items() if worker["name"] == sys.argv[1]]
    print(json.dumps(client.run(inspect, workers=[address])[address]))
"""


@pytest.fixture(scope="module")
def node(rig, cluster, baked):
    """A ready node whose pool has settings."""
    rig.aws.call("secretsmanager", "create_secret", Name="prod/db", SecretString=SECRET)
    worker = rig.clusters["settings"].worker("cpu")
    node = rig.boot("i-00000000000000091", worker, "10.77.0.91", layers=(baked,))
    node.wait_for_state("ready", READY_SECONDS)
    yield node
    node.stop()


@pytest.fixture
def process(cluster, node):
    """What the process of the node's worker has."""
    return json.loads(cluster.client.python(INSPECT, f"cpu--{node.name}"))


def test_the_worker_has_the_settings_of_dask(process):
    memory = process["memory"]
    assert (memory["target"], memory["spill"], memory["pause"]) == (0.41, 0.51, 0.8)
    assert process["my-lib"] == {"mode": "on"}


def test_the_worker_has_the_variables_with_their_exact_values(process):
    variables = process["variables"]
    assert variables["TEXT"] == TEXT
    assert variables["PLAIN"] == "of the cluster"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-central-1"


def test_the_worker_has_the_values_of_secrets(process):
    assert process["variables"]["DB_PASSWORD"] == PASSWORD
    assert process["variables"]["DB_CONFIG"] == SECRET
    assert not process["open"]


def test_the_preload_runs_next_to_that_of_the_cluster(process):
    assert process["preloaded"] == 'Worker with pa"…'
    assert process["reloads"]


def test_the_secret_is_nowhere_else(rig, node):
    assert node.run("stat --format '%U %a' /run/dask/variables.env") == "root 600"
    assert node.run("findmnt --noheadings --output FSTYPE --target /run/dask") == "tmpfs"
    for place in (
        node.run("journalctl --no-pager --output=cat"),
        node.run("ps axww -o args"),
        node.run("systemctl show dask-worker dask-node"),
        node.run("cat /var/lib/dask-node/* /usr/local/lib/dask-node/variables.json", 10),
        node.run("grep --recursive --text '' /etc/dask /etc/systemd/system"),
        node.log(),
        node.console(),
        rig.aws.calls.read_text(),
    ):
        assert place
        assert PART not in place
    bundle = rig.clusters["settings"].worker("cpu").bundle
    with tarfile.open(bundle.file) as archive:
        names = [member.name for member in archive.getmembers() if member.isfile()]
        contents = [archive.extractfile(name).read() for name in names]
    assert any(b"prod/db" in content for content in contents)
    assert not any(PART.encode() in content for content in contents)


def test_after_a_reboot_the_secret_is_read_before_the_service_starts(rig, cluster, node):
    rig.aws.put_secret("prod/db", json.dumps({"password": "changed"}))
    node.reboot()
    node.wait_for(
        "systemctl is-active --quiet dask-worker && grep --quiet changed /run/dask/variables.env",
        READY_SECONDS,
    )
    node.wait_for_state("ready", READY_SECONDS)
    process = json.loads(cluster.client.python(INSPECT, f"cpu--{node.name}"))
    assert process["variables"]["DB_PASSWORD"] == "changed"


def test_a_secret_that_does_not_exist_fails_the_boot(rig, cluster, baked):
    worker = rig.clusters["settings"].worker("unknown")
    node = rig.boot("i-00000000000000092", worker, "10.77.0.92", layers=(baked,))
    status = node.wait_for_state("failed", READY_SECONDS)
    assert (status["step"], status["exitCode"]) == ("variables", 1)
    assert status["cause"].startswith(
        "cannot read the secret prod/none of the variable TOKEN: ResourceNotFoundException: "
    )
    assert node.attempt("systemctl is-active dask-worker").stdout.strip() != "active"
    node.kill()
