"""Execute a published run again and compare every output with the published one.

nbval never compares a cell without an execution count and skips pictures, so the copies are
checked first: every code cell must have run. Pictures have table twins, which are compared.

References
----------
nbval 0.11, ``plugin.py``: a cell with ``execution_count: null`` is not compared, even under
strict ``--nbval``; ``image/png`` and ``image/jpeg`` are skipped.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from helpers.artifacts import (
    BASE_VARIABLE,
    CONFIG_VARIABLE,
    DATA_VARIABLE,
    ROOT_VARIABLE,
    STAGE_VARIABLE,
    to_json,
)
from helpers.errors import MachineError, NotebookError, ParameterError
from helpers.report import sanitize_rules
from helpers.run.execute import kernel_environment
from helpers.run.layout import Layout
from helpers.run.status import find_run

__all__ = ["validate_run"]

CELL_TIMEOUT_S = 1800
_CONFTEST = """
def pytest_itemcollected(item):
    if type(item).__name__ == "IPyNbCell":
        item.parent.timeout = None
        item.parent.output_timeout = 60
"""


def validate_run(
    root: Path,
    run: str,
    *,
    reports: Path | None = None,
    data: Path | None = None,
    say: Callable[[str], None] = print,
    n_workers: int = 2,
) -> int:
    """Re-execute a published run under nbval and compare its outputs.

    Parameters
    ----------
    root : Path
        Project root.
    run : str
        Run id, or the path of a published run.
    reports : Path, optional
        Where runs are published; default ``reports/`` of the project.
    data : Path, optional
        The company's data; default: where the run found them.
    say : callable
        Receives one line a notebook.
    n_workers : int
        Notebooks at a time; each reads the published tables of the others.

    Returns
    -------
    int
        Cells compared.

    Raises
    ------
    ParameterError
        If there is no such run.
    NotebookError
        If an output differs, or a copy is missing or not fully executed; names cell and
        difference.
    """
    folder = find_run(reports or root / "reports", run)
    layout = Layout(folder.parent, folder.name)
    manifest = _manifest(folder)
    where = _where_data_lie(layout, data)
    copies = sorted((folder / "notebooks").glob("*.ipynb"))
    problems = _not_as_listed(copies, manifest["executed_copies"])
    problems += [text for path in copies for text in _not_executed(path)]
    if problems:
        raise NotebookError("not a full record of a run:\n" + "\n".join(problems))
    with tempfile.TemporaryDirectory(prefix="playbook-validate-") as scratch:
        settings = Path(scratch, "config.json")
        settings.write_text(to_json(manifest["configuration"]), encoding="utf-8")
        base = kernel_environment(root, Path(scratch), folder.parent)
        base |= {CONFIG_VARIABLE: str(settings), DATA_VARIABLE: str(where)}
        base |= {ROOT_VARIABLE: str(root), BASE_VARIABLE: str(folder)}

        def one(path: Path) -> tuple[str, int, str]:
            return _compare(path, Path(scratch), base)

        with ThreadPoolExecutor(n_workers) as pool:
            results = list(pool.map(one, copies))
    for name, n_cells, difference in results:
        say(f"{name}: {'DIFFERS' if difference else f'{n_cells} cells equal'}")
    different = [f"{name}:\n{text}" for name, _, text in results if text]
    if different:
        raise NotebookError("outputs differ from the published ones:\n" + "\n".join(different))
    return sum(n_cells for _, n_cells, _ in results)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        if isinstance(manifest["executed_copies"], dict) and manifest["configuration"]:
            return manifest
    except (ValueError, KeyError, TypeError):
        pass
    raise NotebookError(f"{folder.name}: manifest.json is damaged; publish the run again.")


def _not_as_listed(copies: list[Path], listed: dict[str, str]) -> list[str]:
    """Name copies that are gone or were never part of the run: nothing would compare them."""
    there = {path.stem for path in copies}
    return [
        *(f"  {name}.ipynb: in manifest.json, but not there" for name in sorted({*listed} - there)),
        *(f"  {name}.ipynb: not in manifest.json" for name in sorted(there - {*listed})),
    ]


def _where_data_lie(layout: Layout, data: Path | None) -> Path:
    if data is not None:
        return data.resolve()
    try:
        where = Path(json.loads(layout.state.read_text(encoding="utf-8"))["data"])
    except (OSError, ValueError, KeyError):
        raise ParameterError(
            f"it is not known where the data of run {layout.run_id!r} lie; give --data FOLDER."
        ) from None
    if not where.is_dir():
        raise MachineError(f"the data of run {layout.run_id!r} are gone; give --data FOLDER.")
    return where


def _not_executed(path: Path) -> list[str]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    missing = [
        number
        for number, cell in enumerate(code, start=1)
        if "".join(cell["source"]).strip() and cell.get("execution_count") is None
    ]
    if missing:
        return [f"  {path.name}: code cells {missing} have no execution count: never compared"]
    if not any(cell["outputs"] for cell in code):
        return [f"  {path.name}: no outputs to compare"]
    return []


def _compare(path: Path, scratch: Path, base: dict[str, str]) -> tuple[str, int, str]:
    folder = scratch / f"validate-{path.stem}"
    (folder / "stage").mkdir(parents=True)
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    (folder / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    (folder / "sanitize.cfg").write_text(sanitize_rules(), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", path.name]
    command += ["--nbval-sanitize-with=sanitize.cfg", f"--nbval-cell-timeout={CELL_TIMEOUT_S}"]
    command += ["-q", "-p", "no:cacheprovider"]
    command += ["--tb=short", "--color=no", "-W", "ignore"]
    environment = base | {STAGE_VARIABLE: str(folder / "stage")}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    n_cells = sum(
        cell["cell_type"] == "code" and bool("".join(cell["source"]).strip())
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    )
    if done.returncode == 0:
        return path.stem, n_cells, ""
    return path.stem, n_cells, _difference(done.stdout) or done.stderr[-2000:]


def _difference(text: str, n_lines: int = 25) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    start = next((i for i, line in enumerate(lines) if "FAILURES" in line), 0)
    kept = [line for line in lines[start + 1 :] if line and not line.startswith("=")]
    return "\n".join(f"  {line[:160]}" for line in kept[:n_lines])
