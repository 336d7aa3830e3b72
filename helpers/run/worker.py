"""One notebook in a process of its own: execute, prove it complete, write its page.

Started by :mod:`helpers.run.workers`, either as ``python -m helpers.run.worker``, which reads one
JSON line that says what to do and writes JSON lines that say how far it is, or as a copy of a
process that has imported everything (:mod:`helpers.run.preload`). Ends when its parent does.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

# jsonschema's optional IRI formats build parsers for two seconds at import; nobody needs them.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

__all__ = ["main", "work_on"]

Tell = Callable[..., None]


def main() -> None:
    """Execute the notebook that the first line of standard input describes."""
    _warm_up()
    line = sys.stdin.readline()
    if not line:
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work_on(json.loads(line), _tell)


def work_on(task: dict[str, Any], tell: Tell, manager: type | None = None) -> None:
    """Execute one notebook and tell the result.

    Parameters
    ----------
    task : dict
        As :func:`helpers.run.execute.run_company` builds it.
    tell : callable
        Receives ``cell=number`` as each cell starts, then ``result={...}``.
    manager : type, optional
        Kernel manager to use in place of Jupyter's own.
    """
    try:
        tell(result=_execute(task, tell, manager))
    except OSError as error:  # the disk is full, or a folder went away
        tell(result={"status": "machine", "message": f"{error.strerror}: {error.filename}"})
    except MemoryError:
        tell(result={"status": "machine", "message": "out of memory"})


def _warm_up() -> None:
    """Import what every task needs while the parent still waits for the notebooks before it."""
    import nbconvert  # noqa: F401
    import papermill  # noqa: F401


def _end_with_parent() -> None:
    sys.stdin.read()  # blocks until the parent closes the pipe or dies
    os._exit(5)


def _tell(**message: Any) -> None:
    print(json.dumps(message), flush=True)


def _execute(task: dict[str, Any], tell: Tell, manager: type | None) -> dict[str, Any]:
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    output = Path(task["output"])
    output.parent.mkdir(parents=True, exist_ok=True)
    n_started = 0

    def on_cell_start(cell: dict[str, Any], **_: object) -> None:
        nonlocal n_started
        if cell["cell_type"] == "code":
            n_started += 1
            tell(cell=n_started)

    try:
        try:
            _run_cells(task, manager, on_cell_start)
        except RuntimeError:
            if n_started:
                raise
            # no cell was begun: such a kernel may have found its port taken
            _run_cells(task, manager, on_cell_start)
    except papermill.PapermillExecutionError as error:
        return {
            "status": "failed",
            "error": error.ename,
            "message": str(error.evalue),
            "cell": error.cell_index,
        }
    except CellTimeoutError:
        return {"status": "timeout", "message": f"a cell took more than {task['timeout_s']} s"}
    except DeadKernelError as error:
        return {"status": "dead", "message": str(error)}
    except RuntimeError as error:
        if n_started:
            raise
        return {"status": "machine", "message": f"its kernel did not start, twice: {error}"}
    return _finish(task, output)


def _run_cells(task: dict[str, Any], manager: type | None, on_cell_start: Tell) -> None:
    import papermill

    papermill.execute_notebook(
        task["notebook"],
        task["output"],
        parameters=task["parameters"],
        kernel_name="python3",
        cwd=task["cwd"],
        execution_timeout=task["timeout_s"],
        progress_bar=False,
        on_cell_start=on_cell_start,
        **({"kernel_manager_class": manager} if manager else {}),
    )


def _finish(task: dict[str, Any], output: Path) -> dict[str, Any]:
    """Success is not the absence of an error: every cell ran, and the last one said so."""
    notebook = json.loads(output.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    code = [cell for cell in code if "".join(cell["source"]).strip()]
    unrun = [cell for cell in code if cell.get("execution_count") is None]
    failed = any(out["output_type"] == "error" for cell in code for out in cell["outputs"])
    if unrun or failed or not Path(task["sentinel"]).is_file():
        return {
            "status": "incomplete",
            "message": f"{len(unrun)} of {len(code)} cells did not run"
            + ("" if unrun else ", or the last cell did not confirm the tables"),
        }
    from helpers.report import clean_notebook_outputs, export_html

    clean_notebook_outputs(output)
    export_html(output, Path(task["html"]), **task["page"])
    return {"status": "ok"}


if __name__ == "__main__":
    main()
