"""Recency, frequency and money as scores from 1 to 5, and the segment of each of the 125 cells.

The published table of seven segments covers 45 cells and gives one of them two names. Here
every cell has exactly one name: the rows of :data:`RFM_RULES` are tried from the top. Rows
marked ``extension`` are ours; docs/decisions holds the reasons and all 125 cells.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.segments.readings import reading, silent_days

__all__ = ["RFM_RULES", "RFM_SEGMENTS", "quintile_scores", "rfm_cells", "rfm_scores", "rfm_segment"]

_MONEY = ("invoice_amount__sum_365d", "mrr")
_FREQUENCY = ("logins__n", "sessions__n", "events__n")


@dataclass(frozen=True)
class RfmRule:
    """Name of the cells in three ranges of scores, each ``(lowest, highest)``."""

    segment: str
    recency: tuple[int, int]
    frequency: tuple[int, int]
    money: tuple[int, int]
    extension: bool = False


RFM_RULES = (
    RfmRule("Champions", (5, 5), (5, 5), (5, 5)),
    RfmRule("Can't Lose Them", (1, 2), (4, 5), (4, 5)),
    RfmRule("At Risk", (2, 3), (3, 4), (3, 4)),
    RfmRule("Loyal", (4, 5), (4, 5), (3, 4)),
    RfmRule("Potential Loyalists", (4, 5), (2, 3), (2, 3)),
    RfmRule("Hibernating", (1, 2), (1, 2), (3, 5)),
    RfmRule("Lost", (1, 1), (1, 1), (1, 1)),
    RfmRule("Loyal", (4, 5), (4, 5), (5, 5), extension=True),
    RfmRule("Potential Loyalists", (4, 5), (1, 5), (1, 5), extension=True),
    RfmRule("Can't Lose Them", (1, 2), (3, 5), (4, 5), extension=True),
    RfmRule("At Risk", (2, 3), (3, 5), (1, 5), extension=True),
    RfmRule("Needs Attention", (3, 3), (1, 2), (1, 5), extension=True),
    RfmRule("Hibernating", (1, 1), (3, 5), (1, 3), extension=True),
    RfmRule("Lost", (1, 2), (1, 2), (1, 2), extension=True),
)
"""Tried from the top; the first that holds names the cell."""
RFM_SEGMENTS = tuple(dict.fromkeys(rule.segment for rule in RFM_RULES))


def rfm_cells() -> pd.DataFrame:
    """Return all 125 cells.

    Returns
    -------
    DataFrame, (125, 5)
        ``recency``, ``frequency``, ``money`` (1 to 5, 5 is best), ``segment``, ``extension``
        (whether a row of ours named it).
    """
    rows = []
    for r, f, m in itertools.product(range(1, 6), repeat=3):
        rule = next(
            rule
            for rule in RFM_RULES
            if rule.recency[0] <= r <= rule.recency[1]
            and rule.frequency[0] <= f <= rule.frequency[1]
            and rule.money[0] <= m <= rule.money[1]
        )
        rows.append((r, f, m, rule.segment, rule.extension))
    return pd.DataFrame(rows, columns=["recency", "frequency", "money", "segment", "extension"])


def quintile_scores(values: pd.Series, groups: pd.Series | None = None) -> pd.Series:
    """Score values from 1 (lowest fifth) to 5 (highest fifth); equal values score alike.

    A run of equal values takes the fifth of its middle rank; the run at the bottom scores 1
    and the run at the top 5, however long it is, so that "the best there is" is never less
    than 5. Where all values are equal nothing is known, and all score 3.

    Parameters
    ----------
    values : Series, (n_rows,)
        Higher is better; missing stays missing.
    groups : Series, optional
        Score within each group (e.g. within each date).

    Returns
    -------
    Series of Int64, (n_rows,)
        Never decreasing in ``values`` within a group.
    """
    keys = pd.Series(0, index=values.index) if groups is None else groups
    grouped = values.groupby(keys)
    middle, n = grouped.rank(method="average"), grouped.transform("count")
    scores = np.minimum(np.floor(5 * (middle - 0.5) / n.where(n > 0)) + 1, 5)
    low, high = grouped.transform("min"), grouped.transform("max")
    scores = scores.mask(values == low, 1).mask(values == high, 5).mask(low == high, 3)
    return scores.where(values.notna()).astype("Int64")


def rfm_scores(features: pd.DataFrame) -> pd.DataFrame:
    """Score recency, frequency and money of live accounts within each date.

    Recency is the days since the last event (fewer is better), frequency the logins of about
    90 days (sessions, then events, where logins are not recorded), money what was invoiced in
    365 days, or the monthly recurring revenue where no invoice is known to the company.

    Parameters
    ----------
    features : DataFrame
        Feature table of 02, any number of dates.

    Returns
    -------
    DataFrame, (n_rows, 3)
        ``recency``, ``frequency``, ``money``: Int64, 1 to 5; missing for accounts no longer
        live. A measure that is missing for a live account scores 1: nothing was seen.
    """
    live = features["is_live"].fillna(True).astype(bool)
    measures = {
        "recency": -silent_days(features),
        "frequency": _first_known(features, _FREQUENCY, days=90),
        "money": _first_known(features, _MONEY),
    }
    scores = {}
    for name, values in measures.items():
        scored = quintile_scores(values.where(live), features["as_of"])
        nothing = 3 if values[live].isna().all() else 1
        scores[name] = scored.fillna(nothing).where(live)
    return pd.DataFrame(scores, index=features.index).astype("Int64")


def rfm_segment(scores: pd.DataFrame) -> pd.Series:
    """Name the cell of each row of scores; missing where a score is missing."""
    cells = rfm_cells().set_index(["recency", "frequency", "money"])["segment"]
    complete = scores.notna().all(axis=1)
    keys = pd.MultiIndex.from_frame(scores[complete].astype(int))
    named = pd.Series(cells.reindex(keys).to_numpy(), index=scores.index[complete], dtype="str")
    return named.reindex(scores.index).rename("rfm_segment")


def _first_known(
    features: pd.DataFrame, names: tuple[str, ...], *, days: int | None = None
) -> pd.Series:
    """Return the first of several measures that is known for any account."""
    for name in names:
        values = reading(features, name, days=days)
        if values.notna().any():
            return values
    return pd.Series(np.nan, index=features.index)
