"""Small groups in what leaves the team: hidden so that no published sum gives them away.

Hiding a small group is not enough: the total minus what is shown is the hidden value. So further
groups are hidden until every hidden number could be another one, and until what is hidden
together is no small group either.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["DOMINANCE", "hidden_cells", "hidden_groups", "hide"]

DOMINANCE = 0.80
"""A group of whose money one account has more than that is as good as that account."""


def hidden_groups(
    counts: pd.DataFrame, *, k: int, top_share: pd.Series | None = None
) -> NDArray[np.bool_]:
    """Say which groups to hide in a table whose column totals are known.

    Parameters
    ----------
    counts : DataFrame, (n_groups, n_columns)
        Accounts of each group, one column a date; every column's total counts as published.
    k : int
        Groups of 1 to ``k - 1`` accounts are small; an empty group tells of nobody.
    top_share : Series, optional
        Share of the group's money that its largest account has, ordered as ``counts``.

    Returns
    -------
    ndarray of bool, (n_groups,)
        Hide the whole row: both dates, or their difference would tell.

    References
    ----------
    Hundepool and others (2012), *Statistical Disclosure Control*, ch. 4: primary and secondary
    suppression, dominance.
    """
    values = counts.fillna(0).to_numpy(float)
    hidden: NDArray[np.bool_] = np.asarray(((values > 0) & (values < k)).any(axis=1), bool)
    if top_share is not None:
        hidden |= (top_share.fillna(0).to_numpy(float) > DOMINANCE) & (values.sum(axis=1) > 0)
    order = np.argsort(values.max(axis=1), kind="stable")
    while hidden.any() and not hidden.all():
        filled = values[hidden] > 0
        alone = (filled.sum(axis=0) == 1) | (filled.any(axis=0) & (values[hidden].sum(axis=0) < k))
        if not alone.any():
            break
        useful = (~hidden) & (values[:, alone] > 0).any(axis=1)
        nxt = next((row for row in order if useful[row]), None)
        if nxt is None:
            hidden[:] = True
            break
        hidden[nxt] = True
    return hidden


def hidden_cells(matrix: pd.DataFrame, *, k: int) -> NDArray[np.bool_]:
    """Say which cells to hide in a table whose row and column totals are known.

    A hidden cell can be worked out exactly if, in the graph that joins the row and the column of
    each hidden cell, nothing else joins its two ends. Cells are added until none can be.

    Parameters
    ----------
    matrix : DataFrame, (n_rows, n_columns)
        Accounts by group then and group now.
    k : int
        Cells of 1 to ``k - 1`` accounts are small.

    Returns
    -------
    ndarray of bool, (n_rows, n_columns)
    """
    values = matrix.fillna(0).to_numpy(float)
    small = (values > 0) & (values < k)
    hidden = small.copy()
    while True:
        bare = [cell for cell in np.argwhere(hidden) if _worked_out(hidden, *cell)]
        bare += [cell for cell in np.argwhere(hidden) if _small_sum(values, hidden, k, *cell)]
        candidates = (~hidden) & (values > 0)
        if not bare or not candidates.any():
            return hidden
        row, column = bare[0]
        near = np.zeros_like(hidden)
        near[row, :] = near[:, column] = True
        pool = candidates & near if (candidates & near).any() else candidates
        smallest = np.where(pool, values, np.inf).argmin()
        hidden.flat[smallest] = True


def _worked_out(hidden: NDArray[np.bool_], row: int, column: int) -> bool:
    """Tell whether row and column of a hidden cell are joined by no other hidden cells."""
    rest = hidden.copy()
    rest[row, column] = False
    rows: set[int] = {int(row)}
    columns: set[int] = set()
    while True:
        more = {int(c) for r in rows for c in np.flatnonzero(rest[r])} - columns
        columns |= more
        reached = {int(r) for c in columns for r in np.flatnonzero(rest[:, c])} - rows
        rows |= reached
        if int(column) in columns:
            return False
        if not more and not reached:
            return True


def _small_sum(
    values: NDArray[np.float64], hidden: NDArray[np.bool_], k: int, row: int, column: int
) -> bool:
    """Tell whether what is hidden in the row or the column is together a small group."""
    across = values[row][hidden[row]].sum()
    down = values[:, column][hidden[:, column]].sum()
    return bool(min(across, down) < k)


def hide(table: pd.DataFrame, hidden: NDArray[np.bool_], columns: list[str]) -> pd.DataFrame:
    """Blank the columns of the hidden rows; other columns stay."""
    shown = table.copy()
    for name in columns:
        kept = shown[name].astype("Float64" if shown[name].dtype.kind in "iuf" else "object")
        shown[name] = kept.mask(hidden)
    return shown
