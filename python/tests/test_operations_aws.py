"""Operations of a cluster on AWS: moto for EC2 and Auto Scaling, doubles for Run Command and prices."""

import json
import re
import signal
import subprocess
import time
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from distributed import Client

from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.bundle import tls_security
from cdktf_dask.client.errors import ConnectError
from cdktf_dask.client.tunnel import free_port
from cdktf_dask.operations import run_command
from cdktf_dask.operations.drain import HINT
from client_fixtures import no_plugin_is_left, plugins, port_of
from cluster import SOURCES, Cluster, end
from doubles import Service, served
from test_cli import COMMAND, environment, run, warnings_of_tests

__all__ = ["warnings_of_tests"]

pytestmark = pytest.mark.usefixtures("left")

NOTHING = "127.0.0.1:9"

PRICE = {"terms": {"OnDemand": {"a": {"priceDimensions": {"b": {"pricePerUnit": {"USD": "0.1200000000"}}}}}}}
"""A product, cut down to what is read (AWS Price List API Reference, GetProducts)."""


@pytest.fixture(autouse=True)
def prices(account, monkeypatch):
    """The double of the Price List API, with the price of one type."""
    service = Service([(200, {"PriceList": [json.dumps(PRICE)]}) for _ in range(9)])
    with served(service) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", url)
        yield service


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(run_command, "POLL_SECONDS", 0.01)


class Denial:
    """Stands for a service of AWS that denies every call, in JSON and in the XML of older services."""

    def answer(self, _: str, __: str, headers: dict[str, str], ___: str) -> tuple[int, str]:
        code, message = "AccessDeniedException", "User is not authorized."
        if "x-amz-target" in headers:
            return 400, json.dumps({"__type": code, "message": message})
        error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return 403, f"<ErrorResponse>{error}</ErrorResponse>"


@pytest.fixture
def denying(monkeypatch):
    """Let a service of AWS deny every call."""

    def deny(service: str) -> None:
        url = entered.enter_context(served(Denial()))
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)

    with ExitStack() as entered:
        yield deny


def _until(condition) -> None:
    """Wait until it is true."""
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def status(*arguments: str, code: int = 0) -> dict:
    return json.loads(run("status", "production", "--json", *arguments, code=code)[0])


class TestStatus:
    def test_a_healthy_cluster(self, account, secure, pki):
        account.secret("production", pki.client)
        scheduler = account.scheduler("production", f"127.0.0.1:{port_of(secure.address)}")
        [(worker, host)] = account.pool("production", "cpu", (1, 4, 1), ["ready"])
        process = secure.worker(f"cpu--{host}", "CPU=1", *pki.options)
        try:
            found = status()
        finally:
            process.kill()
        started = [node.pop("started") for node in found["nodes"]]
        assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time in started)
        memory = found["nodes"][1].pop("memory")
        assert 2**20 < memory < 2**29
        assert found.pop("at") >= max(started)
        unknown = {"workers": None, "memory": 0, "memoryLimit": 0, "tasks": {}}
        common = {"state": "ready", "reason": "", "spot": False, "usdPerHour": 0.12}
        dns = found["nodes"][0].pop("host")
        assert dns.startswith("ip-")
        assert found == {
            "cluster": "production",
            "place": "eu-central-1",
            "healthy": True,
            "unreachable": False,
            "problems": [],
            "notes": [],
            "usdPerHour": 0.24,
            "pools": [{"name": "cpu", "minSize": 1, "maxSize": 4, "desiredSize": 1, "reason": ""}],
            "nodes": [
                common
                | unknown
                | {
                    "id": scheduler,
                    "pool": "scheduler",
                    "instanceType": "m1.small",
                    "zone": found["nodes"][0]["zone"],
                },
                common
                | {
                    "id": worker,
                    "pool": "cpu",
                    "host": host,
                    "instanceType": "m7i.large",
                    "zone": found["nodes"][1]["zone"],
                    "workers": 1,
                    "memoryLimit": 512 * 2**20,
                    "tasks": {},
                },
            ],
        }

    def test_a_node_that_failed_and_one_that_boots(self, account):
        account.scheduler("production", NOTHING)
        reason = "step dask failed with exit code 1: no space left"
        nodes = account.pool("production", "gpu", (0, 4, 2), [reason, ""])
        failed, booting = (instance for instance, _ in nodes)
        found = status("--nodes-only", code=1)
        assert {node["id"]: (node["state"], node["reason"]) for node in found["nodes"][1:]} == {
            failed: ("failed", reason),
            booting: ("booting", ""),
        }
        assert found["problems"] == [
            f"gpu {failed} failed: {reason}",
            "pool gpu: 0 of 2 nodes are ready",
        ]
        assert found["healthy"] is False

    def test_the_same_facts_as_a_page(self, account, tmp_path):
        scheduler = account.scheduler("production", NOTHING, state="step dask failed")
        file = tmp_path / "status.html"
        run("status", "production", "--nodes-only", "--html", str(file), code=1)
        found = file.read_text()
        assert f"<li>scheduler {scheduler} failed: step dask failed</li>" in found
        assert '<p class="verdict bad">production is not healthy</p>' in found
        assert "REFRESH_SECONDS = 0;" in found

    def test_a_page_that_cannot_be_written(self, account, tmp_path):
        account.scheduler("production", NOTHING)
        file = tmp_path / "no" / "status.html"
        errors = run("status", "production", "--nodes-only", "--html", str(file), code=2)[1]
        assert f"Error: --html: cannot write {file}: No such file or directory\n" in errors

    def test_the_state_of_a_node_is_printable(self, account):
        # Another name than other tests: a node that failed is shown for a while after its end.
        account.scheduler("hostile", NOTHING, state="step \u202edask\u202e failed")
        [node] = json.loads(run("status", "hostile", "--nodes-only", "--json", code=1)[0])["nodes"]
        assert node["reason"] == "step ?dask? failed"

    def test_a_scheduler_that_boots(self, account):
        account.scheduler("production", NOTHING, state="")
        found = status(code=1)
        assert found["problems"] == ["no scheduler is ready"]
        assert found["notes"] == []

    def test_a_scheduler_that_does_not_answer_is_exit_code_3(self, account):
        account.scheduler("production", NOTHING)
        found = status(code=3)
        assert (found["healthy"], found["unreachable"], found["problems"]) == (False, True, [])
        assert found["notes"][0].startswith(
            "workers are unknown: the scheduler of production does not answer through the tunnel: "
        )

    def test_a_failed_node_that_was_terminated_is_shown_and_others_are_not(self, account):
        [(failed, _), (gone, _)] = account.pool("ended", "cpu", (0, 2, 0), ["step conda failed", "ready"])
        account.terminate(failed)
        account.terminate(gone)
        found = json.loads(run("status", "ended", "--nodes-only", "--json", code=1)[0])["nodes"]
        # moto launches others in their place.
        assert [(node["id"], node["reason"]) for node in found if node["state"] == "terminated"] == [
            (failed, "step conda failed")
        ]

    def test_a_spot_instance_has_the_price_of_its_zone(self, account, monkeypatch):
        account.scheduler("production", NOTHING)
        account.pool("production", "cpu", (0, 2, 1), ["ready"])
        price = {"SpotPrice": "0.041", "Timestamp": datetime(2026, 11, 26, tzinfo=UTC)}
        asked = []
        call = AwsCluster.call

        def with_spot(self, service, operation, permission, parameters, region=None):
            """Adds what moto does not answer: lifecycle of instances, prices of this type."""
            if operation == "describe_spot_price_history":
                asked.append(parameters)
                return {"SpotPriceHistory": [price]}
            answer = call(self, service, operation, permission, parameters, region)
            for reservation in answer.get("Reservations", []):
                for instance in reservation["Instances"]:
                    if instance["InstanceType"] == "m7i.large":
                        instance["InstanceLifecycle"] = "spot"
            return answer

        monkeypatch.setattr(AwsCluster, "call", with_spot)
        found = status("--nodes-only")
        worker = found["nodes"][1]
        assert (worker["spot"], worker["usdPerHour"]) == (True, 0.041)
        assert found["usdPerHour"] == pytest.approx(0.161)
        [parameters] = asked
        assert parameters["InstanceTypes"] == ["m7i.large"]
        assert parameters["AvailabilityZone"] == worker["zone"]

    def test_without_prices(self, account, denying):
        account.scheduler("production", NOTHING)
        denying("PRICING")
        found = status("--nodes-only")
        assert found["usdPerHour"] is None
        assert found["notes"] == [
            "no prices: AWS denies GetProducts (User is not authorized). Hint: you need pricing:GetProducts"
        ]

    def test_a_type_without_a_price(self, account, prices):
        prices.answers[0] = (200, {"PriceList": []})
        account.scheduler("production", NOTHING)
        assert status("--nodes-only")["notes"] == ["no prices: AWS lists none of m1.small in eu-central-1"]

    def test_the_price_is_that_of_linux_in_the_region(self, account, prices):
        account.scheduler("production", NOTHING)
        status("--nodes-only")
        [(operation, parameters)] = prices.requests
        assert operation == "AWSPriceListService.GetProducts"
        assert {one["Field"]: one["Value"] for one in parameters["Filters"]} == {
            "instanceType": "m1.small",
            "regionCode": "eu-central-1",
            "operatingSystem": "Linux",
            "preInstalledSw": "NA",
            "tenancy": "Shared",
            "capacitystatus": "Used",
        }

    def test_no_cluster(self, account):
        assert run("status", "staging", code=3)[1] == (
            "dask-cluster: no cluster 'staging' in eu-central-1, the region of your AWS configuration. "
            'Hint: name the region of the cluster: connect("staging", region="…"), or --region\n'
        )

    def test_no_permission(self, account, denying):
        denying("AUTO_SCALING")
        assert run("status", "production", code=3)[1] == (
            "dask-cluster: AWS denies DescribeAutoScalingGroups (User is not authorized). "
            "Hint: you need autoscaling:DescribeAutoScalingGroups\n"
        )

    def test_no_credentials(self, account, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        assert run("status", "production", code=3)[1] == (
            "dask-cluster: no AWS credentials (Unable to locate credentials). Hint: log in (`aws sso login`, "
            "`aws configure`), or choose a profile (AWS_PROFILE, profile=, --profile)\n"
        )


class TestScale:
    @pytest.fixture(autouse=True)
    def pool(self, account):
        account.pool("production", "cpu", (1, 4, 1), ["ready"])

    def test_sets_the_desired_capacity(self, account):
        output, _ = run("scale", "production", "cpu", "3")
        assert output == "pool cpu of production: 3 nodes wanted, 1 before\n"
        assert account.desired("production", "cpu") == 3
        assert json.loads(run("scale", "production", "cpu", "2", "--json")[0]) == {
            "cluster": "production",
            "pool": "cpu",
            "before": 3,
            "nodes": 2,
        }

    @pytest.mark.parametrize("nodes", ["0", "5"])
    def test_refuses_a_number_outside_the_limits(self, account, nodes):
        assert run("scale", "production", "cpu", nodes, code=2)[1] == (
            f"dask-cluster: pool cpu: got {nodes} nodes, expected 1 to 4. "
            "Hint: change minSize or maxSize in the definition, and deploy\n"
        )
        assert account.desired("production", "cpu") == 1

    def test_refuses_another_pool(self):
        assert run("scale", "production", "gpu", "1", code=2)[1] == (
            "dask-cluster: production has no pool 'gpu'. Hint: it has: cpu\n"
        )

    def test_no_permission(self, denying):
        denying("AUTO_SCALING")
        assert run("scale", "production", "cpu", "2", code=3)[1].startswith("dask-cluster: AWS denies ")

    def test_no_cluster(self):
        assert run("scale", "staging", "cpu", "2", code=3)[1].startswith("dask-cluster: no cluster 'staging'")


@pytest.fixture(scope="module")
def draining(pki):
    """A scheduler with TLS that can drain."""
    preload = SOURCES / "cdktf_dask" / "preloads" / "drain_workers.py"
    with Cluster("--protocol", "tls", *pki.options, "--preload", str(preload)) as cluster:
        yield cluster


class TestDrain:
    """The scheduler is a real one with TLS, and moto ends the instance."""

    @pytest.fixture
    def nodes(self, account, draining, pki) -> list[tuple[str, str]]:
        """Id and name of the nodes of a pool with a minimum of one. The first one has a worker."""
        account.secret("production", pki.client)
        account.scheduler("production", f"127.0.0.1:{port_of(draining.address)}")
        found = account.pool("production", "cpu", (1, 4, 2), ["ready", "ready"])
        process = draining.worker(f"cpu--{found[0][1]}", "CPU=1", *pki.options)
        yield [(instance, f"cpu--{host}") for instance, host in found]
        end(process)

    def test_ends_the_instance_which_is_not_replaced(self, account, nodes):
        [(instance, name), (other, _)] = nodes
        answer = json.loads(run("drain", "production", name, "--json")[0])
        assert 0 <= answer.pop("seconds") < 10
        assert answer == {
            "cluster": "production",
            "node": instance,
            "pool": "cpu",
            "workers": 1,
            "givenBack": 0,
            "replaced": False,
        }
        assert account.desired("production", "cpu") == 1
        assert account.members("production", "cpu") == [other]
        # The other one is as many as the pool must have.
        assert run("drain", "production", other, code=2)[1] == (
            "dask-cluster: pool cpu: got 0 nodes, expected at least 1. "
            "Hint: replace the node (--replace), or change minSize in the definition, and deploy\n"
        )
        assert account.members("production", "cpu") == [other]

    def test_replaces_the_instance(self, account, nodes):
        [_, (other, _)] = nodes
        assert run("drain", "production", other, "--replace")[0] == (
            f"{other} of production ends after a drain of 0.0 s: 0 workers, 0 waiting tasks given back\n"
            "another node starts in its place\n"
        )
        assert account.desired("production", "cpu") == 2
        assert other not in account.members("production", "cpu")

    def test_what_has_to_stay_keeps_the_node(self, account, nodes, draining, pki):
        [(instance, name), _] = nodes
        with Client(draining.address, security=tls_security(pki.node)) as client:
            kept = client.scatter(1)
            assert run("drain", "production", name, code=2)[1] == (
                f"dask-cluster: {instance} cannot be drained: no other worker has room for its data. "
                f"Hint: {HINT}\n"
            )
            assert kept.result() == 1
            assert client.submit(sum, [1, 2], resources={"CPU": 1}).result(30) == 3
        assert len(account.members("production", "cpu")) == 2

    def test_a_node_that_cannot_be_ended_works_again(self, account, nodes, draining, pki, monkeypatch):
        [(_, name), _] = nodes
        call = AwsCluster.call

        def denied(self, service, operation, permission, *rest):
            if operation == "terminate_instance_in_auto_scaling_group":
                raise ConnectError("AWS denies it", f"you need {permission}")
            return call(self, service, operation, permission, *rest)

        monkeypatch.setattr(AwsCluster, "call", denied)
        assert run("drain", "production", name, code=3)[1] == (
            "dask-cluster: AWS denies it. "
            "Hint: you need autoscaling:TerminateInstanceInAutoScalingGroup on dask-production--cpu\n"
        )
        with Client(draining.address, security=tls_security(pki.node)) as client:
            assert client.submit(sum, [1, 2], resources={"CPU": 1}).result(30) == 3
        assert len(account.members("production", "cpu")) == 2

    def test_no_node(self, nodes):
        assert run("drain", "production", "cpu--ip-10-20-0-17", code=2)[1] == (
            "dask-cluster: production has no node 'cpu--ip-10-20-0-17'. "
            "Hint: dask-cluster status shows the nodes that run\n"
        )
        assert run("drain", "staging", "i-1", code=3)[1].startswith("dask-cluster: no cluster 'staging'")

    def test_a_scheduler_without_drain(self, account, secure, pki):
        account.secret("production", pki.client)
        account.scheduler("production", f"127.0.0.1:{port_of(secure.address)}")
        [(_, host)] = account.pool("production", "cpu", (0, 4, 1), ["ready"])
        process = secure.worker(f"cpu--{host}", "CPU=1", *pki.options)
        try:
            assert run("drain", "production", f"cpu--{host}", code=1)[1] == (
                "dask-cluster: the scheduler runs without the preload drain_workers.py. "
                "Hint: deploy the cluster with this release\n"
            )
        finally:
            end(process)


class TestLogs:
    @pytest.fixture
    def nodes(self, account) -> list[str]:
        scheduler = account.scheduler("production", NOTHING)
        workers = [one for one, _ in account.pool("production", "cpu", (0, 4, 2), ["ready", "ready"])]
        for node in (scheduler, *workers):
            account.sessions.outputs[node] = ("Success", f"first of {node}\nsecond\n", "")
        return [scheduler, *sorted(workers)]

    def test_of_the_scheduler(self, account, nodes):
        assert run("logs", "production", "scheduler", "-n", "20")[0] == f"first of {nodes[0]}\nsecond\n"
        [sent] = [request for name, request in account.sessions.requests if name == "SendCommand"]
        assert sent == {
            "InstanceIds": [nodes[0]],
            "DocumentName": "AWS-RunShellScript",
            "TimeoutSeconds": 60,
            "Parameters": {
                "commands": [
                    "journalctl --no-pager --output short-iso -n 20 "
                    "-u dask-scheduler -u dask-worker -u dask-cuda-worker | tail -c 24000"
                ],
                "executionTimeout": ["60"],
            },
        }

    def test_of_a_pool(self, nodes):
        lines = run("logs", "production", "cpu")[0].splitlines()
        assert sorted(lines) == sorted(
            line for node in nodes[1:] for line in (f"{node} | first of {node}", f"{node} | second")
        )

    def test_of_one_node_as_json(self, nodes):
        assert json.loads(run("logs", "production", nodes[2], "--json")[0]) == {
            "cluster": "production",
            "logs": [
                {"node": nodes[2], "lines": [f"first of {nodes[2]}", "second"], "cut": False, "failure": ""}
            ],
        }

    def test_of_the_boot(self, account, nodes):
        run("logs", "production", "scheduler", "--boot")
        [sent] = [request for name, request in account.sessions.requests if name == "SendCommand"]
        assert sent["Parameters"]["commands"] == ["tail -n 200 /var/log/dask-node.log | tail -c 24000"]

    def test_a_long_log_is_cut_at_its_beginning(self, account, nodes):
        account.sessions.outputs[nodes[0]] = ("Success", "x" * 23_994 + "\nlast\n", "")
        assert run("logs", "production", "scheduler")[0] == "(earlier lines are cut)\nlast\n"

    def test_follow(self, account, nodes, capfd):
        account.sessions.targets |= dict.fromkeys(nodes, "command")
        run("logs", "production", "cpu", "--follow", "--lines", "5")
        shown = capfd.readouterr().out
        command = (
            "sudo journalctl -f --no-pager --output short-iso -n 5 "
            "-u dask-scheduler -u dask-worker -u dask-cuda-worker"
        )
        assert f"output of {command}" in shown
        [session] = [request for name, request in account.sessions.requests if name == "StartSession"]
        assert session["DocumentName"] == "AWS-StartInteractiveCommand"
        assert session["Parameters"] == {"command": [command]}
        assert session["Target"] in nodes[1:]

    def test_follow_as_json(self, account, nodes):
        account.sessions.targets[nodes[0]] = "command"
        output = run("logs", "production", "--follow", "--boot", "--json")[0]
        assert json.loads(output) == {
            "node": nodes[0],
            "line": "output of sudo tail -n 200 -f /var/log/dask-node.log",
        }

    @pytest.mark.parametrize(("target", "ended"), [("endless", 1), ("stuck", 0)])
    def test_follow_until_ctrl_c_ends_plugin_and_session(self, account, home, nodes, target, ended):
        account.sessions.targets[nodes[0]] = target
        command = [*COMMAND, "logs", "production", "--follow", "--json"]
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
        try:
            read = json.loads(process.stdout.readline())
            assert read["node"] == nodes[0]
            _until((home / "started").exists)
            assert plugins() != []
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            end(process)
            process.stdout.close()
        assert plugins() == []
        notes = home / "ended"
        assert (len(notes.read_text().splitlines()) if notes.exists() else 0) == ended
        names = [name for name, _ in account.sessions.requests]
        assert names.count("TerminateSession") == 1 - ended

    def test_of_an_instance_that_is_gone(self, account, nodes):
        account.terminate(nodes[1])
        assert run("logs", "production", "i-0123456789abcdef0", code=3)[1] == (
            "dask-cluster: the node i-0123456789abcdef0 is gone. "
            "Hint: dask-cluster status shows the nodes that run\n"
        )

    def test_of_a_pool_without_nodes(self, account, nodes):
        account.pool("production", "gpu", (0, 4, 0), [])
        assert run("logs", "production", "gpu", code=3)[1] == (
            "dask-cluster: pool gpu has no node that runs. "
            "Hint: dask-cluster status shows the nodes that run\n"
        )

    def test_of_an_unknown_pool(self, nodes):
        assert run("logs", "production", "tpu", code=2)[1] == (
            "dask-cluster: production has no pool or node 'tpu'. Hint: it has: scheduler, cpu\n"
        )

    def test_a_node_without_systems_manager(self, account, nodes):
        del account.sessions.outputs[nodes[0]]
        assert run("logs", "production", "scheduler", code=3)[1] == (
            "dask-cluster: the instance does not run, or is not connected to Systems Manager. "
            "Hint: wait until it has booted; it needs a route to Systems Manager (NAT or endpoints)\n"
        )

    def test_of_nodes_of_which_one_boots(self, account, nodes):
        del account.sessions.outputs[nodes[1]]
        lines = run("logs", "production", code=1)[0].splitlines()
        why = "the instance does not run, or is not connected to Systems Manager"
        assert sorted(lines) == sorted(
            [
                f"{nodes[0]} | first of {nodes[0]}",
                f"{nodes[0]} | second",
                f"{nodes[1]} | (not read to its end: {why})",
                f"{nodes[2]} | first of {nodes[2]}",
                f"{nodes[2]} | second",
            ]
        )

    def test_that_were_not_read_in_time(self, account, nodes):
        account.sessions.outputs[nodes[0]] = ("TimedOut", "first\n", "")
        assert run("logs", "production", "scheduler", code=1)[0] == "first\n(not read to its end: TimedOut)\n"
        found = json.loads(run("logs", "production", "scheduler", "--json", code=1)[0])
        assert found["logs"] == [{"node": nodes[0], "lines": ["first"], "cut": False, "failure": "TimedOut"}]

    def test_no_permission(self, nodes, denying):
        denying("SSM")
        assert run("logs", "production", "scheduler", code=3)[1] == (
            "dask-cluster: AWS denies SendCommand (User is not authorized). Hint: you need "
            f"ssm:SendCommand on the instance {nodes[0]} and the document AWS-RunShellScript, "
            "and ssm:GetCommandInvocation\n"
        )


class TestOnTheScheduler:
    @pytest.fixture
    def scheduler(self, account, pki) -> str:
        account.secret("production", pki.client)
        scheduler = account.scheduler("production", NOTHING)
        account.sessions.outputs[scheduler] = ("Success", "done\n", "")
        return scheduler

    def sent(self, account) -> list[str]:
        found = [request for name, request in account.sessions.requests if name == "SendCommand"]
        return [request["Parameters"]["commands"][0] for request in found]

    def test_restart_scheduler(self, account, scheduler):
        output, _ = run("restart-scheduler", "production", "--yes")
        assert output == f"the scheduler of production has restarted on {scheduler}\n"
        assert self.sent(account) == ["systemctl restart dask-scheduler"]

    def test_restart_scheduler_asks_first(self, account, scheduler):
        output, errors = run("restart-scheduler", "production", code=1)
        assert output == ""
        assert errors.startswith(
            "Restart the scheduler of production? All tasks and results are lost. [y/N]:"
        )
        assert self.sent(account) == []

    def test_renew_certificates(self, account, scheduler):
        output, _ = run("renew-certificates", "production")
        assert output.splitlines() == [
            f"{scheduler} has renewed the certificates of production",
            "clients fetch theirs with: dask-cluster bundle production --force",
        ]
        assert self.sent(account) == ["/usr/local/lib/dask-node/run.sh certificates renew"]

    def test_renew_certificates_without_tls(self, account):
        account.scheduler("open", NOTHING)
        assert run("renew-certificates", "open", code=2)[1] == (
            "dask-cluster: open has no TLS, so it has no certificates. Hint: nothing to do\n"
        )

    def test_a_command_that_fails(self, account, scheduler):
        account.sessions.outputs[scheduler] = ("Failed", "", "first\ncannot write the secret: no\n")
        assert run("renew-certificates", "production", code=1)[1] == (
            f"dask-cluster: the command on {scheduler} failed: cannot write the secret: no. "
            f"Hint: see the logs: dask-cluster logs production {scheduler}\n"
        )

    def test_a_command_that_fails_without_output(self, account, scheduler):
        account.sessions.outputs[scheduler] = ("Failed", "", "")
        assert run("restart-scheduler", "production", "--yes", code=1)[1] == (
            f"dask-cluster: the command on {scheduler} failed: Failed. "
            f"Hint: see the logs: dask-cluster logs production {scheduler}\n"
        )

    def test_a_smoke_test_that_fails_prints_its_whole_report(self, account, scheduler):
        account.sessions.outputs[scheduler] = ("Failed", "ok      protocol\nfailed  pools\n", "1 failed")
        output, errors = run("smoke-test", "production", code=1)
        assert output == "ok      protocol\nfailed  pools\n1 failed\n"
        assert errors == (
            f"dask-cluster: the command on {scheduler} failed: 1 failed. "
            f"Hint: see the logs: dask-cluster logs production {scheduler}\n"
        )
        output = run("smoke-test", "production", "--json", code=1)[0]
        lines = ["ok      protocol", "failed  pools", "1 failed"]
        assert json.loads(output) == {"cluster": "production", "output": lines}

    def test_smoke_test(self, account, scheduler):
        assert run("smoke-test", "production")[0] == "done\n"
        assert self.sent(account) == ["/usr/local/lib/dask-node/run.sh smoke_test"]

    def test_rotate_password(self, account, scheduler):
        output = run("rotate-password", "production", "--json")[0]
        assert json.loads(output) == {"cluster": "production", "output": ["done"]}
        assert self.sent(account) == ["/usr/local/lib/dask-node/run.sh dashboard renew"]

    def test_a_scheduler_that_was_stopped(self, account):
        scheduler = account.scheduler("halted", NOTHING)
        account.stop(scheduler)
        assert run("restart-scheduler", "halted", "--yes", code=3)[1].startswith(
            f"dask-cluster: the scheduler of halted does not run: its instance {scheduler} is stopped."
        )


class Page:
    """Stands for the HTTP server of a scheduler, behind a tunnel."""

    def __init__(self, status: int, text: str) -> None:
        self._answer = (status, text)
        self.paths: list[str] = []

    def answer(self, _: str, path: str, __: dict[str, str], ___: str) -> tuple[int, str]:
        self.paths.append(path)
        return self._answer


METRICS = """\
# HELP dask_scheduler_workers Number of workers.
# TYPE dask_scheduler_workers gauge
dask_scheduler_workers{state="idle"} 2.0
# HELP dask_scheduler_gc_total Garbage.
# TYPE dask_scheduler_gc_total counter
dask_scheduler_gc_total 7.0
"""


class TestPages:
    """Metrics and dashboard, through a tunnel."""

    def test_metrics_without_a_password(self, account, pki):
        account.secret("production", pki.client)
        page = Page(200, METRICS)
        with served(page) as url:
            account.scheduler("production", url.removeprefix("http://"))
            output = run("metrics", "production")[0]
            chosen = json.loads(run("metrics", "production", "--json", "--match", "gc")[0])
        assert output == 'dask_scheduler_workers{state="idle"} 2.0\ndask_scheduler_gc_total 7.0\n'
        assert chosen == {
            "cluster": "production",
            "metrics": [{"name": "dask_scheduler_gc_total", "labels": {}, "value": 7.0}],
        }
        assert page.paths == ["/metrics", "/metrics"]
        parameters = account.sessions.requests[0][1]["Parameters"]
        assert parameters["portNumber"] == ["8788"]

    def test_metrics_of_a_cluster_without_tls(self, account):
        with served(Page(200, METRICS)) as url:
            account.scheduler("open", url.removeprefix("http://"))
            run("metrics", "open")
        assert account.sessions.requests[0][1]["Parameters"]["portNumber"] == ["8787"]

    def test_metrics_that_cannot_be_read(self, account):
        with served(Page(503, "")) as url:
            account.scheduler("open", url.removeprefix("http://"))
            assert run("metrics", "open", code=3)[1] == (
                "dask-cluster: the scheduler's page /metrics cannot be read (Service Unavailable). "
                "Hint: dask-cluster logs shows the scheduler's log\n"
            )

    def test_dashboard_is_open_until_sigterm(self, account, pki):
        account.secret("production", pki.client)
        instance = account.scheduler("production", NOTHING)
        command = [*COMMAND, "dashboard", "production", "--no-open", "--json"]
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
        try:
            answer = json.loads(process.stdout.readline())
            process.terminate()
            assert process.wait(20) == 0
        finally:
            end(process)
            process.stdout.close()
        port = int(answer["url"].split(":")[2].removesuffix("/status"))
        assert answer == {
            "cluster": "production",
            "url": f"https://localhost:{port}/status",
            "tunnel": instance,
        }
        parameters = account.sessions.requests[0][1]["Parameters"]
        assert parameters == {"portNumber": ["8787"], "localPortNumber": [str(port)]}
        no_plugin_is_left()

    def test_dashboard_opens_a_browser(self, account, monkeypatch):
        account.scheduler("open", NOTHING)
        opened = []

        def browser(url: str) -> None:
            opened.append(url)
            raise KeyboardInterrupt

        monkeypatch.setattr("webbrowser.open", browser)
        port = str(free_port())
        assert run("dashboard", "open", "--port", port)[0] == f"http://localhost:{port}/status\n"
        assert opened == [f"http://localhost:{port}/status"]

    def test_password(self, account):
        account.secret("production", "unused")
        account.dashboard_password("production", "1234")
        assert run("dashboard", "production", "--password")[0] == "1234\n"
        assert run("dashboard", "open", "--password", code=2)[1] == (
            "dask-cluster: the dashboard of open has no password. Hint: open it without --password\n"
        )


COUNTERS = """\
# HELP dask_autoscaler_node_seconds_total Seconds that nodes existed.
# TYPE dask_autoscaler_node_seconds_total counter
dask_autoscaler_node_seconds_total{pool="scheduler"} 36000.0
dask_autoscaler_node_seconds_total{pool="cpu"} 54000.0
# HELP dask_autoscaler_idle_node_seconds_total Seconds that nodes had no task.
# TYPE dask_autoscaler_idle_node_seconds_total counter
dask_autoscaler_idle_node_seconds_total{pool="scheduler"} 0.0
dask_autoscaler_idle_node_seconds_total{pool="cpu"} 1800.0
# HELP dask_autoscaler_cost_dollars_total Cost of a pool so far in USD.
# TYPE dask_autoscaler_cost_dollars_total counter
dask_autoscaler_cost_dollars_total{pool="scheduler"} 1.2
dask_autoscaler_cost_dollars_total{pool="cpu"} 1.8
"""


class TestCost:
    """The autoscaler's page, through a tunnel."""

    @pytest.fixture(autouse=True)
    def pools(self, account):
        account.pool("production", "cpu", (0, 4, 2), ["ready", ""])
        account.pool("production", "gpu", (0, 4, 0), [])

    def test_of_each_pool_now_and_so_far(self, account):
        page = Page(200, COUNTERS)
        with served(page) as url:
            account.scheduler("production", url.removeprefix("http://"))
            output = run("cost", "production")[0]
            document = json.loads(run("cost", "production", "--json")[0])
        assert output.splitlines() == [
            "POOL       NODES  USD/h  NODE HOURS  IDLE HOURS  USD SO FAR",
            "scheduler  1      0.12   10.0        0.0         1.20",
            "cpu        2      0.24   15.0        0.5         1.80",
            "gpu        0      0      –           –           –",
            "all        3      0.36   25.0        0.5         3.00",
            "",
            "without disks, network and other services",
        ]
        unknown = {"nodeSeconds": None, "idleNodeSeconds": None, "usd": None}
        assert document == {
            "cluster": "production",
            "place": "eu-central-1",
            "pools": [
                {
                    "name": "scheduler",
                    "nodes": 1,
                    "usdPerHour": 0.12,
                    "nodeSeconds": 36000.0,
                    "idleNodeSeconds": 0.0,
                    "usd": 1.2,
                },
                {
                    "name": "cpu",
                    "nodes": 2,
                    "usdPerHour": 0.24,
                    "nodeSeconds": 54000.0,
                    "idleNodeSeconds": 1800.0,
                    "usd": 1.8,
                },
                {"name": "gpu", "nodes": 0, "usdPerHour": 0} | unknown,
            ],
            "all": {
                "nodes": 3,
                "usdPerHour": 0.36,
                "nodeSeconds": 90000.0,
                "idleNodeSeconds": 1800.0,
                "usd": 3.0,
            },
            "notes": [],
        }
        assert page.paths == ["/metrics", "/metrics"]
        assert account.sessions.requests[0][1]["Parameters"]["portNumber"] == ["8791"]

    def test_without_an_autoscaler_and_without_prices(self, account, denying):
        denying("PRICING")
        with served(Page(503, "")) as url:
            account.scheduler("production", url.removeprefix("http://"))
            output = run("cost", "production")[0]
        assert output.splitlines() == [
            "POOL       NODES  USD/h  NODE HOURS  IDLE HOURS  USD SO FAR",
            "scheduler  1      –      –           –           –",
            "cpu        2      –      –           –           –",
            "gpu        0      0      –           –           –",
            "all        3      –      –           –           –",
            "",
            "without disks, network and other services",
            "note: no prices: AWS denies GetProducts (User is not authorized). "
            "Hint: you need pricing:GetProducts",
            "note: the cost so far is unknown: "
            "the autoscaler's page /metrics cannot be read (Service Unavailable). "
            "Hint: it runs if the minSize of a pool is below its maxSize; see docs/scaling.md",
        ]

    def test_no_cluster(self):
        assert run("cost", "staging", code=3)[1].startswith("dask-cluster: no cluster 'staging'")
