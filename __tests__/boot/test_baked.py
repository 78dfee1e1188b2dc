"""A node skips the installation if its baked image has the expected digest, and installs otherwise."""

from pathlib import Path

from rig.node import Node

READY_SECONDS = 60
INSTALL_SECONDS = 240


def test_a_matching_image_skips_the_installation(rig, cluster, baked):
    digest = rig.clusters["rig"].image_contents("cpu")["digest"]
    node = rig.boot("i-00000000000000051", rig.clusters["rig"].worker("cpu"), "10.77.0.51", layers=(baked,))
    node.wait_for_state("ready", READY_SECONDS)
    assert f"the image has key {digest}, as wanted: straight to boot" in node.log()
    steps = [line.split()[2] for line in node.log().splitlines() if line.endswith(" begins")]
    assert steps == ["configuration", "certificates", "dask"]
    node.kill()


def test_another_image_is_logged_and_everything_is_installed(rig, cluster, baked):
    digest, other = (rig.clusters[name].image_contents("cpu")["digest"] for name in ("rig", "setup"))
    assert digest != other
    worker = rig.clusters["setup"].worker("cpu")
    node = rig.boot("i-00000000000000052", worker, "10.77.0.52", layers=(baked,))
    node.wait_for_state("ready", INSTALL_SECONDS)
    assert f"the image has key {digest}, wanted {other}: installing" in node.log()
    steps = [line.split()[2] for line in node.log().splitlines() if line.endswith(" begins")]
    assert sorted(steps[:2]) == ["base", "conda"]
    assert steps[2:] == ["setup-bake", "configuration", "certificates", "setup-boot-pool", "dask"]
    assert node.run("cat /opt/dask/env/.dask-node") == other
    assert_boot_script_precedes_dask(node)
    assert "user-data /data tmpfs" in node.run("cat /proc/$(pgrep --uid dask --oldest)/mounts")
    node.kill()


def assert_boot_script_precedes_dask(node: Node) -> None:
    """The boot script runs before Dask's service at the first boot and at the next."""
    assert node.run("systemctl is-active dask-worker") == "active"
    node.reboot()
    node.wait_for("systemctl is-active --quiet dask-node", READY_SECONDS, "the end of the unit")
    assert node.run("systemctl is-active dask-worker") == "active"
    assert node.run("cat /var/log/boots-of-user").splitlines() == 2 * [
        "dask-worker of dask-rig--cpu: inactive"
    ]


def test_an_image_contains_the_result_of_the_bake_script(rig, baked):
    release = rig.clusters["rig"].expectation["dask"]
    assert rig.namespaces.shell(f"cat {baked}/usr/local/share/baked-by-user") == f"dask {release}\n"


def test_an_image_contains_no_state_of_its_build_instance(rig, baked):
    assert rig.namespaces.shell(f"cat {baked}/etc/machine-id") == ""
    files = rig.namespaces.shell(f"find {baked}/var/lib/dask-node {baked}/var/log -name '*' -type f").split()
    assert f"{baked}/var/lib/dask-node/baked" in files
    assert not {"bundle", "joined", "dask-node.log", "cloud-init.log"} & {Path(file).name for file in files}
