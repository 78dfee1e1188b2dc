"""The client bundle in `~/.dask/<cluster>`: the client's key, certificate and CA, and Dask's configuration.

The output `client_bundle` of a deployment writes the same two files (`lib/aws/client-bundle.ts`).
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from distributed import Security

from cdktf_dask.client.errors import ConnectError
from cdktf_dask.client.ports import SCHEDULER_PORT
from cdktf_dask.tls.files import replace
from cdktf_dask.tls.pem import RENEW_DAYS, read_certificates, verify_pem

DASK_YAML = """\
scheduler-address: tls://{host}:{port}
distributed:
  comm:
    require-encryption: true
    tls:
      ca-file: "{folder}/client.pem"
      client:
        cert: "{folder}/client.pem"
        key: "{folder}/client.pem"
"""


class Bundle:
    """Client bundle of a cluster, which may not have been written yet."""

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        self.folder = Path("~/.dask").expanduser() / cluster
        self.pem = self.folder / "client.pem"
        self.host = f"scheduler.{cluster}.internal"
        """Name of the scheduler in the private zone, as in `lib/config/resolve.ts`."""

    def fault(self, now: datetime | None = None) -> str | None:
        """Why the certificate cannot be used, for a sentence; None if it can."""
        try:
            return verify_pem(self.pem.read_text(encoding="utf-8"), now or datetime.now(UTC))
        except FileNotFoundError:
            return "it is missing"
        except (OSError, ValueError) as error:
            return f"it cannot be read ({error})"

    def ends(self) -> datetime:
        """End of the certificate, which `fault` has found usable."""
        return read_certificates(self.pem.read_text(encoding="utf-8"))[0].not_valid_after_utc

    def near_end(self, now: datetime | None = None) -> bool:
        """Whether the scheduler has renewed the certificate since: it does so some days before its end."""
        return self.ends() - (now or datetime.now(UTC)) < timedelta(days=RENEW_DAYS)

    def write(self, pem: str) -> bool:
        """Replace both files; the old ones stay if the new certificate cannot be used.

        Returns:
            Whether the certificate is another one.

        Raises:
            ConnectError: the certificate cannot be used, or the files cannot be written.
        """
        fault = verify_pem(pem, datetime.now(UTC))
        if fault:
            hint = "run the output renew_certificates, and check the clock of this computer"
            raise ConnectError(f"the secret /dask/{self.cluster}/client cannot be used: {fault}", hint)
        text = pem.rstrip("\n") + "\n"
        yaml = DASK_YAML.format(host=self.host, port=SCHEDULER_PORT, folder=self.folder)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self.folder):
                changed = not self.pem.exists() or self.pem.read_text(encoding="utf-8") != text
                replace(self.pem, text, 0o600)
                replace(self.folder / "dask.yaml", yaml, 0o600)
        except OSError as error:
            hint = "set HOME to a folder that you can write"
            raise ConnectError(
                f"the client bundle cannot be written to {self.folder} ({error})", hint
            ) from error
        return changed

    def security(self) -> Security:
        """TLS of a client with this bundle."""
        return tls_security(self.pem)


def tls_security(pem: Path) -> Security:
    """TLS of a client, with key, certificate and CA in one file. Dask's configuration stays as it is.

    Raises:
        ConnectError: the file cannot be read.
    """
    file = str(pem)
    security = Security(require_encryption=True, tls_ca_file=file, tls_client_cert=file, tls_client_key=file)
    try:
        security.get_connection_args("client")
    except OSError as error:
        hint = "remove the file and connect again; restart a local cluster"
        raise ConnectError(f"{file} cannot be used as certificate of a client ({error})", hint) from error
    return security


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Several notebooks may refresh the bundle at the same time."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
