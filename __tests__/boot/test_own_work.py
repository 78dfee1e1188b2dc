"""The program of examples/bring-your-own runs on all nodes, from a client of the command `client`."""

from rig.own_work import EXAMPLE

BUCKET = "rig-own-work"
PREFIX = "demo"

#: What each process prints.
OWN = ["word-counts 1.0", "256MiB", "hello"]


def test_the_program_uses_packages_data_and_settings_on_all_nodes(rig, cluster, tmp_path):
    location = {"LocationConstraint": "eu-central-1"}
    rig.aws.call("s3", "create_bucket", Bucket=BUCKET, CreateBucketConfiguration=location)
    texts = sorted((EXAMPLE / "texts").glob("*.txt"))
    for text in texts:
        rig.aws.call(
            "s3", "upload_file", Filename=str(text), Bucket=BUCKET, Key=f"{PREFIX}/texts/{text.name}"
        )
    python = rig.own_work.make_client()
    for folder in (rig.own_work.folder, EXAMPLE, rig.own_work.python.prefix):
        cluster.client.lend(folder)

    done = cluster.client.run(
        str(python), str(EXAMPLE / "program.py"), "rig", f"s3://{BUCKET}/{PREFIX}", seconds=120
    )

    assert done.returncode == 0, done.stderr
    result, *processes = done.stdout.splitlines()
    assert result == "hello: 21 words, mostly the"
    stored = tmp_path / "result.txt"
    rig.aws.call("s3", "download_file", Filename=str(stored), Bucket=BUCKET, Key=f"{PREFIX}/result.txt")
    assert stored.read_text() == result
    found = {name: fields for name, *fields in (line.split("  ") for line in processes)}
    assert sorted(name.split("--")[0] for name in found) == ["cpu", "cpu", "gpu", "scheduler:"]
    for fields in found.values():
        assert fields[2:] == OWN
        assert fields[0].startswith("humanize 4.")
        assert fields[1].startswith("more-itertools ")
