"""The command line, read and checked before anything is connected."""

from __future__ import annotations

import argparse
import os

import dask
from distributed import Security
from distributed.comm.addressing import parse_address, parse_host_port
from distributed.comm.registry import get_backend

from .connection import SCHEDULER_PORT

EXPECTATION = "expectation"
"""File of a bundle with what the definition promises: `EXPECTATION_FILE` of `lib/node/expectation.ts`."""


def read_options(description: str, epilog: str, arguments: list[str] | None) -> argparse.Namespace:
    """Options with `address` and `security` checked; ends the process with exit code 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="dask-smoke-test", description=description, epilog=epilog)
    parser.add_argument(
        "address",
        nargs="?",
        help="the scheduler's address, such as tls://10.0.0.10:8786 (default: that of Dask's configuration)",
    )
    parser.add_argument(
        "--bundle",
        metavar="DIRECTORY",
        help="folder of the client bundle, with dask.yaml and certificates",
    )
    parser.add_argument(
        "--expect",
        metavar="FILE.json",
        help="expected pools and versions; - reads stdin "
        "(default: the file expectation next to the dask.yaml of --bundle or DASK_CONFIG)",
    )
    parser.add_argument(
        "--timeout", type=seconds, default=120.0, metavar="SECONDS", help="for all checks (default: 120)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, progress on stderr")
    for option in ("--tls-ca-file", "--tls-cert", "--tls-key"):
        parser.add_argument(option, type=readable, metavar="FILE.pem")
    options = parser.parse_args(arguments)
    try:
        if options.bundle:
            read_bundle(readable(os.path.join(options.bundle, "dask.yaml")))
        options.address = check_address(options.address or dask.config.get("scheduler-address", ""))
        options.security = read_security(options, options.address)
        options.expect = options.expect or default_expectation(options.bundle)
        if options.expect not in (None, "-"):
            readable(options.expect)
    except (ValueError, OSError, argparse.ArgumentTypeError) as error:
        parser.error(str(error))
    return options


def read_bundle(file: str) -> None:
    """Gives the bundle's settings precedence over Dask's others. Raises ValueError if it is not YAML."""
    for settings in dask.config.collect_yaml([file]):
        dask.config.update(dask.config.config, settings)


def default_expectation(bundle: str | None) -> str | None:
    """`expectation` of the bundle, or of the configuration that DASK_CONFIG names; None without one."""
    place = bundle or os.environ.get("DASK_CONFIG")
    if not place:
        return None
    folder = place if os.path.isdir(place) else os.path.dirname(place)
    file = os.path.join(folder, EXPECTATION)
    return file if os.path.exists(file) else None


def check_address(address: str) -> str:
    """The address with its protocol. Raises ValueError without address or host, or for a wrong port."""
    if not address:
        raise ValueError("give the scheduler's address, or a --bundle whose dask.yaml has scheduler-address")
    protocol, location = parse_address(address)
    get_backend(protocol)  # raises for an unknown protocol, and names the known ones
    if protocol in ("tcp", "tls"):
        host, port = parse_host_port(location, SCHEDULER_PORT)
        if not host or not 0 < port < 65536:
            raise ValueError(f"address {address!r}: must be like tcp://host:8786")
        location = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{protocol}://{location}"


def read_security(options: argparse.Namespace, address: str) -> Security:
    """From the options, or from Dask's configuration (distributed.comm.tls), which includes the bundle."""
    given = [options.tls_ca_file, options.tls_cert, options.tls_key]
    if any(given) and not all(given):
        raise ValueError("--tls-ca-file, --tls-cert and --tls-key: give all three or none")
    if any(given) and options.bundle:
        raise ValueError("--bundle has the certificates: give it, or the options --tls-…, not both")
    if any(given) and not address.startswith("tls://"):
        raise ValueError(f"address {address!r}: with --tls-… it must begin with tls://")
    security = (
        Security(
            tls_ca_file=given[0], tls_client_cert=given[1], tls_client_key=given[2], require_encryption=True
        )
        if any(given)
        else Security()
    )
    try:
        context = security.get_connection_args("client").get("ssl_context")
    except OSError as error:  # OpenSSL's, which does not name the file
        tls = security.get_tls_config_for_role("client")
        files = sorted({file for file in (tls["ca_file"], tls["cert"], tls["key"]) if file})
        raise ValueError(f"no certificate can be read from {', '.join(files)}: {error}") from error
    if address.startswith("tls://") and not context:
        raise ValueError("tls:// needs --bundle, or --tls-ca-file, --tls-cert and --tls-key")
    return security


def seconds(text: str) -> float:
    """A positive number of seconds."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be above 0, is {text}")
    return value


def readable(path: str) -> str:
    """A file that this user can read."""
    if not os.access(path, os.R_OK) or not os.path.isfile(path):
        raise argparse.ArgumentTypeError(f"{path} is not a readable file")
    return path
