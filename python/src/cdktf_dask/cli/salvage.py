"""`dask-cluster salvage`: results in the spill directory of a worker that was killed."""

import json
from pathlib import Path
from typing import Any

import click

from cdktf_dask.cli.options import report
from cdktf_dask.cli.table import size, table


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="New folder for the results: a pickle each, and index.json with their keys.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def salvage(directory: Path, output: Path | None, as_json: bool) -> None:
    """Read the results that a killed worker left spilled in DIRECTORY.

    Dask empties the directory when the next worker starts on it: read it before, in an environment of the
    cluster's release. Dask stores no checksums of spilled results. Reading them runs code of the results, so
    read only what the cluster's workers wrote.

    Exit code: 0 all results were read, 4 some or all were not.
    """
    from cdktf_dask.backup.errors import BackupError
    from cdktf_dask.backup.salvage import salvage as read

    if output and output.exists():
        raise BackupError(f"the folder {output} exists already", "name a new folder by --output")
    results = [_keep(number, one, output) for number, one in enumerate(read(directory))]
    lost = [one for one in results if "fault" in one]
    document = {"directory": str(directory), "output": output and str(output), "results": results}
    rows = [(one["key"], size(one["bytes"]), one.get("type", one.get("fault"))) for one in results]
    if output:
        # Without a readable result, there is no folder yet.
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
        (output / "index.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    report(document, table(("key", "size", "type, or why it was not read"), *rows), as_json)
    if lost:
        raise BackupError(
            f"{len(lost)} of {len(results)} spilled results in {directory} were not read",
            "compute these again; the table above has the reasons",
        )


def _keep(number: int, one: Any, output: Path | None) -> dict[str, Any]:
    """Write a result, one at a time, so that they need not fit into memory together."""
    import cloudpickle

    found = {"key": one.key, "bytes": one.bytes, "source": str(one.file)}
    if one.fault:
        return found | {"fault": one.fault}
    kind = type(one.value)
    found |= {"type": f"{kind.__module__}.{kind.__qualname__}"}
    if output is None:
        return found
    output.mkdir(mode=0o700, parents=True, exist_ok=number > 0)
    with open(output / f"{number}.pickle", "wb") as file:
        cloudpickle.dump(one.value, file, protocol=5)
    return found | {"file": f"{number}.pickle"}
