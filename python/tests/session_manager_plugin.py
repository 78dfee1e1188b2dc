"""Stands for AWS's program session-manager-plugin, and for Session Manager behind it.

Like the program, it reads the answer to StartSession from the variable that its first argument names, prints
when it listens, forwards each connection, and ends the session on SIGINT. The data channel to AWS is missing:
the `StreamUrl` of the double of Session Manager is the address that the session reaches.

Two files in the folder PLUGIN_DOUBLE: `started` gets a line for each session, `ended` one for each that ended
on SIGINT.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

VERSION = os.environ.get("PLUGIN_DOUBLE_VERSION", "1.2.650.0")
NOTES = Path(os.environ["PLUGIN_DOUBLE"])


def main(variable: str, region: str, operation: str, profile: str, request: str, endpoint: str) -> None:
    assert operation == "StartSession"
    assert endpoint == f"https://ssm.{region}.amazonaws.com"
    session = json.loads(os.environ[variable])
    asked = json.loads(request)
    print(f"\nStarting session with SessionId: {session['SessionId']}", flush=True)
    if asked["DocumentName"] == "AWS-StartInteractiveCommand":
        print(f"output of {asked['Parameters']['command'][0]}\r", flush=True)
        if session["StreamUrl"] == "endless":
            # Ctrl-C goes to the node, where it ends the command. The end of the input ends the plugin.
            signal.signal(signal.SIGINT, lambda *_: end(session["SessionId"]))
            note("started", session["SessionId"])
            sys.stdin.read()
        if session["StreamUrl"] == "stuck":
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            note("started", session["SessionId"])
            signal.pause()
        print(f"\n\nExiting session with sessionId: {session['SessionId']}.\n", flush=True)
        return
    assert asked["DocumentName"] == "AWS-StartPortForwardingSession"
    if session["TokenValue"] != f"token of {session['SessionId']}":
        print("Cannot perform start session: websocket: bad handshake", flush=True)
        return
    if session["StreamUrl"] == "handshake":
        print("SessionId: x : Encountered error while initiating handshake.", flush=True)
        return
    port = asked["Parameters"]["localPortNumber"][0]
    signal.signal(signal.SIGINT, lambda *_: end(session["SessionId"]))
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        note("started", session["SessionId"])
        print(
            f"Port {port} opened for sessionId {session['SessionId']}.\nWaiting for connections...",
            flush=True,
        )
        while True:
            connection, _ = listener.accept()
            Thread(target=forward, args=(connection, session["StreamUrl"]), daemon=True).start()


def forward(connection: socket.socket, url: str) -> None:
    host, _, port = url.removeprefix("tcp://").partition(":")
    try:
        remote = socket.create_connection((host, int(port)))
    except OSError:
        print("\nConnection to destination port failed, check SSM Agent logs.", flush=True)
        connection.close()
        return
    Thread(target=copy, args=(connection, remote), daemon=True).start()
    copy(remote, connection)


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for end_of in (source, target):
        with suppress(OSError):
            end_of.shutdown(socket.SHUT_RDWR)


def end(session: str) -> None:
    note("ended", session)
    print(f"Terminate signal received, exiting.\n\nExiting session with sessionId: {session}.\n", flush=True)
    os._exit(0)


def note(file: str, session: str) -> None:
    with (NOTES / file).open("a") as notes:
        notes.write(f"{session} {os.getpid()}\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        print(VERSION)
    else:
        main(*sys.argv[1:])
