"""Boot step `dashboard`: starts the reverse proxy of the dashboard with the password in its secret.

    run.sh dashboard [renew]

Creates a password if the secret has no value yet; `renew` always creates a new one. No command line and no
log has the password.
"""

import json
import secrets
import ssl
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from cdktf_dask.node.aws import Aws, Secrets, read_secret, write_secret
from cdktf_dask.node.metadata import Metadata
from cdktf_dask.node.settings import NODE_PEM, read_settings
from cdktf_dask.tls.files import replace

SECRET = "dashboard"
PASSWORD_BYTES = 16
PASSWORD_FILE = Path("/etc/dask/dashboard.htpasswd")
"""nginx reads it at each request."""

ORIGINS_FILE = Path("/etc/dask/origins.json")
"""Dask reads it after `dask.yaml`, whose origins it replaces."""

UNIT = "dask-dashboard.service"
ANSWER_SECONDS = 15


def main(store: Secrets, port: str, *, renew: bool = False) -> None:
    """Runs the step; the scheduler's node has its certificate already.

    Raises:
        SystemExit: the step failed, with the cause.
    """
    path = store.path(SECRET)
    write_password(new_password(store) if renew else password(store))
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "enable", "--quiet", UNIT], check=True)
    # Not a reload: pages that an old password opened end here.
    subprocess.run(["systemctl", "restart", UNIT], check=False)
    # Not localhost, which a node without /etc/hosts does not resolve.
    status = wait_for_proxy(f"https://127.0.0.1:{port}/")
    if status != HTTPStatus.UNAUTHORIZED:
        journal = ["journalctl", "--unit", UNIT, "--lines", "1", "--output", "cat"]
        line = subprocess.run(journal, capture_output=True, text=True, check=False).stdout.strip()
        sys.exit(f"the reverse proxy of the dashboard: got {status}, expected status 401: {line}")
    print(f"the dashboard asks for the user dask and the password in the secret {path}", flush=True)


def password(store: Secrets) -> str:
    """The password in the secret; a new one if the secret has no value yet."""
    value = read_secret(store, SECRET)
    if value is None:
        return new_password(store)
    if not value.strip():
        sys.exit(
            f"{store.path(SECRET)}: got an empty secret, expected a password. Hint: run.sh dashboard renew"
        )
    return value


def new_password(store: Secrets) -> str:
    """A new password, which is in the secret from now on."""
    value = secrets.token_hex(PASSWORD_BYTES)
    write_secret(store, SECRET, value)
    print("the password of the dashboard is new", flush=True)
    return value


def write_origins(hosts: list[str], port: str) -> None:
    """Lets browsers open the dashboard by these hosts, and by the address of this node, which EC2 chose."""
    origins = [f"{host}:{port}" for host in [*hosts, Metadata().address()]]
    bokeh = {"allow_websocket_origin": origins}
    config = {"distributed": {"scheduler": {"dashboard": {"bokeh-application": bokeh}}}}
    replace(ORIGINS_FILE, json.dumps(config), 0o644)


def write_password(value: str) -> None:
    """Writes the hash of the password for nginx; no other user can read it."""
    # By standard input, because all users see command lines.
    hashing = ["openssl", "passwd", "-6", "-stdin"]
    line = subprocess.run(hashing, input=f"{value}\n", capture_output=True, text=True, check=True).stdout
    options = ("-o", "www-data", "-g", "www-data", "-m", "0400")
    command = ["install", *options, "/dev/stdin", str(PASSWORD_FILE)]
    subprocess.run(command, input=f"dask:{line}", text=True, check=True)


def wait_for_proxy(url: str) -> int | str:
    """Status with which the proxy answers, once it does; otherwise the last error."""
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=NODE_PEM)))
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            with opener.open(url, timeout=ANSWER_SECONDS) as response:
                status: int = response.status
            return status
        except HTTPError as error:
            return error.code
        except OSError as error:
            reason = str(error.reason if isinstance(error, URLError) else error)
        if time.monotonic() > deadline:
            return reason
        time.sleep(0.2)


if __name__ == "__main__":
    settings = read_settings()
    if "DASHBOARD_HOSTS" in settings:
        write_origins(settings["DASHBOARD_HOSTS"].split(","), settings["DASHBOARD_PORT"])
    main(Secrets(Aws(), settings["CLUSTER"]), settings["DASHBOARD_PORT"], renew="renew" in sys.argv[1:])
