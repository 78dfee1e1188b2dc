"""Runs cells in a Jupyter kernel; runs itself in the environment `notebook`. Each line of stdin is a cell.

After each cell, a line of stdout has its text: streams, the result, or the error.
"""

import json
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def main() -> None:
    notebook = nbformat.v4.new_notebook()
    client = NotebookClient(notebook, timeout=100, kernel_name="python3")
    with client.setup_kernel():
        for number, line in enumerate(sys.stdin):
            cell = nbformat.v4.new_code_cell(json.loads(line))
            notebook.cells.append(cell)
            try:
                client.execute_cell(cell, number)
                text = "".join(text_of(output) for output in cell.outputs)
            except CellExecutionError as error:
                text = str(error)
            print(json.dumps(text), flush=True)


def text_of(output: dict) -> str:
    """Text of a stream or a result."""
    return output.get("text") or output.get("data", {}).get("text/plain", "")


if __name__ == "__main__":
    main()
