"""From feature values to the numbers a linear model adds up.

Each input is transformed as declared (:func:`signals`), then put on the scale of the rows the
model learns from (middle 0, spread 1, cut at four spreads) and filled with the median where it is
missing; where missing is common enough to say something, a column of its own says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.inputs import Input

__all__ = ["Design", "fit_design", "signals"]

CUT = 4.0
MISSING_SHARE = 0.02
"""Missing in this share of rows, and present in as many: worth a column of its own."""
MIN_PEERS = 20


def signals(values: pd.DataFrame, inputs: Sequence[Input], as_of: pd.Series) -> NDArray[np.float64]:
    """Return the transformed inputs, (n_rows, n_inputs); NaN where missing.

    A trend is taken relative to the median account of the same date, if at least 20 accounts
    have one: what a holiday does to everybody says nothing about an account.
    """
    columns = []
    for item in inputs:
        column = item.apply(values[item.name])
        if item.seasonal:
            peers = column.groupby(as_of.to_numpy())
            enough = peers.transform("count") >= MIN_PEERS
            column = column - peers.transform("median").where(enough, 0.0)
        columns.append(column.to_numpy(float))
    return np.column_stack(columns) if columns else np.empty((len(values), 0))


@dataclass(frozen=True, kw_only=True)
class Design:
    """How inputs become columns; learnt from the training rows only.

    Parameters
    ----------
    used : ndarray of int, (n_used,)
        Positions of the inputs that vary, in the order of the columns.
    medians, centres, spreads : ndarray, (n_used,)
        On the transformed scale.
    flagged : ndarray of int, (n_flagged,)
        Positions, among the used ones, with a "was missing" column after the others.
    flag_centres : ndarray, (n_flagged,)
        Share of training rows in which each was missing.
    """

    used: NDArray[np.intp]
    medians: NDArray[np.float64]
    centres: NDArray[np.float64]
    spreads: NDArray[np.float64]
    flagged: NDArray[np.intp]
    flag_centres: NDArray[np.float64]

    @property
    def source(self) -> NDArray[np.intp]:
        """Position of the input that each column belongs to."""
        return np.concatenate([self.used, self.used[self.flagged]])

    def matrix(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the columns for some rows of :func:`signals`; 0 is the average training row."""
        raw = given[:, self.used]
        known = ~np.isnan(raw)
        filled = np.where(known, raw, self.medians)
        scaled = np.clip((filled - self.centres) / self.spreads, -CUT, CUT)
        return np.hstack([scaled, (~known[:, self.flagged]).astype(float) - self.flag_centres])


def fit_design(given: NDArray[np.float64]) -> Design:
    """Learn medians and scales from training rows; inputs that never vary are left out.

    Parameters
    ----------
    given : ndarray, (n_rows, n_inputs)
        Training rows of :func:`signals`.
    """
    used: list[int] = []
    flagged: list[int] = []
    medians, centres, spreads, shares = [], [], [], []
    for position in range(given.shape[1]):
        column = given[:, position]
        missing = np.isnan(column)
        known = column[~missing]
        if not len(known) or known.max() - known.min() <= 1e-12 * max(1.0, abs(known.max())):
            continue
        median = float(np.median(known))
        filled = np.where(missing, median, column)
        if MISSING_SHARE <= missing.mean() <= 1 - MISSING_SHARE:
            flagged.append(len(used))
            shares.append(float(missing.mean()))
        used.append(position)
        medians.append(median)
        centres.append(float(filled.mean()))
        spreads.append(float(filled.std()) or 1.0)
    return Design(
        used=np.array(used, dtype=np.intp),
        medians=np.array(medians),
        centres=np.array(centres),
        spreads=np.array(spreads),
        flagged=np.array(flagged, dtype=np.intp),
        flag_centres=np.array(shares),
    )
