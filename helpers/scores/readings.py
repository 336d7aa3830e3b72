"""Read features by their meaning, whatever windows the run was made with.

A company may be run with windows of 60 and 180 days. An input that wants "tickets in about 30
days" then reads the nearest window there is. A feature whose source is absent reads as missing,
never as zero.
"""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

__all__ = ["column_for", "live_rows", "predictive_columns", "reading"]

_WINDOW = re.compile(r"^(?P<stem>.+_)(?P<days>\d+)d$")


def column_for(name: str, columns: Iterable[str]) -> str | None:
    """Return the column that stands for ``name``: itself, else its nearest window.

    Ties go to the shorter window; ``None`` if no column has the same stem.
    """
    known = list(columns)
    if name in known:
        return name
    wanted = _WINDOW.match(name)
    if not wanted:
        return None
    found = []
    for other in known:
        match = _WINDOW.match(other)
        if match and match["stem"] == wanted["stem"]:
            found.append((int(match["days"]), other))
    days = int(wanted["days"])
    return min(found, key=lambda item: (abs(item[0] - days), item[0]))[1] if found else None


def reading(features: pd.DataFrame, name: str) -> pd.Series:
    """Return one feature as numbers; missing everywhere if the table has no such column.

    Parameters
    ----------
    features : DataFrame, (n_rows, n_features)
        The feature table of 02.
    name : str
        With the preferred window, e.g. ``"tickets__n_30d"``.
    """
    column = column_for(name, map(str, features.columns))
    if column is None:
        return pd.Series(np.nan, index=features.index, name=name, dtype="float64")
    values = pd.to_numeric(features[column], errors="coerce").astype("float64")
    return values.replace([np.inf, -np.inf], np.nan).rename(name)


def live_rows(features: pd.DataFrame) -> pd.Series:
    """Tell which rows are of accounts that were customers at their ``as_of``."""
    if "is_live" not in features.columns:
        return pd.Series(True, index=features.index, name="is_live")
    return features["is_live"].fillna(value=True).astype(bool)


def predictive_columns(features: pd.DataFrame, dictionary: pd.DataFrame) -> list[str]:
    """Return the columns of the feature table that the dictionary allows in a model, in order.

    A column that the dictionary does not describe is not allowed. Without a ``predictive``
    column in the dictionary all described ones are.
    """
    allowed = dictionary
    if "predictive" in dictionary.columns:
        allowed = dictionary[dictionary["predictive"].fillna(value=False).astype(bool)]
    named = allowed["feature"].astype(str).tolist()
    return [name for name in named if name in features.columns]
