"""Arguments and options that several commands have, and what they print."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.argument("name"),
    click.option("--region", help="Region of the cluster on AWS.  [default: that of AWS's configuration]"),
    click.option("--profile", help="Profile of AWS's configuration."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
)

PATH = click.option(
    *("--path",),
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Project of a local cluster.  [default: the working directory, or one above it]",
)


def cluster_options(function: Command) -> Command:
    """Add the name of the cluster, its region, profile and output format."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def report(document: dict[str, Any], lines: list[str], as_json: bool) -> None:
    """Print the result on stdout: lines, or a JSON document."""
    click.echo(json.dumps(document) if as_json else "\n".join(lines))


def print_warnings() -> None:
    """Print warnings in one line, without the line of code that they come from."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        click.echo(f"warning: {message}", err=True)

    warnings.showwarning = show
