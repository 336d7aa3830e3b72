"""Set what an analysis found beside what was planted."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.config import near_miss
from helpers.errors import InputError, ParameterError

__all__ = ["compare", "read_planted"]

COLUMNS = ["key", "requirement", "notebook", "what", "planted", "realised", "tolerance", "unit"]


def read_planted(folder: Path) -> pd.DataFrame:
    """Read ``truth/planted.json`` of a demo company.

    Parameters
    ----------
    folder : Path
        The demo's folder.

    Returns
    -------
    DataFrame
        One row a planted fact.

    Raises
    ------
    InputError
        If the folder has no truth beside its data.
    """
    path = Path(folder) / "truth" / "planted.json"
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"expected {path.name} in {path.parent}, found none: only a company written by "
            "`playbook demo` knows its truth."
        ) from None
    return pd.DataFrame(records)


def compare(
    planted: pd.DataFrame | Sequence[Mapping[str, Any]], found: Mapping[str, float]
) -> pd.DataFrame:
    """Say for every planted fact whether it was found.

    Parameters
    ----------
    planted : DataFrame or list of records
        From :func:`read_planted`; columns ``key``, ``planted``, ``realised``, ``tolerance`` and
        others.
    found : mapping of str to float
        What the analysis says, by key; NaN counts as not found.

    Returns
    -------
    DataFrame
        One row a planted fact, in the order given: the columns of ``planted``, ``found``,
        ``miss`` (found minus planted) and ``within_tolerance`` (missing where nothing was
        found).

    Raises
    ------
    ParameterError
        If ``found`` has a key that was never planted.
    """
    table = pd.DataFrame(planted).reindex(columns=COLUMNS)
    unknown = sorted(set(found) - set(table["key"]))
    if unknown:
        hint = near_miss(unknown[0], list(table["key"]))
        raise ParameterError(f"compare: expected planted keys, got {unknown}.{hint}")
    values = [float(found.get(key, math.nan)) for key in table["key"]]
    table["found"] = pd.array(values, dtype="float64")
    table["miss"] = table["found"] - table["planted"]
    known = table["found"].notna()
    within = (table["miss"].abs() <= table["tolerance"] + 1e-12).astype("boolean")
    table["within_tolerance"] = within.mask(~known)
    return table
