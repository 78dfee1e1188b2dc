"""The command that creates the certificates of a cluster in a folder, and keeps valid ones."""

import json
from datetime import UTC, datetime

import pytest

from cdktf_dask.client.local import find_local
from cdktf_dask.tls.ca import Profile, create_ca, issue
from cdktf_dask.tls.folder import main
from cdktf_dask.tls.pem import read_certificates, verify_pem

ADDRESS = "tls://127.0.0.1:8786"
RECORD = json.dumps({"address": ADDRESS, "ports": {"scheduler": 8786, "dashboard": 8787}})


@pytest.fixture
def folder(tmp_path):
    """A folder with certificates."""
    main("mine", str(tmp_path), RECORD)
    return tmp_path


def pems(folder):
    """The certificates of nodes and of clients."""
    return [
        path.read_text()
        for path in (folder / "node.pem", folder / ".dask" / "mine" / "client" / "client.pem")
    ]


def test_creates_certificates_of_one_ca(tmp_path, capsys):
    folder = tmp_path
    main("mine", str(folder), RECORD)
    now = datetime.now(UTC)
    assert [verify_pem(pem, now) for pem in pems(folder)] == [None, None]
    node_ca, client_ca = (read_certificates(pem)[1] for pem in pems(folder))
    assert node_ca == client_ca
    assert capsys.readouterr().out.startswith(
        "certificates of mine created, because node.pem is missing: SHA-256 "
    )
    assert {oct(path.stat().st_mode & 0o777) for path in folder.rglob("*.*") if path.is_file()} == {"0o600"}


def test_replaces_both_after_a_kill_between_them(folder, capsys):
    _, client = pems(folder)
    now = datetime.now(UTC)
    (folder / "node.pem").write_text(issue(create_ca("mine", now), "node", Profile.NODE, now, days=365))
    capsys.readouterr()
    main("mine", str(folder), RECORD)
    assert capsys.readouterr().out.startswith(
        "certificates of mine created, because node.pem and client.pem have different CAs: "
    )
    assert pems(folder)[1] != client
    assert len({read_certificates(pem)[1] for pem in pems(folder)}) == 1


def test_connect_finds_the_copied_folder(folder):
    local = find_local("mine", folder)
    assert (local.address, local.root, local.dashboard) == (ADDRESS, folder / ".dask" / "mine", 8787)
    assert local.security().tls_client_cert == str(folder / ".dask" / "mine" / "client" / "client.pem")


def test_keeps_valid_certificates_and_replaces_the_record(folder, capsys):
    before = pems(folder)
    capsys.readouterr()
    main("mine", str(folder), RECORD.replace("8786", "8796"))
    assert pems(folder) == before
    assert capsys.readouterr().out.startswith("certificates of mine kept: SHA-256 ")
    record = json.loads((folder / ".dask" / "mine" / "run.json").read_text())
    assert record == {"address": "tls://127.0.0.1:8796", "ports": {"scheduler": 8796, "dashboard": 8787}}


@pytest.mark.parametrize(
    ("file", "days", "reason"),
    [
        ("node.pem", 29.5, "node.pem ends in 29 days"),
        (".dask/mine/client/client.pem", 10.5, "client.pem ends in 10 days"),
        ("node.pem", None, "node.pem cannot be used: it has no certificate"),
    ],
)
def test_replaces_both_if_one_ends_soon_or_is_damaged(folder, capsys, file, days, reason):
    now = datetime.now(UTC)
    soon = days and issue(create_ca("mine", now), "node", Profile.NODE, now, days=days)
    (folder / file).write_text(soon or "damaged")
    before = pems(folder)
    capsys.readouterr()
    main("mine", str(folder), RECORD)
    assert capsys.readouterr().out.startswith(f"certificates of mine created, because {reason}: ")
    assert all(
        new != old and verify_pem(new, now) is None for new, old in zip(pems(folder), before, strict=True)
    )
