"""Files come over HTTPS from the host that the machine asks for, or not at all."""

import socket
from urllib.parse import urlsplit

from loopback import FOLDER
from loopback import MINIFORGE as URL


def test_a_file_comes_whole(node, downloads):
    assert node.curl(URL) == (200, (FOLDER / "miniforge.sh").read_text())


def test_another_file_is_not_found(node, downloads):
    assert node.curl(f"{URL}.sha256")[0] == 404


def test_a_fault_is_one_machines_own(node, downloads):
    node.update(faults=["download-404"])
    assert node.curl(URL)[0] == 404
    assert node.curl("--interface", "127.0.0.2", URL)[0] == 200


def test_other_bytes_come_with_a_fine_status(node, downloads):
    node.update(faults=["download-wrong-bytes"])
    status, body = node.curl(URL)
    assert status == 200
    assert body.startswith("<html>")


def test_a_silent_host_holds_no_other_up(node, downloads):
    node.update(faults=["download-silent"])
    assert node.curl("--max-time", "1", URL)[0] == 0
    assert node.curl("--interface", "127.0.0.2", URL)[0] == 200


def test_who_connects_and_says_nothing_holds_no_other_up(node, downloads):
    address = urlsplit(downloads.facts["url"])
    with socket.create_connection((address.hostname, address.port)):
        assert node.curl(URL)[0] == 200


def test_two_servers_share_an_authority(node, downloads, aws):
    assert downloads.facts["ca"] == aws.facts["ca"]
    assert node.curl(URL)[0] == 200
