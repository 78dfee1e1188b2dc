"""Double of downloads: sends files over HTTPS, or the response of a fault."""

import socket
from urllib.parse import urlsplit

from loopback import FOLDER
from loopback import MINIFORGE as URL


def test_a_file_is_sent_completely(node, downloads):
    assert node.curl(URL) == (200, (FOLDER / "miniforge.sh").read_text())


def test_an_unknown_file_is_not_found(node, downloads):
    assert node.curl(f"{URL}.sha256")[0] == 404


def test_a_fault_affects_only_its_instance(node, downloads):
    node.update(faults=["download-404"])
    assert node.curl(URL)[0] == 404
    assert node.curl("--interface", "127.0.0.2", URL)[0] == 200


def test_the_fault_download_wrong_bytes_returns_status_200(node, downloads):
    node.update(faults=["download-wrong-bytes"])
    status, body = node.curl(URL)
    assert status == 200
    assert body.startswith("<html>")


def test_an_unanswered_request_blocks_no_other(node, downloads):
    node.update(faults=["download-silent"])
    assert node.curl("--max-time", "1", URL)[0] == 0
    assert node.curl("--interface", "127.0.0.2", URL)[0] == 200


def test_an_idle_connection_blocks_no_other(node, downloads):
    address = urlsplit(downloads.facts["url"])
    with socket.create_connection((address.hostname, address.port)):
        assert node.curl(URL)[0] == 200


def test_two_servers_share_a_ca(node, downloads, aws):
    assert downloads.facts["ca"] == aws.facts["ca"]
    assert node.curl(URL)[0] == 200
