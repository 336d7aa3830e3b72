"""What a staging folder remembers of an interrupted run: which notebooks are finished."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.artifacts import to_json
from helpers.run.layout import remove_tree
from helpers.run.plan import Plan

__all__ = ["finished_steps", "forget_step", "mark_finished", "recorded_durations"]


def _state(stage: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads((stage / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state


def finished_steps(stage: Path, plan: Plan) -> set[str]:
    """Return the notebooks whose result in the staging folder is still valid."""
    recorded = _state(stage).get("digests", {})
    finished: set[str] = set()
    for step in plan.steps:
        files = (stage / f"{step.name}.html", stage / "notebooks" / f"{step.name}.ipynb")
        valid = recorded.get(step.name) == plan.digests[step.name]
        if valid and set(step.needs) <= finished and all(f.is_file() for f in files):
            finished.add(step.name)
    return finished


def recorded_durations(stage: Path) -> dict[str, float]:
    """Return the seconds that each finished notebook took."""
    durations: dict[str, float] = _state(stage).get("durations", {})
    return durations


def mark_finished(stage: Path, name: str, digest: str, durations: Mapping[str, float]) -> None:
    """Record that a notebook is finished, with the digest of all that it depends on."""
    digests = {**_state(stage).get("digests", {}), name: digest}
    temporary = stage / "state.tmp"
    temporary.write_text(to_json({"digests": digests, "durations": durations}), encoding="utf-8")
    temporary.replace(stage / "state.json")


def forget_step(stage: Path, name: str) -> None:
    """Remove what an unfinished or outdated notebook left behind."""
    remove_tree(stage / "tables" / name)
    for path in (
        stage / f"{name}.html",
        stage / "notebooks" / f"{name}.ipynb",
        stage / "findings" / f"{name}.json",
        stage / "done" / f"{name}.json",
    ):
        path.unlink(missing_ok=True)
