"""Which runs are there: published, under way, failed."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.errors import ParameterError

__all__ = ["find_run", "list_runs"]


def find_run(reports: Path, run: str | None) -> Path:
    """Return the folder of a published run.

    Parameters
    ----------
    reports : Path
        Where runs are published.
    run : str or None
        Run id, or the path of a run's folder; None: the one with the newest as-of date.

    Raises
    ------
    ParameterError
        If there is no such run, or none at all.
    """
    if run is None:
        runs = list_runs(reports)
        published = runs[runs["state"].str.startswith("published")]
        if published.empty:
            raise ParameterError("no published run yet: `make report` makes the first one.")
        return (reports / str(published.iloc[0]["run_id"])).resolve()
    for folder in (Path(run), reports / run):
        if (folder / "manifest.json").is_file():
            return folder.resolve()
    raise ParameterError(f"no published run {run!r}: `playbook status` lists what there is.")


def list_runs(reports: Path) -> pd.DataFrame:
    """List the runs below a reports folder, newest as-of first.

    Parameters
    ----------
    reports : Path
        May not exist yet.

    Returns
    -------
    DataFrame
        ``run_id``, ``state`` (published, in progress, failed), ``as_of``, ``company``,
        ``seconds`` (sum over notebooks), ``finding`` (headline of the last notebook).
    """
    rows = [_published(path.parent) for path in sorted(reports.glob("*/manifest.json"))]
    known = {row["run_id"] for row in rows}
    for state, folder in (("failed", ".failed"), ("in progress", ".staging")):
        for path in sorted((reports / folder).glob("[!.]*")):
            if path.is_dir():
                label = f"published; next {state}" if path.name in known else state
                rows = [row for row in rows if row["run_id"] != path.name] + [
                    _row_of(rows, path.name) | {"state": label}
                ]
    columns = ["run_id", "state", "as_of", "company", "seconds", "finding"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["as_of", "run_id"], ascending=[False, True], ignore_index=True)


def _row_of(rows: list[dict[str, Any]], run_id: str) -> dict[str, Any]:
    empty = {"run_id": run_id, "as_of": "", "company": "", "seconds": None, "finding": ""}
    return next((row for row in rows if row["run_id"] == run_id), empty)


def _published(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        findings = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
        last = [name for name in findings if name != "planted"][-1]
        return {
            "run_id": folder.name,
            "state": "published",
            "as_of": manifest["as_of"],
            "company": manifest["company"],
            "seconds": round(sum(manifest["durations_s"].values())),
            "finding": findings[last]["headline"],
        }
    except (OSError, ValueError, KeyError, IndexError):
        return _row_of([], folder.name) | {"state": "damaged"}
