"""Lints IAM policies with parliament: one JSON list of findings, each an issue and the Sid of its statement.

lint_policy.py <file>...
"""

import json
import sys
from pathlib import Path

from parliament import analyze_policy_string

findings = []
for path in map(Path, sys.argv[1:]):
    text = path.read_text()
    lines = text.splitlines()
    for finding in analyze_policy_string(text).findings:
        # The location is the line on which the statement begins; its Sid is on the next.
        start = finding.location.get("line", 1)
        sid = next((line.split('"')[3] for line in lines[start - 1 :] if '"Sid"' in line), "")
        findings.append(f"{finding.issue} {sid}")
print(json.dumps(sorted(findings)))
