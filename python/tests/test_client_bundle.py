"""The outputs `client_bundle` and `connect` against a scheduler with TLS.

A scheduler on a free port of 127.0.0.1 stands for the network of a cluster: the name and the private address
of the cluster's scheduler resolve to it, and localhost is the end of the tunnel. A double of the AWS CLI
prints the secret of the client. Dask and TLS are real.
"""

import asyncio
import os
import socket
import subprocess
import sys

import pytest
from distributed import Scheduler, Security

from cluster import ENVIRONMENT, SOURCES
from library import evaluate

OUTPUTS = """
const { clientBundle, connection } = load("aws/client-bundle");
const cluster = load("../environments/production").production;
const { hostname, privateAddress } = cluster.scheduler;
const bundle = clientBundle(cluster, load("node/plan").planNodes(cluster));
return { hostname, privateAddress, bundle, connect: connection(cluster) };
"""

CLIENT = """
import socket
resolve = socket.getaddrinfo
elsewhere = {names!r}
def resolve_here(host, *rest, **more):
    return resolve("127.0.0.1" if host in elsewhere else host, *rest, **more)
socket.getaddrinfo = resolve_here
{connect}
workers = client.scheduler_info()["workers"]
print(client.scheduler.address, "has", len(workers), "workers")
client.close()
"""


@pytest.fixture(scope="module")
def outputs():
    """Both outputs of the example `production`, with name and private address of its scheduler."""
    return evaluate(OUTPUTS)


@pytest.fixture(scope="module")
def connected(outputs, tmp_path_factory):
    """What clients print that connect as the outputs say, by their way."""
    folder = tmp_path_factory.mktemp("client")
    pems = folder / "node.pem", folder / "client.pem"
    tls = [sys.executable, "-B", "-m", "cdktf_dask.tls", "production", *pems]
    subprocess.run(tls, env=ENVIRONMENT | {"PYTHONPATH": str(SOURCES)}, check=True, timeout=60)
    command = folder / "aws"
    command.write_text(f"#!/bin/sh\ncat {pems[1]}\n")
    command.chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder)}
    return asyncio.run(connect(outputs, str(pems[0]), environment))


async def connect(outputs: dict, pem: str, environment: dict[str, str]) -> dict[str, str]:
    """Run the scheduler, then the command of the bundle, then a client for each way."""
    name, address = outputs["hostname"], outputs["privateAddress"]
    keys = {"tls_ca_file": pem, "tls_scheduler_cert": pem, "tls_scheduler_key": pem}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = {"host": "tls://127.0.0.1", "port": port, "dashboard_address": "127.0.0.1:0"}
    async with Scheduler(security=Security(**keys, require_encryption=True), **here):
        bundle = outputs["bundle"].replace(":8786", f":{port}")
        subprocess.run(["sh", "-c", bundle], env=environment, check=True, timeout=30)
        pasted = outputs["connect"].replace(":8786", f":{port}")
        ways = {
            "localhost": pasted,
            "address": pasted.replace("localhost", address),
            "name": pasted.replace("localhost", name),
            "default": pasted.replace(f'"tls://localhost:{port}"', ""),
        }
        return {way: await last_line(code, [name, address], environment) for way, code in ways.items()}


async def last_line(code: str, names: list[str], environment: dict[str, str]) -> str:
    """The last line that a client prints, its error if it has one."""
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CLIENT.format(connect=code, names=names)),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(client.communicate(), 60)
    return output.decode().strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("way", "host"),
    [
        pytest.param("localhost", "localhost", id="as pasted, at the end of the tunnel"),
        pytest.param("address", "privateAddress", id="with the private address of the scheduler"),
        pytest.param("name", "hostname", id="with the name of the scheduler"),
        pytest.param("default", "hostname", id="with the default address of the bundle"),
    ],
)
def test_a_client_connects(outputs, connected, way, host):
    address, _, rest = connected[way].rpartition(":")
    assert address == f"tls://{outputs.get(host, host)}"
    assert rest.partition(" ")[2] == "has 0 workers"
