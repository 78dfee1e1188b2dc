"""Nodes of a group leave under load, each way: nothing is lost, computed again or started twice."""

import pytest
from rig.group import GuestGroup
from rig.load import Load, Starts
from rig.rounds import KINDS, ZEROS, Costs, Rounds, name_of

SIZE, ROUNDS = 3, 2

#: Timeout of the rounds of a kind. The first also boots the nodes.
SECONDS = 900

NONE = {name: [] for name in ZEROS}


@pytest.fixture(scope="module")
def rounds(rig, cluster, baked):
    """Rounds with a group of baked nodes. Meanwhile, the cluster has no other workers."""
    units = {
        cluster.first: "dask-worker",
        cluster.second: "dask-worker",
        cluster.gpu: "dask-cuda-worker",
    }
    for node, unit in units.items():
        node.run(f"systemctl stop {unit}", SECONDS)
    starts = Starts(rig)
    group = GuestGroup(rig, "cpu", (baked,), starts.options)
    load = Load(cluster.client, f"tls://{rig.clusters['rig'].hostname}:8786", starts)
    group.resize(SIZE)
    yield Rounds(group, load, SIZE)
    load.close()
    group.close()
    for node, unit in units.items():
        node.run(f"systemctl start {unit}")


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_node_that_leaves_under_load_loses_nothing(rounds, kind):
    costs = Costs(kind)
    rounds.run(costs, ROUNDS)
    assert costs.found == NONE
    assert costs.tasks > 100
    assert max(costs.seconds) < 75


@pytest.mark.timeout(SECONDS)
def test_a_p2p_shuffle_ends_before_a_spot_instance_leaves(rounds):
    group, load = rounds.group, rounds.load
    group.wait_for_service(SIZE)
    node = group.in_service[0]
    load.ask("shuffle")
    [participants] = load.ask("shuffles").values()
    assert name_of(node) in participants
    group.interrupt(node)
    assert load.ask("shuffled") == 0
    load.ask("gone", name_of(node))
    assert {name: found for name, found in load.ask("counts").items() if name in ZEROS} == NONE
