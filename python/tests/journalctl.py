"""Stands for journalctl: prints the lines of the file JOURNAL, and with --follow those that are added.

Knows --after-cursor; matches and other options have no effect.
A file JOURNAL.error makes it fail with the file's text.
"""

import json
import os
import sys
import time
from pathlib import Path

journal = Path(os.environ["JOURNAL"])
error = journal.with_suffix(".error")
if error.exists():
    sys.exit(error.read_text())
after = next((text.partition("=")[2] for text in sys.argv if text.startswith("--after-cursor=")), None)
with journal.open("rb") as file:
    while True:
        line = file.readline()
        if line.endswith(b"\n"):
            if after is None:
                sys.stdout.buffer.write(line)
            elif line.startswith(b"{") and json.loads(line)["__CURSOR"] == after:
                after = None
        elif "--follow" in sys.argv:
            sys.stdout.buffer.flush()
            time.sleep(0.02)
        else:
            break
