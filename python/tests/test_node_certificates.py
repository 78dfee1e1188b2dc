"""The boot step of the certificates, with doubles of the secrets and of systemd."""

import getpass
import re
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509 import ExtensionNotFound, SubjectAlternativeName

from cdktf_dask.node import certificates
from cdktf_dask.node.aws import AwsError
from cdktf_dask.tls.ca import Profile, create_ca, issue
from cdktf_dask.tls.pem import describe, read_certificates, verify_pem

NAMES = ("scheduler.production.internal", "10.0.0.4", "localhost", "127.0.0.1")
DENIED = AwsError("AccessDeniedException", "not you", passes=True)


class Store(dict):
    """Stands for the secrets of a cluster."""

    refusal: AwsError | None = None

    def path(self, name):
        return f"/dask/production/{name}"

    def get(self, name):
        if self.refusal:
            raise self.refusal
        return super().get(name)

    def put(self, name, value):
        if self.refusal:
            raise self.refusal
        self[name] = value


@pytest.fixture
def node_pem(monkeypatch, tmp_path):
    """The file of this node's certificate, whose owner is the user of the tests."""
    file = tmp_path / "tls" / "node.pem"
    monkeypatch.setattr(certificates, "NODE_PEM", file)
    monkeypatch.setattr(certificates, "SERVICE_USER", getpass.getuser())
    return file


@pytest.fixture
def calls(monkeypatch):
    """Command lines of systemctl, which does nothing; the dashboard proxy runs if `active` is among them."""
    noted: list[str] = []

    def run(command, check):
        noted.append(" ".join(command))
        inactive = "is-active" in command and "active" not in noted
        assert not (check and inactive)
        return subprocess.CompletedProcess(command, 3 if inactive else 0)

    monkeypatch.setattr(subprocess, "run", run)
    return noted


@pytest.fixture
def pauses(monkeypatch):
    """Seconds of each pause, by which the clock advances without waiting."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(made))
    return made


@pytest.fixture
def scheduler(monkeypatch, node_pem, calls):
    """Secrets of a cluster, as the step on the scheduler's node finds them."""
    store = Store()

    def run(names=NAMES, **options):
        settings = {"CLUSTER": "production", "CERTIFICATE_ROLE": "ca", "CERTIFICATE_NAMES": ",".join(names)}
        certificates.main(settings, **{"renew": False} | options)

    monkeypatch.setattr(certificates, "Aws", lambda: None)
    monkeypatch.setattr(certificates, "Secrets", lambda aws, cluster: store)
    monkeypatch.setattr(certificates.Metadata, "address", lambda self: "10.0.0.4")
    store.run = run
    return store


def lines(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


def private_line(pem: str) -> str:
    """A line of the private key."""
    return pem.splitlines()[1]


def subject(pem: str) -> str:
    return read_certificates(pem)[0].subject.rfc4514_string()


def names_of(pem: str) -> list[str]:
    """Names and addresses of a certificate."""
    try:
        extension = read_certificates(pem)[0].extensions.get_extension_for_class(SubjectAlternativeName)
    except ExtensionNotFound:
        return []
    return [str(name.value) for name in extension.value]


def older(ca: str, profile: Profile, left: float) -> str:
    """A certificate with so many days left."""
    return issue(ca, "worker", profile, datetime.now(UTC) - timedelta(days=90 - left))


def test_the_scheduler_creates_the_ca_and_all_certificates(scheduler, node_pem, calls, capsys):
    scheduler.run()
    assert list(scheduler) == ["authority", "worker", "client"]
    own = node_pem.read_text()
    pems = [*scheduler.values(), own]
    assert [subject(pem) for pem in pems] == [
        "CN=CA of production",
        "CN=worker of production",
        "CN=client of production",
        "CN=scheduler of production",
    ]
    now = datetime.now(UTC)
    assert [verify_pem(pem, now) for pem in pems[1:]] == [None, None, None]
    [ca] = read_certificates(scheduler["authority"])
    assert [read_certificates(pem)[1] == ca for pem in pems[1:]] == [True, True, True]
    assert (now - ca.not_valid_before_utc).total_seconds() < 60
    titles = (
        "the CA",
        "the certificate of worker",
        "the certificate of client",
        "the certificate of this node",
    )
    assert lines(capsys) == [
        f"{title} is new: {describe(pem)}" for title, pem in zip(titles, pems, strict=True)
    ]
    assert calls == [
        "systemctl --quiet is-active dask-dashboard.service",
        "systemctl enable --quiet --now dask-certificates.timer",
    ]


def test_the_certificate_of_the_scheduler_has_its_names(scheduler, node_pem):
    scheduler.run()
    assert names_of(node_pem.read_text()) == list(NAMES)
    assert names_of(scheduler["worker"]) == names_of(scheduler["client"]) == []


def test_the_certificate_of_a_scheduler_without_a_fixed_address_has_the_address_that_ec2_chose(
    scheduler, node_pem
):
    names = [name for name in NAMES if name != "10.0.0.4"]
    scheduler.run(names)
    assert names_of(node_pem.read_text()) == [*names, "10.0.0.4"]


def test_only_the_service_user_can_read_the_certificate_and_no_output_has_a_key(scheduler, node_pem, capsys):
    scheduler.run()
    assert node_pem.stat().st_mode & 0o777 == 0o400
    assert node_pem.parent.stat().st_mode & 0o777 == 0o755
    assert [file.name for file in node_pem.parent.iterdir()] == ["node.pem"]
    printed = capsys.readouterr()
    for pem in (*scheduler.values(), node_pem.read_text()):
        assert len(private_line(pem)) == 64
        assert private_line(pem) not in printed.out + printed.err


def test_later_nothing_changes(scheduler, node_pem, capsys):
    scheduler.run()
    before, inode = dict(scheduler), node_pem.stat().st_ino
    capsys.readouterr()
    scheduler.run()
    assert dict(scheduler) == before
    assert node_pem.stat().st_ino == inode
    assert lines(capsys) == [
        f"the certificate of worker is unchanged: {describe(before['worker'])}",
        f"the certificate of client is unchanged: {describe(before['client'])}",
        f"the certificate of this node is unchanged: {describe(node_pem.read_text())}",
    ]


def test_renew_renews_all_but_the_ca_and_reloads_the_dashboard_proxy(scheduler, node_pem, calls):
    scheduler.run()
    before, own = dict(scheduler), node_pem.read_text()
    calls[:] = ["active"]
    scheduler.run(renew=True)
    assert [scheduler[name] == before[name] for name in before] == [True, False, False]
    assert node_pem.read_text() != own
    assert [verify_pem(pem, datetime.now(UTC)) for pem in (scheduler["worker"], node_pem.read_text())] == [
        None,
        None,
    ]
    assert calls[1:] == [
        "systemctl --quiet is-active dask-dashboard.service",
        "systemctl reload dask-dashboard.service",
        "systemctl enable --quiet --now dask-certificates.timer",
    ]


@pytest.mark.parametrize(("left", "renewed"), [(29, True), (31, False)])
def test_certificates_are_renewed_with_less_than_30_days_left(scheduler, node_pem, left, renewed):
    scheduler.run()
    pem = older(scheduler["authority"], Profile.NODE, left)
    client = scheduler["client"]
    scheduler["worker"] = pem
    node_pem.unlink()
    node_pem.write_text(pem)
    scheduler.run()
    assert (scheduler["worker"] != pem, node_pem.read_text() != pem) == (renewed, renewed)
    assert scheduler["client"] == client


@pytest.mark.parametrize(("left", "renewed"), [(89, True), (91, False)])
def test_a_ca_is_renewed_before_it_ends_earlier_than_its_certificates(scheduler, left, renewed):
    scheduler.run()
    ca = create_ca("production", datetime.now(UTC) - timedelta(days=3650 - left))
    scheduler["authority"] = ca
    scheduler.run()
    assert (scheduler["authority"] != ca) is renewed


def test_certificates_of_another_ca_are_renewed(scheduler, node_pem):
    scheduler.run()
    before, own = dict(scheduler), node_pem.read_text()
    scheduler["authority"] = create_ca("production", datetime.now(UTC))
    scheduler.run()
    assert [scheduler[name] != before[name] for name in ("worker", "client")] == [True, True]
    assert node_pem.read_text() != own
    assert verify_pem(node_pem.read_text(), datetime.now(UTC)) is None


def test_a_ca_with_another_name_and_without_a_line_break_at_the_end_stays(scheduler):
    """As earlier versions stored it."""
    ca = create_ca("another", datetime.now(UTC)).rstrip()
    scheduler["authority"] = ca
    scheduler.run()
    assert scheduler["authority"] == ca
    assert read_certificates(scheduler["worker"])[0].issuer.rfc4514_string() == "CN=CA of another"
    assert verify_pem(scheduler["worker"], datetime.now(UTC)) is None


def test_a_secret_that_cannot_be_read_ends_the_step_and_no_second_ca_is_created(scheduler, node_pem):
    scheduler.refusal = DENIED
    with pytest.raises(SystemExit) as ended:
        scheduler.run()
    cause = "cannot read the secret /dask/production/authority: AccessDeniedException: not you"
    assert ended.value.code == cause
    assert (dict(scheduler), node_pem.exists()) == ({}, False)


CLUSTER_CA = create_ca("production", datetime.now(UTC))
WORKER = issue(CLUSTER_CA, "worker of production", Profile.NODE, datetime.now(UTC))
NONE_YET = "the scheduler has stored none in the secret /dask/production/worker yet"


def test_a_worker_takes_the_certificate_of_the_secret(monkeypatch, node_pem, calls, capsys):
    store = Store(worker=WORKER)
    retries: list[float] = []
    monkeypatch.setattr(certificates, "Aws", lambda retry_seconds: retries.append(retry_seconds))
    monkeypatch.setattr(certificates, "Secrets", lambda aws, cluster: store)
    settings = {"CLUSTER": "production", "CERTIFICATE_ROLE": "worker", "JOIN_SECONDS": "30"}
    certificates.main(settings, renew=False)
    assert node_pem.read_text() == WORKER
    assert node_pem.stat().st_mode & 0o777 == 0o400
    assert lines(capsys) == [f"the certificate of this node is new: {describe(WORKER)}"]
    assert calls == ["systemctl enable --quiet --now dask-certificates.timer"]
    assert retries == [0]
    assert list(store) == ["worker"]


def test_a_worker_waits_until_the_scheduler_has_stored_a_certificate(pauses, capsys, monkeypatch):
    store = Store()

    def sleep(seconds):
        pauses.append(seconds)
        if sum(pauses) == 65:
            store["worker"] = WORKER

    monkeypatch.setattr(time, "sleep", sleep)
    assert certificates.wait_for_secret(store, 1200) == WORKER
    assert set(pauses) == {5}
    assert lines(capsys) == [
        f"no certificate after {waited} s: {NONE_YET}; waiting up to 1200 s" for waited in (0, 30, 60)
    ]


def test_a_worker_ends_with_the_reason_if_none_comes(pauses, capsys):
    with pytest.raises(SystemExit) as ended:
        certificates.wait_for_secret(Store(), 30)
    assert ended.value.code == f"no certificate after 30 s: {NONE_YET}"
    assert len(pauses) == 6


def test_a_worker_that_cannot_read_the_secret_ends_with_the_error_of_aws(pauses):
    store = Store(worker=WORKER)
    store.refusal = DENIED
    with pytest.raises(SystemExit) as ended:
        certificates.wait_for_secret(store, 0)
    assert ended.value.code == (
        "no certificate after 0 s: cannot read the secret /dask/production/worker: "
        "AccessDeniedException: not you"
    )


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        ("nothing", "it has no certificate"),
        (older(CLUSTER_CA, Profile.NODE, -1), r"its certificate expired at \S+Z"),
    ],
)
def test_a_worker_waits_while_the_certificate_of_the_secret_cannot_be_used(pauses, pem, reason):
    with pytest.raises(SystemExit) as ended:
        certificates.wait_for_secret(Store(worker=pem), 0)
    path = "/dask/production/worker"
    assert re.fullmatch(
        f"no certificate after 0 s: the secret {path} cannot be used: {reason}", ended.value.code
    )


def test_a_certificate_that_cannot_be_used_does_not_replace_the_old_one(node_pem):
    certificates.put_in_place(WORKER)
    with pytest.raises(SystemExit) as ended:
        certificates.put_in_place("nothing")
    assert ended.value.code == "the new certificate of this node is not used: it has no certificate"
    assert node_pem.read_text() == WORKER
