"""needrestart restarts services that use a replaced library, but neither scheduler nor workers."""

import pytest

#: Packages with libraries that all processes of the image, or nginx, use.
LIBRARIES = "libc6 libssl3"

UPDATE_SECONDS = 120

#: Control: a service of the distribution, which uses the C library.
CONTROL = """[Unit]
Description=A service of the distribution (control)

[Service]
ExecStart=/usr/bin/sleep infinity
"""


def main_pid(node, unit: str) -> int:
    """Return the main process of an active unit."""
    assert node.run(f"systemctl is-active {unit}") == "active"
    return int(node.run(f"systemctl show --value --property MainPID {unit}"))


def update(node) -> str:
    """Reinstall the libraries, as an upgrade does. Returns the output of apt and its hooks."""
    node.run("apt-get --quiet update", UPDATE_SECONDS)
    command = f"DEBIAN_FRONTEND=noninteractive apt-get install --yes --reinstall {LIBRARIES} 2>&1"
    return node.run(command, UPDATE_SECONDS)


def outdated(node) -> list[str]:
    """Return the services that needrestart finds with a replaced library."""
    report = node.run("needrestart -b -r l")
    return [line.split(": ")[1] for line in report.splitlines() if line.startswith("NEEDRESTART-SVC")]


@pytest.mark.parametrize(
    ("name", "dask", "others"),
    [
        ("scheduler", "dask-scheduler", ["control", "dask-dashboard"]),
        ("second", "dask-worker", ["control"]),
        ("gpu", "dask-cuda-worker", ["control"]),
    ],
)
def test_an_update_restarts_all_services_except_dask(cluster, name, dask, others):
    node = getattr(cluster, name)
    node.write("/etc/systemd/system/control.service", CONTROL)
    node.run("systemctl daemon-reload && systemctl start control")
    before = {unit: main_pid(node, unit) for unit in (dask, *others)}
    restarted, _, deferred = update(node).partition("being deferred:")
    assert f"systemctl restart {dask}.service" in deferred
    assert [unit for unit in others if f" {unit}.service" not in restarted] == []
    # The process still uses the replaced file.
    assert "libc.so.6" in node.run(f"grep deleted /proc/{before[dask]}/maps")
    after = {unit: main_pid(node, unit) for unit in (dask, *others)}
    assert after[dask] == before[dask]
    assert [unit for unit in others if after[unit] == before[unit]] == []
    assert f"{dask}.service" in outdated(node)
    node.run("systemctl stop control && rm /etc/systemd/system/control.service")


def test_without_the_exemption_the_worker_is_restarted(cluster):
    """Control of the test above."""
    node = cluster.second
    file = "/etc/needrestart/conf.d/dask.conf"
    before = main_pid(node, "dask-worker")
    node.run(f"mv {file} /root")
    node.run("needrestart -r a", UPDATE_SECONDS)
    node.run(f"mv /root/dask.conf {file}")
    node.wait_for("systemctl is-active --quiet dask-worker", 30)
    assert main_pid(node, "dask-worker") != before
    node.wait_for(
        "journalctl --unit dask-worker --output cat --lines 20 | grep -q 'Registered to'",
        60,
        "the worker to register",
    )
