"""Finds the way to the scheduler of a cluster on AWS: direct, or through Session Manager."""

import warnings
from dataclasses import dataclass

from distributed import Security

from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.bundle import Bundle
from cdktf_dask.client.errors import ConnectError
from cdktf_dask.client.ports import SCHEDULER_PORT
from cdktf_dask.client.probe import NoAnswer, Rejected, probe
from cdktf_dask.client.progress import Progress
from cdktf_dask.client.tunnel import Tunnel

DIRECT_SECONDS = 1.5
"""For each step of a direct connection, within one region's networks a matter of milliseconds."""

TUNNEL_SECONDS = 10.0


@dataclass
class Route:
    """How to reach a scheduler."""

    address: str
    security: Security
    way: str
    """For a sentence, such as `direct`."""
    tunnel: Tunnel | None = None


class Access:
    """What the scheduler requires of a client: the certificate of the bundle, or nothing without TLS."""

    def __init__(self, name: str, region: str | None, profile: str | None, progress: Progress) -> None:
        self._options = (name, region, profile)
        self._aws: AwsCluster | None = None
        self._progress = progress
        self._fetched = False
        self.bundle = Bundle(name)
        self.security: Security | None = None
        """None as long as no bundle has been read."""

    @property
    def aws(self) -> AwsCluster:
        """The cluster on AWS; asked only if something is missing."""
        if self._aws is None:
            self._aws = AwsCluster(*self._options)
        return self._aws

    @property
    def protocol(self) -> str:
        """`tls` or `tcp`."""
        return "tls" if self.security and self.security.require_encryption else "tcp"

    def read(self) -> bool:
        """Read the bundle, and refresh it near its end. Returns whether it can be used."""
        if self.bundle.fault():
            return False
        if self.bundle.near_end():
            try:
                self.fetch()
            except ConnectError as error:
                warnings.warn(
                    f"the client certificate ends at {self.bundle.ends():%Y-%m-%d %H:%M} UTC, and cannot be "
                    f"refreshed: {error}",
                    stacklevel=2,
                )
        self.security = self.security or self.bundle.security()
        return True

    def fetch(self) -> bool:
        """Fetch the bundle. Returns whether the certificate is another one.

        Raises:
            ConnectError: it cannot be fetched.
        """
        self._progress.step(f"fetching the client certificate of {self.bundle.cluster}")
        pem = self.aws.client_pem()
        self._fetched = True
        if pem is None:
            self.security = Security(require_encryption=False)
            return True
        changed = self.bundle.write(pem)
        self.security = self.bundle.security()
        return changed

    def attempt(self, host: str, port: int, seconds: float) -> None:
        """Reach the scheduler, with a new bundle if it rejects this one.

        Raises:
            NoAnswer: no scheduler answers.
            ConnectError: it rejects the new bundle as well, or the bundle cannot be fetched.
        """
        try:
            self._probe(host, port, seconds)
        except Rejected as rejection:
            try:
                if self._fetched or not self.fetch():
                    raise rejection
                self._probe(host, port, seconds)
            except Rejected as error:
                hint = "run the output renew_certificates, then connect again"
                raise ConnectError(f"{error}, with the newest client bundle too", hint) from error

    def _probe(self, host: str, port: int, seconds: float) -> None:
        tls = self.security and self.security.get_connection_args("client").get("ssl_context")
        probe(host, port, tls or None, seconds)


def find_route(access: Access, progress: Progress) -> Route:
    """Find the way to the scheduler: its name, its private address, a tunnel. The first one that answers.

    Raises:
        ConnectError: none of them answers.
    """
    name = access.bundle.cluster
    if access.read():
        progress.step(f"looking for {access.bundle.host}")
        try:
            return _direct(access, access.bundle.host)
        except NoAnswer:
            pass
    progress.step(f"looking for the scheduler of {name} on AWS")
    scheduler = access.aws.scheduler()
    if access.security is None:
        access.fetch()
    # Without TLS, only Session Manager reaches the cluster.
    if access.protocol == "tls":
        progress.step(f"connecting to {scheduler.address}")
        try:
            return _direct(access, scheduler.address)
        except NoAnswer:
            pass
    progress.step(f"opening a tunnel to {scheduler.id} through Session Manager")
    tunnel = Tunnel(access.aws, scheduler)
    try:
        access.attempt("127.0.0.1", tunnel.port, TUNNEL_SECONDS)
    except NoAnswer as error:
        tunnel.close()
        hint = "wait if it is booting; otherwise see the outputs node_states and logs_scheduler"
        reason = f"the scheduler of {name} does not answer through the tunnel: {scheduler.explanation()}"
        raise ConnectError(reason, hint) from error
    except BaseException:
        tunnel.close()
        raise
    way = f"through Session Manager to {scheduler.id}"
    address = f"{access.protocol}://127.0.0.1:{tunnel.port}"
    return Route(address, access.security or Security(), way, tunnel)


def _direct(access: Access, host: str) -> Route:
    access.attempt(host, SCHEDULER_PORT, DIRECT_SECONDS)
    return Route(f"{access.protocol}://{host}:{SCHEDULER_PORT}", access.security or Security(), "direct")
