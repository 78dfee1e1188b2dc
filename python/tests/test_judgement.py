"""What the checks conclude from what they saw, and how the expectation is read."""

import json

import pytest

from cdktf_dask.smoke_test import equality, expectation, membership, scheduling, spilling, tasks
from cdktf_dask.smoke_test.computing import check_sum, sum_of_squares
from cdktf_dask.smoke_test.expectation import Expectation, ExpectationError, Pool
from cdktf_dask.smoke_test.options import read_options
from cdktf_dask.smoke_test.outcome import CheckFailed, Outcome
from cdktf_dask.smoke_test.report import Report
from cdktf_dask.smoke_test.worker import Worker
from cdktf_dask.smoke_test.workers import found_pools

CPU = Pool("cpu", "cpu", {"CPU": "nthreads"}, 2)
GPU = Pool("gpu", "gpu", {"GPU": 1}, 1)
ONE = Worker("tcp://10.0.0.1:9000", "cpu--a", {"CPU": 1.0}, 1, "running")
THREE = Worker("tcp://10.0.0.2:9000", "cpu--b-0", {"CPU": 3.0}, 3, "running")
LONE_GPU = Worker("tcp://10.0.0.3:9000", "gpu--c", {"GPU": 1.0}, 1, "running")


def failure(function, *arguments) -> CheckFailed:
    with pytest.raises(CheckFailed) as raised:
        function(*arguments)
    return raised.value


class TestSum:
    def test_the_closed_form_is_what_adding_gives(self):
        assert [sum_of_squares(n) for n in range(1, 6)] == [0, 1, 5, 14, 30]

    def test_the_task_adds_its_part_to_what_came_before(self):
        assert tasks.add_squares(3, 5, 5) == 30

    def test_a_sum_off_by_one_fails(self):
        check_sum(30, 5, "the workers")
        assert str(failure(check_sum, 31, 5, "the workers")) == (
            "the workers computed 31 as the sum of 5 squares, it is 30"
        )


class TestBalance:
    def test_shares_by_threads_pass(self):
        assert "10 to 30 each" in scheduling.judge_balance({ONE.address: 10, THREE.address: 30}, [ONE, THREE])

    def test_an_idle_worker_fails(self):
        reason = str(failure(scheduling.judge_balance, {THREE.address: 40}, [ONE, THREE]))
        assert reason == "cpu--a ran none of 40 tasks that any worker may run"

    @pytest.mark.parametrize(("of_40", "fair"), [(30, True), (31, False)])
    def test_three_times_the_share_is_the_limit(self, of_40, fair):
        ran_on = {ONE.address: of_40, THREE.address: 40 - of_40}
        if fair:
            scheduling.judge_balance(ran_on, [ONE, THREE])
        else:
            assert str(failure(scheduling.judge_balance, ran_on, [ONE, THREE])) == (
                "cpu--a ran 31 of 40 tasks, its share is 10"
            )


class TestPlacement:
    def test_tasks_in_a_pool_with_the_resource_pass(self):
        scheduling.check_places(CPU, [ONE.address, THREE.address], [ONE, THREE, LONE_GPU], [CPU, GPU])

    def test_one_stray_task_fails(self):
        arguments = (GPU, [LONE_GPU.address, ONE.address], [ONE, LONE_GPU], [CPU, GPU])
        assert str(failure(scheduling.check_places, *arguments)) == (
            "tasks asking for GPU=1 ran on cpu--a, by the definition only pool gpu has that"
        )

    def test_a_fraction_is_asked_for_where_no_whole_one_is_offered(self):
        assert Pool("io", "cpu", {"IO": 0.5, "CPU": "nthreads"}, 1).selector() == {"IO": 0.5, "CPU": 1.0}


class TestMembers:
    def test_nthreads_means_the_workers_own_threads(self):
        membership.check_resources([CPU], [ONE, THREE])
        wrong = Worker("tcp://10.0.0.4:9000", "cpu--d", {"CPU": 1.0, "GPU": 1.0}, 4, "running")
        assert str(failure(membership.check_resources, [CPU], [wrong])) == (
            "cpu--d offers CPU=1 GPU=1, must offer CPU=4"
        )

    def test_pool_is_the_name_before_the_double_hyphen(self):
        pools = [Worker("", name, {}, 1, "running").pool for name in ("a-b--host-1--x", "a-b", "tcp://h:1")]
        assert pools == ["a-b", "unnamed", "unnamed"]

    def test_pools_are_found_by_name_and_resources(self):
        assert found_pools([ONE, LONE_GPU]) == (
            Pool("cpu", "cpu", {"CPU": 1.0}, 1),
            Pool("gpu", "gpu", {"GPU": 1.0}, 1),
        )

    def test_every_lack_is_named(self):
        retiring = Worker("", "cpu--e", {}, 1, "closing_gracefully")
        assert membership.missing_workers([CPU, GPU], [ONE, retiring]) == (
            "cpu has 1 of 2 (cpu--e is closing_gracefully); gpu has 0 of 1"
        )


class TestVersions:
    SAME = {"python": "3.12"} | dict.fromkeys(equality.MUST_EQUAL, "1.0")
    EXPECTED = Expectation("c", "2026.7", "1.0", (CPU,))

    def test_equal_versions_of_the_release_pass(self):
        equality.check_versions({"client": self.SAME, "scheduler": self.SAME}, self.EXPECTED)

    def test_the_odd_one_is_named(self):
        found = {"client": self.SAME, "scheduler": self.SAME, "worker a": self.SAME | {"msgpack": "2.0"}}
        error = failure(equality.check_versions, found, self.EXPECTED)
        assert str(error) == "msgpack differs: 1.0 on client + scheduler, 2.0 on worker a"
        assert not error.fatal

    @pytest.mark.parametrize("package", ["python", "dask", "distributed"])
    def test_what_changes_the_protocol_ends_the_test(self, package):
        found = {"client": self.SAME, "worker a": self.SAME | {package: "9"}}
        assert failure(equality.check_versions, found, self.EXPECTED).fatal

    def test_of_python_only_major_and_minor_count(self):
        packages = {"python": "3.12.7.final.0", "dask": "1", "numpy": "2"}
        assert equality.packages_of({"packages": packages})["python"] == "3.12"


class TestSpill:
    def test_least_free_space_is_shown(self):
        answers = {
            ONE: {"directory": "/a", "free": 3 * 2**30, "error": None},
            THREE: {"directory": "/b", "free": 2**29, "error": None},
        }
        assert spilling.judge_spill(answers).endswith("least is free for cpu--b-0: 0.5 GiB in /b")

    GIB = 2**30

    def settings(self, limit, node, max_spill=False, threshold=0.6):
        return {"limit": limit, "node": node, "max_spill": max_spill, "threshold": threshold}

    def test_limits_are_added_up_for_each_node(self):
        two = Worker("tcp://10.0.0.1:9001", "cpu--a-1", {"CPU": 1.0}, 1, "running")
        fit = {worker: self.settings(16 * self.GIB, 31 * self.GIB) for worker in (ONE, two, THREE)}
        spilling.check_memory_limits(fit)  # 32 GiB of an instance type, of which Linux has 31
        more = fit | {two: self.settings(24 * self.GIB, 31 * self.GIB)}
        assert str(failure(spilling.check_memory_limits, more)) == (
            "the memory limits of the workers at 10.0.0.1 add up to 40.0 GiB, it has 31.0 GiB"
        )

    def test_a_limited_spill_that_is_enough_passes(self):
        spilling.check_spilling({ONE: self.settings(self.GIB, self.GIB, max_spill=spilling.MIN_SPILL)})
        least = {ONE: self.settings(self.GIB, self.GIB, max_spill=spilling.MIN_SPILL - 1)}
        assert "needs 256 MiB" in str(failure(spilling.check_spilling, least))

    def test_only_pools_without_limits_may_lack_them(self):
        free = {ONE: self.settings(None, self.GIB)}
        spilling.check_spilling(free, {"cpu"})
        assert str(failure(spilling.check_spilling, free, {"gpu"})) == (
            "cpu--a does not spill: it has no memory limit"
        )

    def test_a_full_disk_is_named(self):
        answers = {ONE: {"directory": "/a", "free": 0, "error": "[Errno 28] No space left on device"}}
        assert str(failure(spilling.judge_spill, answers)) == (
            "cpu--a cannot write in /a: [Errno 28] No space left on device"
        )


class TestReport:
    @pytest.mark.parametrize(
        ("statuses", "passed"),
        [
            (["passed", "absent"], True),
            (["absent"], False),
            (["passed", "failed"], False),
            (["passed", "skipped"], False),
            ([], False),
        ],
    )
    def test_passed_only_if_something_passed_and_nothing_failed(self, statuses, passed):
        report = Report("tcp://127.0.0.1:8786", as_json=True)
        report.outcomes = [Outcome("pools", status, 0.0, "") for status in statuses]
        assert report.passed is passed


class TestExpectation:
    def test_reads_what_the_definition_writes(self):
        text = """{"cluster": "local", "release": "2026.7", "dask": "2026.7.1", "pools": [
            {"name": "cpu", "kind": "cpu", "resources": {"CPU": "nthreads"}, "minWorkers": 1, "workers": 2},
            {"name": "gpu", "kind": "gpu", "resources": {"GPU": 1}, "minWorkers": 1}]}"""
        assert expectation.parse(text) == Expectation("local", "2026.7", "2026.7.1", (CPU, GPU))

    def test_tells_all_faults_at_once(self):
        pool = {"name": "a--b", "kind": "tpu", "resources": {"CPU": 0}, "workers": -1, "nworkers": 1}
        pool |= {"spills": "no"}
        with pytest.raises(ExpectationError) as raised:
            expectation.parse(json.dumps({"cluster": 1, "dask": "2026.7.1", "pools": [pool, "cpu"]}))
        assert str(raised.value).splitlines() == [
            "cluster: must be a string, is 1",
            "release: must be a string, is None",
            "pools[0].nworkers: unknown, allowed are kind, minWorkers, name, resources, spills, workers",
            "pools[0].name: must be a non-empty string without '--', is 'a--b'",
            "pools[0].kind: must be 'cpu' or 'gpu', is 'tpu'",
            "pools[0].resources.CPU: must be a number above 0 or 'nthreads', is 0",
            "pools[0].workers: must be a whole number, 0 or more (or give minWorkers), is -1",
            "pools[0].spills: must be true or false, is 'no'",
            "pools[1]: must be an object, is 'cpu'",
        ]

    @pytest.mark.parametrize("text", ["", "[]", "null"])
    def test_refuses_what_is_no_object(self, text):
        with pytest.raises(ExpectationError):
            expectation.parse(text)

    def test_refuses_two_pools_of_one_name(self):
        pool = {"name": "cpu", "kind": "cpu", "workers": 1}
        document = {"cluster": "c", "release": "r", "dask": "d", "pools": [pool, pool]}
        with pytest.raises(ExpectationError, match="'cpu' is there 2 times"):
            expectation.parse(json.dumps(document))


class TestOptions:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["nowhere:port"], "invalid literal for int() with base 10: 'port'"),
            (["tcp://127.0.0.1:99999"], "must be like tcp://host:8786"),
            (["h:1", "--expect", "no-such-file.json"], "no-such-file.json is not a readable file"),
            (["h:1", "--timeout", "0"], "must be above 0, is 0"),
            (["h:1", "--timeout", "soon"], "invalid seconds value: 'soon'"),
            ([], "give the scheduler's address, or a --bundle whose dask.yaml has scheduler-address"),
            (["--bundle", "no-such-bundle"], "no-such-bundle/dask.yaml is not a readable file"),
            (["tls://h:1"], "tls:// needs --bundle, or --tls-ca-file, --tls-cert and --tls-key"),
            (["tls://h:1", "--tls-cert", __file__], "give all three or none"),
            (["tls://h:1", "--tls-key", "no-such.pem"], "no-such.pem is not a readable file"),
        ],
    )
    def test_wrong_usage_is_told(self, arguments, sentence, capsys):
        with pytest.raises(SystemExit) as ended:
            read_options("", "", arguments)
        assert ended.value.code == 2
        assert sentence in capsys.readouterr().err

    @pytest.mark.parametrize("named", ["", "dask.yaml"])
    def test_the_expectation_is_next_to_the_configuration(self, named, tmp_path, monkeypatch):
        monkeypatch.setenv("DASK_CONFIG", str(tmp_path / named))
        (tmp_path / "dask.yaml").write_text("scheduler-address: tcp://h:1\n")
        assert read_options("", "", ["tcp://h:1"]).expect is None
        (tmp_path / "expectation").write_text("{}")
        assert read_options("", "", ["tcp://h:1"]).expect == str(tmp_path / "expectation")
        assert read_options("", "", ["tcp://h:1", "--expect", "-"]).expect == "-"

    def test_the_expectation_of_a_bundle_comes_before_that_of_the_environment(self, tmp_path, monkeypatch):
        for name in ("bundle", "other"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "dask.yaml").write_text("scheduler-address: tcp://h:1\n")
            (tmp_path / name / "expectation").write_text("{}")
        monkeypatch.setenv("DASK_CONFIG", str(tmp_path / "other"))
        options = read_options("", "", ["--bundle", str(tmp_path / "bundle")])
        assert options.expect == str(tmp_path / "bundle" / "expectation")

    @pytest.mark.parametrize(
        ("given", "address"),
        [
            ("10.0.0.10", "tcp://10.0.0.10:8786"),
            ("tcp://scheduler.local.internal:8787", "tcp://scheduler.local.internal:8787"),
            ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        ],
    )
    def test_scheme_and_port_are_dasks_own_by_default(self, given, address):
        assert read_options("", "", [given]).address == address
