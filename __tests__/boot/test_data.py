"""Tasks use data in S3 with the synthesized policies, and with credentials of the metadata service."""

import json

import pytest
from doubles.instances import Instance

BUCKET = "rig-data"

#: What the pool `cpu` reads is below `in`, what it writes below `out` (app.cjs).
OBJECTS = {
    "in/numbers.csv": "a,b\n1,2\n3,4\n",
    "inner/secret.txt": "secret",
    "private/secret.txt": "secret",
    "top.txt": "top",
}

#: The administrator at the address of the client, who may use the whole bucket.
ADMINISTRATOR = Instance("10.88.0.5", "i-00000000000000c01")
ALL = {
    "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}{path}"}
        for path in ("", "/*")
    ]
}

#: Begin of each program.
PRELUDE = f"""
import json, os, sys
from distributed import Client
BUCKET = "{BUCKET}"

def attempt(calls):
    "Return the result of each call, or the name of its error."
    import s3fs
    results = {{}}
    for name, call in calls.items():
        s3fs.S3FileSystem.clear_instance_cache()
        files = s3fs.S3FileSystem()
        try:
            results[name] = eval(call, {{"files": files, "BUCKET": BUCKET}})
        except Exception as error:
            results[name] = type(error).__name__
    return results
"""

#: Runs calls of s3fs in a task, or in the scheduler's process, and prints their results.
CALLS = f"""{PRELUDE}
where, calls = sys.argv[1], json.loads(sys.argv[2])
with Client(timeout=20) as client:
    if where == "scheduler":
        results = client.run_on_scheduler(attempt, calls)
    else:
        results = client.submit(attempt, calls, resources={{where: 1}}, pure=False).result(60)
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def data(rig, cluster):
    """A bucket with the objects."""
    location = {"LocationConstraint": "eu-central-1"}
    rig.aws.call("s3", "create_bucket", Bucket=BUCKET, CreateBucketConfiguration=location)
    for key, body in OBJECTS.items():
        rig.aws.call("s3", "put_object", Bucket=BUCKET, Key=key, Body=body)
    return cluster.client


def call(client, where: str, **calls: str) -> dict:
    """Run calls of s3fs in a task that requests the resource, or in the process of the scheduler."""
    return json.loads(client.python(CALLS, where, json.dumps(calls)))


def test_a_task_reads_what_the_definition_names(data):
    assert call(
        data,
        "CPU",
        listed="files.ls(f'{BUCKET}/in')",
        read="files.cat(f'{BUCKET}/in/numbers.csv').decode()",
        exists="files.exists(f'{BUCKET}/in')",
        missing="files.exists(f'{BUCKET}/in/none')",
        glob="files.glob(f'{BUCKET}/in/*.csv')",
    ) == {
        "listed": [f"{BUCKET}/in/numbers.csv"],
        "read": OBJECTS["in/numbers.csv"],
        "exists": True,
        "missing": False,
        "glob": [f"{BUCKET}/in/numbers.csv"],
    }


def test_a_task_writes_reads_and_deletes_what_the_definition_names(rig, cluster, data):
    assert call(
        data,
        "CPU",
        folder="files.makedirs(f'{BUCKET}/out/runs', exist_ok=True)",
        nothing="files.exists(f'{BUCKET}/out')",
        written="bool(files.pipe(f'{BUCKET}/out/a.txt', b'one'))",
        replaced="bool(files.pipe(f'{BUCKET}/out/a.txt', b'two'))",
        read="files.cat(f'{BUCKET}/out/a.txt').decode()",
        large="bool(files.pipe(f'{BUCKET}/out/large', bytes(60 * 2**20)))",
        moved="files.mv(f'{BUCKET}/out/a.txt', f'{BUCKET}/out/b.txt')",
        listed="files.ls(f'{BUCKET}/out')",
        deleted="bool(files.rm(f'{BUCKET}/out', recursive=True))",
        empty="files.exists(f'{BUCKET}/out')",
    ) == {
        "folder": None,
        "nothing": False,
        "written": True,
        "replaced": True,
        "read": "two",
        "large": True,
        "moved": None,
        "listed": [f"{BUCKET}/out/b.txt", f"{BUCKET}/out/large"],
        "deleted": True,
        "empty": False,
    }
    # The credentials are those of the node that ran the task.
    callers = {request["instance"] for request in rig.aws.s3_requests(BUCKET)}
    assert callers <= {cluster.first.instance, cluster.second.instance}


def test_a_task_is_refused_outside_of_what_the_definition_names(data):
    calls = {
        "read": "files.cat(f'{BUCKET}/private/secret.txt')",
        "read a sibling": "files.cat(f'{BUCKET}/inner/secret.txt')",
        "read the top": "files.cat(f'{BUCKET}/top.txt')",
        "list": "files.ls(f'{BUCKET}/private')",
        "list a sibling": "files.ls(f'{BUCKET}/inner')",
        "list the bucket": "files.ls(BUCKET)",
        "see whether it exists": "files.exists(f'{BUCKET}/private/none')",
        "write": "files.pipe(f'{BUCKET}/private/a', b'')",
        "write what is only read": "files.pipe(f'{BUCKET}/in/a', b'')",
        "delete what is only read": "files.rm(f'{BUCKET}/in/numbers.csv')",
        "move out": "files.mv(f'{BUCKET}/in/numbers.csv', f'{BUCKET}/private/numbers.csv')",
        "create a bucket": "files.mkdir('rig-other')",
    }
    assert call(data, "CPU", **calls) == dict.fromkeys(calls, "PermissionError")


def test_a_task_of_a_pool_without_data_is_refused(data):
    calls = {"list": "files.ls(f'{BUCKET}/in')", "read": "files.cat(f'{BUCKET}/in/numbers.csv')"}
    assert call(data, "GPU", **calls) == dict.fromkeys(calls, "PermissionError")


def test_the_process_of_the_scheduler_reads_no_data(rig, cluster, data):
    read = call(data, "scheduler", read="files.cat(f'{BUCKET}/in/numbers.csv')")["read"]
    requests = rig.aws.s3_requests(BUCKET)
    answers = [one["status"] for one in requests if one["instance"] == cluster.scheduler.instance]
    # Not every host lets systemd apply IPAddressDeny=. Then the process has the role of its node.
    assert (read, set(answers)) in [("NoCredentialsError", set()), ("PermissionError", {403})]


#: Uses datasets from a client with other credentials, as the program of a user does. Prints what it read.
DATASETS = f"""{PRELUDE}
import dask.bag, dask.dataframe as dd
place = f"s3://{{BUCKET}}"
cpu = {{"resources": {{"CPU": 1}}}}
with Client(timeout=20) as client:
    numbers = dd.read_csv(f"{{place}}/in/*.csv")
    for mode in ({{}}, {{"overwrite": True}}, {{"append": True, "ignore_divisions": True}}):
        numbers.to_parquet(f"{{place}}/out", compute_kwargs=cpu, **mode)
    table = dd.read_parquet(f"{{place}}/out")
    lines = dask.bag.read_text(f"{{place}}/in/*.csv")
    print(json.dumps([int(table.a.sum().compute(**cpu)), lines.count().compute(**cpu)]))
"""


def test_client_and_workers_use_datasets_and_the_scheduler_does_not(rig, cluster, data):
    rig.aws.register(ADMINISTRATOR.address, id=ADMINISTRATOR.id, policies=[ALL])
    data.write("/root/aws-ca.pem", rig.aws.ca.read_text())
    credentials = ADMINISTRATOR.credentials
    environment = {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["Token"],
        "AWS_CA_BUNDLE": "/root/aws-ca.pem",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    before = len(rig.aws.s3_requests(BUCKET))
    program = f"import os\nos.environ.update({environment!r})\n{DATASETS}"
    # The file is there once from `overwrite`, and once from `append`.
    assert json.loads(data.python(program)) == [8, 3]
    requests = rig.aws.s3_requests(BUCKET)[before:]
    assert [request for request in requests if request["status"] == 403 and request["key"]] == []
    assert actions(requests, ADMINISTRATOR.id) == {"s3:DeleteObject", "s3:GetObject", "s3:ListBucket"}
    assert actions(requests, cluster.first.instance, cluster.second.instance) == {
        "s3:GetObject",
        "s3:PutObject",
    }
    assert actions(requests, cluster.scheduler.instance) == set()


def actions(requests: list[dict], *instances: str) -> set[str]:
    """Return the actions that the requests of instances needed."""
    return {
        action for request in requests if request["instance"] in instances for action in request["actions"]
    }
