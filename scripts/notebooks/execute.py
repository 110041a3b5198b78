"""Executes notebooks top to bottom, each in a fresh kernel, and reports on stdout, one JSON object a line.

Usage: python execute.py [--past-errors] ROOT OUT NOTEBOOK...
ROOT is the kernels' working directory; OUT gets the executed notebooks under their own names.
The originals are not touched: scripts/notebooks/execute.ts puts the results in their place when all is well.
With --past-errors a cell that fails stops nothing and is marked as failed in its metadata, and what was
executed before an interruption is written.
It ends when its standard input is closed, so that no kernel outlives the command that wanted it.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

# What checks web addresses in notebooks takes a second to load, and no notebook is checked for them:
# jsonschema does without where it is not installed.
sys.modules["rfc3987_syntax"] = None

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError


def report(**fields):
    print(json.dumps(fields), flush=True)


def end_with_parent():
    """Interrupts this process when whoever started it is gone."""
    while sys.stdin.read(1):
        pass
    os.kill(os.getpid(), signal.SIGINT)


def words_of_error(cell):
    """The kernel writes its errors to stderr and gives them no name of their own."""
    texts = [out.text for out in cell.outputs if out.output_type == "stream" and out.name == "stderr"]
    return "".join(texts).strip() or "the kernel gave no message"


def execute(path, root, out, past_errors):
    """Returns whether every cell ran, and without an error where errors are not passed."""
    notebook = nbformat.read(path, as_version=4)
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    done = 0
    started = time.monotonic()

    def executed(cell, cell_index, execute_reply):
        nonlocal done
        if execute_reply["content"]["status"] != "ok":
            cell.metadata["failed"] = True
            # For 200 ms after an error the kernel refuses every cell.
            time.sleep(0.4)
            return
        done += 1
        report(notebook=path.name, done=done, cells=len(code), seconds=time.monotonic() - started)

    client = NotebookClient(
        notebook,
        kernel_name="tslab",
        timeout=None,
        startup_timeout=120,
        allow_errors=past_errors,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(root)}},
        on_cell_executed=executed,
    )
    report(notebook=path.name, done=0, cells=len(code), seconds=0)
    try:
        client.execute()
    except (CellExecutionError, DeadKernelError) as error:
        # The cell after the last one that ran whole is the one that failed.
        index = code[min(done, len(code) - 1)]
        dead = isinstance(error, DeadKernelError)
        words = "the kernel died (out of memory?)" if dead else words_of_error(notebook.cells[index])
        report(notebook=path.name, failed=index + 1, error=words, source=notebook.cells[index].source)
        return False
    finally:
        if past_errors:
            nbformat.write(notebook, out / path.name)
    nbformat.write(notebook, out / path.name)
    return True


def main():
    arguments = sys.argv[1:]
    past_errors = arguments[0] == "--past-errors"
    root, out, *notebooks = (Path(argument).resolve() for argument in arguments[past_errors:])
    threading.Thread(target=end_with_parent, daemon=True).start()
    for path in notebooks:
        if not execute(path, root, out, past_errors):
            sys.exit(1)


if __name__ == "__main__":
    main()
