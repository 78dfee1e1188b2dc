"""The real needrestart restarts what maps a replaced library, but neither scheduler nor workers."""

import pytest

#: Packages whose libraries every process of the image maps, and nginx.
LIBRARIES = "libc6 libssl3"

UPDATE_SECONDS = 120

#: Maps the C library, as any service of the distribution.
CONTROL = """[Unit]
Description=A service of the distribution (control)

[Service]
ExecStart=/usr/bin/sleep infinity
"""


def main_pid(host, unit: str) -> int:
    """The process of a unit that is active."""
    assert host.run(f"systemctl is-active {unit}") == "active"
    return int(host.run(f"systemctl show --value --property MainPID {unit}"))


def update(host) -> str:
    """Replace the libraries' files, as an upgrade does; what apt and its hooks print."""
    host.run("apt-get --quiet update", UPDATE_SECONDS)
    command = f"DEBIAN_FRONTEND=noninteractive apt-get install --yes --reinstall {LIBRARIES} 2>&1"
    return host.run(command, UPDATE_SECONDS)


def outdated(host) -> list[str]:
    """Services that map a replaced library, as needrestart finds them."""
    report = host.run("needrestart -b -r l")
    return [line.split(": ")[1] for line in report.splitlines() if line.startswith("NEEDRESTART-SVC")]


@pytest.mark.parametrize(
    ("member", "dask", "others"),
    [
        ("scheduler", "dask-scheduler", ["control", "dask-dashboard"]),
        ("second", "dask-worker", ["control"]),
        ("gpu", "dask-cuda-worker", ["control"]),
    ],
)
def test_an_update_restarts_all_but_dask(cluster, member, dask, others):
    host = getattr(cluster, member)
    host.write("/etc/systemd/system/control.service", CONTROL)
    host.run("systemctl daemon-reload && systemctl start control")
    before = {unit: main_pid(host, unit) for unit in (dask, *others)}
    restarted, _, deferred = update(host).partition("being deferred:")
    assert f"systemctl restart {dask}.service" in deferred
    assert [unit for unit in others if f" {unit}.service" not in restarted] == []
    # The process maps what is gone from the disk.
    assert "libc.so.6" in host.run(f"grep deleted /proc/{before[dask]}/maps")
    after = {unit: main_pid(host, unit) for unit in (dask, *others)}
    assert after[dask] == before[dask]
    assert [unit for unit in others if after[unit] == before[unit]] == []
    assert f"{dask}.service" in outdated(host)
    host.run("systemctl stop control && rm /etc/systemd/system/control.service")


def test_without_the_file_the_worker_would_be_restarted(cluster):
    """The control of the test above, on one of its hosts."""
    host = cluster.second
    file = "/etc/needrestart/conf.d/dask.conf"
    before = main_pid(host, "dask-worker")
    host.run(f"mv {file} /root")
    host.run("needrestart -r a", UPDATE_SECONDS)
    host.run(f"mv /root/dask.conf {file}")
    host.wait_for("systemctl is-active --quiet dask-worker", 30)
    assert main_pid(host, "dask-worker") != before
    host.wait_for(
        "journalctl --unit dask-worker --output cat --lines 20 | grep -q 'Registered to'", 60, "its return"
    )
