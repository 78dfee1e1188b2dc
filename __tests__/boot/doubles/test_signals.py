"""Double of wait conditions: accepts signals at presigned URLs without a content type."""

import json
from urllib.parse import quote

import pytest
from loopback import REGION, SIGNATURE

HOST = f"https://cloudformation-waitcondition-{REGION}.s3.{REGION}.amazonaws.com"
BARE = ("--header", "Content-Type:")


def put(node, body: str, *options: str, path: str, signature: str = SIGNATURE) -> int:
    """Send a signal. Returns the status of the response."""
    url = f"{HOST}/{path}?Signature={quote(signature)}"
    return node.curl("--request", "PUT", *options, "--data-raw", body, url)[0]


def recorded(node, path: str) -> list[dict]:
    lines = [json.loads(line) for line in (node.shared / "signals.jsonl").read_text().splitlines()]
    return [line for line in lines if line["path"] == f"/{path}"]


def test_a_signal_is_recorded(node, signals):
    signal = {"Status": "SUCCESS", "Reason": "a", "UniqueId": "b", "Data": "c"}
    assert put(node, json.dumps(signal), *BARE, path="good") == 200
    assert recorded(node, "good") == [{"path": "/good", "status": 200, "signal": signal}]


@pytest.mark.parametrize(
    ("options", "signature", "length", "status"),
    [((), SIGNATURE, 10, 403), (BARE, "another", 10, 403), (BARE, SIGNATURE, 4097, 400)],
    ids=["content type", "another signature", "too long"],
)
def test_an_invalid_signal_is_rejected(node, signals, options, signature, length, status):
    path = f"bad-{len(options)}-{signature}-{length}"
    assert put(node, json.dumps("a" * (length - 2)), *options, path=path, signature=signature) == status
    assert [(one["status"], one["signal"]) for one in recorded(node, path)] == [(status, None)]


def test_the_node_script_sends_a_signal(node, imds, aws, signals):
    """Runs cloud-init/base/signal.sh.sh."""
    url = f"{HOST}/own?Signature={quote(SIGNATURE)}"
    script = f"""
source "$1/functions.sh"
ask() {{ answer='{{"Value": "{url}"}}'; }}
instance=i-1
send_signal FAILURE 'no "room" on C:\\'
echo "$? $answer"
"""
    assert node.script(script, "SIGNAL=/a", "SIGNAL_SECONDS=0").stdout == "0 \n"
    [one] = recorded(node, "own")
    sentence = "no 'room' on C:/"
    expected = {"Status": "FAILURE", "Reason": sentence, "UniqueId": "i-1", "Data": sentence}
    assert one["signal"] == expected
