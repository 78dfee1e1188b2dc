"""Boot step `certificates`: creates, fetches and renews the certificate of this node.

    run.sh certificates [renew]

The scheduler's node is the CA of the cluster. It stores the CA, the certificate of all workers and that of
clients in secrets, and signs its own certificate. Each of them stays until it has to be renewed; `renew`
renews all but the CA. The node of a worker waits for the workers' certificate. A timer runs this again, daily
or hourly, and Dask loads a renewed certificate while it runs. No key appears in a command line, a log or a
temporary file.
"""

import pwd
import subprocess
import sys
import time
from datetime import UTC, datetime

from cdktf_dask.node.aws import Aws, AwsError, Secrets, read_secret, write_secret
from cdktf_dask.node.metadata import Metadata
from cdktf_dask.node.settings import NODE_PEM, read_settings
from cdktf_dask.tls.ca import CERTIFICATE_DAYS, Profile, create_ca, issue
from cdktf_dask.tls.files import replace
from cdktf_dask.tls.pem import describe, needs_renewal, verify_pem

SERVICE_USER = "dask"

CA = "authority"
"""Name of the CA's secret. With another name, existing clusters would get a new secret, and a new CA."""

POLL_SECONDS = 5
PROGRESS_SECONDS = 30
"""How often an unchanged state is printed again."""


class Issuer:
    """The CA of a cluster. It issues the certificates that are missing or have to be renewed."""

    def __init__(self, store: Secrets, cluster: str, *, renew: bool) -> None:
        """Reads the CA from its secret, or creates it.

        Raises:
            SystemExit: the secret cannot be read or written.
        """
        self._store, self._cluster, self._renew = store, cluster, renew
        self._now = datetime.now(UTC)
        ca = read_secret(store, CA)
        # A CA has to last longer than the certificates that it signs.
        if ca is None or needs_renewal(ca, ca, self._now, CERTIFICATE_DAYS):
            ca = create_ca(cluster, self._now)
            self._write(CA, ca, "the CA")
        self._ca = ca

    def update_secret(self, name: str, profile: Profile) -> None:
        """Renews the certificate in a secret if necessary.

        Raises:
            SystemExit: the secret cannot be read or written.
        """
        pem = read_secret(self._store, name)
        current = self.current(pem, name, profile)
        if current == pem:
            print(f"the certificate of {name} is unchanged: {describe(current)}", flush=True)
        else:
            self._write(name, current, f"the certificate of {name}")

    def current(self, pem: str | None, name: str, profile: Profile, names: tuple[str, ...] = ()) -> str:
        """A certificate as it is, or a new one if it is missing or has to be renewed."""
        if pem is not None and not self._renew and not needs_renewal(pem, self._ca, self._now):
            return pem
        return issue(self._ca, f"{name} of {self._cluster}", profile, self._now, names=names)

    def _write(self, name: str, pem: str, title: str) -> None:
        write_secret(self._store, name, pem)
        print(f"{title} is new: {describe(pem)}", flush=True)


def issue_all(store: Secrets, cluster: str, names: tuple[str, ...], *, renew: bool = False) -> str:
    """Updates the secrets of the cluster, and returns the PEM of the scheduler's node.

    Raises:
        SystemExit: a secret cannot be read or written.
    """
    issuer = Issuer(store, cluster, renew=renew)
    issuer.update_secret("worker", Profile.NODE)
    issuer.update_secret("client", Profile.CLIENT)
    own = NODE_PEM.read_text() if NODE_PEM.exists() else None
    return issuer.current(own, "scheduler", Profile.NODE, names)


def wait_for_secret(store: Secrets, seconds: float) -> str:
    """Returns the PEM of all workers once the scheduler has stored one that can be used.

    Raises:
        SystemExit: there is none after `seconds`, with the reason.
    """
    start = time.monotonic()
    printed = start - PROGRESS_SECONDS
    while True:
        pem, reason = _workers_pem(store)
        if reason is None:
            return pem
        waited = time.monotonic() - start
        line = f"no certificate after {waited:.0f} s: {reason}"
        if waited >= seconds:
            sys.exit(line)
        if start + waited - printed >= PROGRESS_SECONDS:
            print(f"{line}; waiting up to {seconds:.0f} s", flush=True)
            printed = start + waited
        time.sleep(POLL_SECONDS)


def _workers_pem(store: Secrets) -> tuple[str, str | None]:
    """Value of the workers' secret, and why it cannot be used."""
    path = store.path("worker")
    try:
        pem = store.get("worker")
    except AwsError as error:
        return "", f"cannot read the secret {path}: {error}"
    if pem is None:
        return "", f"the scheduler has stored none in the secret {path} yet"
    reason = verify_pem(pem, datetime.now(UTC))
    return pem, reason and f"the secret {path} cannot be used: {reason}"


def put_in_place(pem: str) -> None:
    """Makes a PEM the certificate of this node, which only the service user can read.

    Raises:
        SystemExit: it cannot be used; the old one stays.
    """
    reason = verify_pem(pem, datetime.now(UTC))
    if reason is not None:
        sys.exit(f"the new certificate of this node is not used: {reason}")
    if NODE_PEM.exists() and NODE_PEM.read_text() == pem:
        print(f"the certificate of this node is unchanged: {describe(pem)}", flush=True)
        return
    NODE_PEM.parent.mkdir(mode=0o755, exist_ok=True)
    user = pwd.getpwnam(SERVICE_USER)
    replace(NODE_PEM, pem, 0o400, (user.pw_uid, user.pw_gid))
    print(f"the certificate of this node is new: {describe(pem)}", flush=True)


def reload_dashboard() -> None:
    """Makes the dashboard proxy load the certificate if it runs."""
    unit = "dask-dashboard.service"
    if subprocess.run(["systemctl", "--quiet", "is-active", unit], check=False).returncode == 0:
        subprocess.run(["systemctl", "reload", unit], check=True)


def main(settings: dict[str, str], *, renew: bool) -> None:
    """Runs the step.

    Raises:
        SystemExit: the step failed, with the cause.
    """
    cluster = settings["CLUSTER"]
    if settings["CERTIFICATE_ROLE"] == "ca":
        # An address that EC2 chose is known only here, and stays for the life of the instance.
        names = tuple(dict.fromkeys([*settings["CERTIFICATE_NAMES"].split(","), Metadata().address()]))
        put_in_place(issue_all(Secrets(Aws(), cluster), cluster, names, renew=renew))
        reload_dashboard()
    else:
        # `wait_for_secret` repeats the call, and prints why.
        store = Secrets(Aws(retry_seconds=0), cluster)
        put_in_place(wait_for_secret(store, float(settings["JOIN_SECONDS"])))
    subprocess.run(["systemctl", "enable", "--quiet", "--now", "dask-certificates.timer"], check=True)


if __name__ == "__main__":
    main(read_settings(), renew="renew" in sys.argv[1:])
