"""Runs the outputs `client_bundle` and `connect` against a scheduler with TLS, prints which clients connect.

It stands for the network of a cluster: a scheduler listens on a free port of 127.0.0.1. The name and the
private address of the cluster's scheduler resolve to it, and localhost is the end of the tunnel. A double of
the AWS CLI prints the secret of the client. Dask and TLS are real.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from distributed import Scheduler, Security

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


async def main(scratch: Path, name: str, address: str) -> None:
    given = json.load(sys.stdin)
    pem = scratch / "node.pem"
    pem.write_text(given["pem"])
    command = scratch / "aws"
    command.write_text(f"#!/bin/sh\ncat {pem}\n")
    command.chmod(0o755)
    environment = {"PATH": f"{scratch}:{os.environ['PATH']}", "HOME": str(scratch)}
    security = Security(
        tls_ca_file=str(pem),
        tls_scheduler_cert=str(pem),
        tls_scheduler_key=str(pem),
        require_encryption=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = {"host": "tls://127.0.0.1", "port": port, "dashboard_address": "127.0.0.1:0"}
    async with Scheduler(security=security, **here):
        bundle = given["bundle"].replace(":8786", f":{port}")
        subprocess.run(
            ["sh", "-c", bundle], env=environment, check=True, stdout=subprocess.DEVNULL, timeout=30
        )
        pasted = given["connect"].replace(":8786", f":{port}")
        ways = {
            "connect": pasted,
            "address": pasted.replace("localhost", address),
            "name": pasted.replace("localhost", name),
            "default": pasted.replace(f'"tls://localhost:{port}"', ""),
        }
        connected = {way: await run(connect, [name, address], environment) for way, connect in ways.items()}
    print(json.dumps(connected))


async def run(connect: str, names: list[str], environment: dict[str, str]) -> str:
    """The last line that a client prints, its error if it has one."""
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CLIENT.format(connect=connect, names=names),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(client.communicate(), 60)
    return output.decode().strip().splitlines()[-1]


asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
