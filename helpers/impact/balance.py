"""How alike the accounts with a play and those beside them are, before and after weighing."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.impact.weeks import Weeks
from helpers.impact.weighing import Weighed

__all__ = ["BALANCED", "balance"]

Array = NDArray[np.float64]

BALANCED = 0.1
"""Standardised difference below which a confounder counts as balanced (Austin 2009)."""


def balance(weeks: Weeks, weighed: Weighed) -> pd.DataFrame:
    """Say how alike the groups are, before and after weighing.

    Returns
    -------
    DataFrame
        ``confounder, weighed_by, before, after``: mean of those who were called less that of the
        others, in standard deviations of those called; the largest imbalance before first.
    """
    at = weighed.rows["at"].to_numpy()
    treated = weighed.rows["treated"].to_numpy(bool)
    weight = weighed.rows["weight"].to_numpy(float)
    plain = np.ones(len(weight))
    rows = [
        {
            "confounder": name,
            "weighed_by": used,
            "before": _difference(frame[name].to_numpy(float)[at], treated, plain),
            "after": _difference(frame[name].to_numpy(float)[at], treated, weight),
        }
        for frame, used in ((weeks.known, True), (weeks.others, False))
        for name in frame.columns
    ]
    table = pd.DataFrame(rows, columns=["confounder", "weighed_by", "before", "after"])
    table = table.dropna(subset=["before", "after"])
    order = table["before"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _difference(values: Array, treated: NDArray[np.bool_], weight: Array) -> float:
    known = np.isfinite(values) & (weight > 0)
    mine, others = known & treated, known & ~treated
    if mine.sum() < 2 or not others.any():
        return float("nan")
    spread = float(np.std(values[mine])) or float(np.std(values[known]))
    if spread == 0:
        return 0.0
    gap = np.average(values[mine], weights=weight[mine])
    gap -= np.average(values[others], weights=weight[others])
    return float(gap / spread)
