"""Checks that the scheduler can be reached, and reports why not. Dask retries and reports only a timeout."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import NoReturn

from distributed import Client
from distributed.comm.addressing import parse_address, parse_host_port
from distributed.core import rpc
from distributed.versions import get_versions

from .equality import PROTOCOL, check_versions, packages_of
from .outcome import CheckFailed, Run

SCHEDULER_PORT = 8786
TCP_SECONDS = 5.0
"""For each step below the Dask protocol; Dask's connect timeout of 30 s covers all steps."""

TLS_PROBE_SECONDS = 2.0
"""For the probe whether a silent port speaks TLS. The port has already accepted a connection."""


async def scheduler(run: Run) -> str:
    """Resolves the name, connects, waits for the scheduler's first byte, asks for its versions."""
    protocol, location = parse_address(run.address)
    connection_args = run.security.get_connection_args("client")
    if protocol in ("tcp", "tls"):
        host, port = parse_host_port(location, SCHEDULER_PORT)
        await _probe(host, port, connection_args.get("ssl_context") if protocol == "tls" else None)
    run.note = "connected, but the scheduler does not answer"
    try:
        async with rpc(run.address, connection_args=connection_args) as remote:
            run.scheduler_versions = await remote.versions(packages=[])
    except (OSError, RuntimeError) as error:
        raise CheckFailed(f"Dask cannot connect to {run.address}: {error}", fatal=True) from error
    return f"distributed {run.scheduler_versions['packages']['distributed']} answers"


async def client(run: Run) -> str:
    """Compares the versions that the protocol depends on, then connects a client."""
    own, other = packages_of(get_versions()), packages_of(run.scheduler_versions)
    if any(own[package] != other[package] for package in PROTOCOL):
        check_versions({"this client": own, "the scheduler": other})
    run.note = "the scheduler does not accept the client"
    run.connection = await Client(
        run.address, security=run.security, asynchronous=True, set_as_default=False, name="smoke-test"
    )
    return f"same versions as the scheduler: dask {own['dask']}, python {own['python']}"


async def _probe(host: str, port: int, context: ssl.SSLContext | None) -> None:
    """A Dask listener sends first, so one byte distinguishes a live scheduler from an open port."""
    where = f"{host}:{port}"
    address = await _resolve(host, port)
    reader, writer = await _connect(address, port, where)
    try:
        if context:
            await asyncio.wait_for(writer.start_tls(context, server_hostname=host), TCP_SECONDS)
        first = await asyncio.wait_for(reader.read(1), TCP_SECONDS)
    except TimeoutError:
        if not context and await _speaks_tls(address, port):
            _fail(
                f"{where} speaks TLS: use tls://{where} with --bundle, "
                "or with --tls-ca-file, --tls-cert and --tls-key"
            )
        _fail(
            f"{where} accepts connections but sends nothing for {TCP_SECONDS:.0f} s: "
            "the scheduler is frozen, or another program listens there"
        )
    except ssl.SSLCertVerificationError as error:
        _fail(f"the certificate of {where} cannot be verified with the CA file: {error.verify_message}")
    except ssl.SSLError as error:
        if error.reason and "ALERT" in error.reason:
            _fail(f"{where} rejects the client certificate: {error.reason.lower().replace('_', ' ')}")
        _fail(_plain(where, error.reason))
    except OSError as error:
        # A plain listener may reset the connection before its answer to the TLS handshake arrives.
        if context and await _speaks_plainly(address, port):
            _fail(_plain(where, "it closed the connection"))
        _fail(f"{where} closed the connection: {str(error) or type(error).__name__}")
    finally:
        writer.close()
    if not first:
        _fail(
            f"{where} closed the connection at once: another program listens there, or it rejected the client"
        )


async def _resolve(host: str, port: int) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        _fail(
            f"the name {host} does not resolve ({error.strerror}): "
            "a private name is known only inside its network or behind its tunnel"
        )
    # Dask listens on IPv4 by default; `localhost` often resolves to ::1 first.
    return str(next((a[4][0] for a in found if a[0] == socket.AF_INET), found[0][4][0]))


async def _connect(address: str, port: int, where: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.wait_for(asyncio.open_connection(address, port), TCP_SECONDS)
    except ConnectionRefusedError:
        _fail(
            f"nothing listens on {where} (connection refused): the scheduler does not run, or on another port"
        )
    except TimeoutError:
        _fail(
            f"{where} does not answer within {TCP_SECONDS:.0f} s: the node is down, "
            "or a firewall or security group drops the packets"
        )
    except OSError as error:
        _fail(f"{where} cannot be reached: {error}")


async def _speaks_tls(address: str, port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        _, writer = await asyncio.wait_for(
            asyncio.open_connection(address, port, ssl=context), TLS_PROBE_SECONDS
        )
        writer.close()
        return True
    except (OSError, TimeoutError):
        return False


async def _speaks_plainly(address: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(address, port), TLS_PROBE_SECONDS)
        try:
            return bool(await asyncio.wait_for(reader.read(1), TLS_PROBE_SECONDS))
        finally:
            writer.close()
    except (OSError, TimeoutError):
        return False


def _plain(where: str, reason: str | None) -> str:
    return f"{where} does not speak TLS ({reason}): use tcp://{where}, or start the scheduler with TLS"


def _fail(reason: str) -> NoReturn:
    raise CheckFailed(reason, fatal=True)
