"""Planted and found: a made-up company's truth beside what the notebooks say."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.artifacts import Run
from helpers.run.found import FINDERS
from helpers.sources.demo.compare import compare, read_planted

__all__ = ["compare_with_truth"]


def compare_with_truth(run: Run, data: Path, notebooks: Sequence[str]) -> pd.DataFrame | None:
    """Set what was found beside what was planted, for the notebooks that were run.

    Parameters
    ----------
    run : Run
        Whose stage holds the tables.
    data : Path
        The company's data folder.
    notebooks : sequence of str
        Those that were run.

    Returns
    -------
    DataFrame or None
        As :func:`helpers.sources.demo.compare`; ``None`` for a company whose data folder has
        no ``truth/planted.json``.
    """
    if not (data / "truth" / "planted.json").is_file():
        return None
    planted = read_planted(data)
    mine = planted[planted["notebook"].isin(list(notebooks))]
    found: dict[str, float] = {}
    for name in notebooks:
        if name in FINDERS:
            found |= FINDERS[name](run, data / "truth")
    known = {key: value for key, value in found.items() if key in set(mine["key"])}
    return compare(mine, known)
