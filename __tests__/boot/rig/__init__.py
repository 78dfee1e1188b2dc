"""Boots nodes as systemd-nspawn guests in a private set of Linux namespaces."""

import sys
from pathlib import Path

# Doubles and programs of python/tests use the package.
sys.path.append(str(Path(__file__).parents[3] / "python" / "src"))
