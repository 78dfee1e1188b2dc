"""A bundle that cannot be downloaded fails the boot: in the log, on the console, in the tag, to the hook."""

from rig.network import DOUBLES
from test_faults import assert_abandoned

#: Timeout for a boot without installation, including pauses between rejected requests.
BOOT_SECONDS = 60

S3 = "s3.eu-central-1.amazonaws.com"
BUCKET = "dask-rig--eu-central-1--123456789012"
LONELY = "dask-lonely--eu-central-1--123456789012"


def assert_not_downloaded(rig, node, cause):
    """Asserts that the step `bundle` failed and no other step started."""
    status = node.wait_for_state("failed", BOOT_SECONDS)
    assert (status["step"], status["exitCode"]) == ("bundle", 1)
    assert_abandoned(rig, node, "bundle", cause, "dask-bundle")
    assert " begins" not in node.log()
    node.kill()


def test_a_role_without_access_to_the_bundle_fails_the_boot(rig):
    worker = rig.clusters["lonely"].worker("cpu")
    node = rig.boot("i-0000000000000b201", worker, "10.77.0.201", policies=[])
    cause = f"cannot download the bundle from {LONELY}.{S3}: AccessDenied: Access Denied"
    assert_not_downloaded(rig, node, cause)


def test_a_bundle_with_another_checksum_fails_the_boot(rig, tmp_path):
    worker = rig.clusters["lonely"].worker("cpu")
    other = tmp_path / "other"
    other.write_text("other")
    rig.aws.upload(worker.bundle, other)
    try:
        node = rig.boot("i-0000000000000b202", worker, "10.77.0.202")
        checksum = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
        assert_not_downloaded(
            rig, node, f"the bundle from {LONELY}.{S3} has the checksum {checksum}: not used"
        )
    finally:
        rig.aws.upload(worker.bundle)


def test_a_network_without_a_route_to_s3_fails_the_boot(rig):
    worker = rig.clusters["rig"].worker("cpu")
    node = rig.boot("i-0000000000000b203", worker, "10.77.0.203", unreachable=(DOUBLES["s3"],))
    name = f"{BUCKET}.{S3}"
    cause = f"cannot download the bundle from {name}: curl: (7) Failed to connect to {name} port 443"
    assert_not_downloaded(rig, node, cause)


def test_a_missing_bucket_fails_the_boot(rig):
    worker = rig.clusters["unstored"].worker("cpu")
    node = rig.boot("i-0000000000000b204", worker, "10.77.0.204")
    cause = (
        f"cannot download the bundle from dask-rig-unstored.{S3}: "
        "NoSuchBucket: The specified bucket does not exist"
    )
    assert_not_downloaded(rig, node, cause)


def test_a_scheduler_without_a_bundle_signals_the_failure(rig):
    unstored = rig.clusters["unstored"]
    rig.aws.create_wait_condition(unstored)
    node = rig.boot("i-0000000000000b205", unstored.scheduler, "10.77.0.205")
    node.wait_for_state("failed", BOOT_SECONDS)
    node.wait_for("systemctl is-failed --quiet dask-bundle", BOOT_SECONDS)
    [signal] = rig.aws.signals_of(unstored)
    assert (signal["Status"], signal["UniqueId"]) == ("FAILURE", node.instance)
    assert signal["Reason"] == (
        f"step bundle failed with exit code 1: cannot download the bundle from dask-rig-unstored.{S3}: "
        "NoSuchBucket: The specified bucket does not exist"
    )
    node.kill()


def test_a_node_downloads_its_bundle_once(rig, baked):
    worker = rig.clusters["lonely"].worker("cpu")
    node = rig.boot("i-0000000000000b206", worker, "10.77.0.206", layers=(baked,))
    node.wait_for(
        "systemctl is-active --quiet dask-bundle || test -e /var/lib/dask-node/bundle", BOOT_SECONDS
    )
    node.wait_for("test -e /etc/dask/node.env", BOOT_SECONDS)
    assert node.run("stat --format='%U %a %n' /usr/local/lib/dask-node/bootstrap.sh /etc/dask/node.env") == (
        "root 755 /usr/local/lib/dask-node/bootstrap.sh\nroot 644 /etc/dask/node.env"
    )
    node.run("systemctl restart dask-bundle")
    assert node.log().count("downloading https://") == 1
    node.kill()
