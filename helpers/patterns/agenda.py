"""What to put on the agenda of a business review: advanced features that alike accounts use.

Accounts are alike by the *other* features they use: two that share rare ones more than two that
share what everybody has. An account counts as using a feature that it used on at least
:data:`IN_USE_DAYS` of the last 91 days; on fewer it has hardly tried it. How many of the alike
accounts use a feature orders the agenda. It says what they use, not what it brought them.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.features.relations import MAX_PAIRED
from helpers.patterns.recommend import N_NEIGHBOURS, nearest
from helpers.stats import wilson

__all__ = ["AGENDA_COLUMNS", "advanced_features"]

IN_USE_DAYS = 3
MIN_USING = 3
"""Of the alike accounts, fewer are no pattern."""
N_ITEMS = 4
RARE = 0.5
"""Where nothing is marked, a feature that less than this share of accounts uses is advanced."""
AGENDA_COLUMNS = (
    "account_id",
    "place",
    "feature",
    "marked",
    "own_days",
    "n_alike",
    "n_using",
    "share",
    "low",
    "high",
    "base_rate",
)
Bools = NDArray[np.bool_]


def advanced_features(
    feature_days: pd.DataFrame, marked: Collection[str], *, n_items: int = N_ITEMS
) -> pd.DataFrame:
    """Return for each account the advanced features that alike accounts use and it does not.

    Parameters
    ----------
    feature_days : DataFrame
        ``account_id, feature, n_days``: days of use in the last 91, of live accounts.
    marked : collection of str
        Features that the catalogue marks as premium. Empty: those that fewer than half of the
        accounts use stand in, and ``marked`` is false in the table.
    n_items : int
        Features for an account at most.

    Returns
    -------
    DataFrame
        ``account_id``, ``place``, ``feature``, ``marked``, ``own_days`` (days of use in 91),
        ``n_alike``, ``n_using`` (of them), ``share`` with Wilson bounds ``low`` and ``high``,
        ``base_rate`` (share of all accounts). By account and place. Features that fewer than
        :data:`MIN_USING` of the alike accounts use, or no larger share of them than of all, are
        left out: they say nothing for this account. So is everything where nothing is marked and
        there are more features than a product has (a shop's articles).

    References
    ----------
    Deshpande, Karypis (2004), *ACM TOIS* 22(1), 143-177: neighbours by items in common.
    """
    days = feature_days.pivot_table(
        index="account_id", columns="feature", values="n_days", aggfunc="sum", fill_value=0
    )
    uses = days.to_numpy(float) >= IN_USE_DAYS
    popular = uses.mean(axis=0) if len(uses) else np.zeros(days.shape[1])
    advanced = np.asarray(days.columns.isin(list(marked)))
    if not marked:
        advanced = (popular < RARE) & (days.shape[1] <= MAX_PAIRED)
    if len(days) < 2 or not advanced.any():
        return pd.DataFrame(columns=list(AGENDA_COLUMNS))
    return _listed(days, uses, advanced, bool(marked)).groupby("account_id").head(n_items)


def _listed(days: pd.DataFrame, uses: Bools, advanced: Bools, marked: bool) -> pd.DataFrame:
    """List every advanced feature that an account does not use and enough alike accounts do."""
    near = nearest(_others(uses, advanced), N_NEIGHBOURS)
    using = uses[near].sum(axis=1)
    k, usual = near.shape[1], uses.mean(axis=0)
    rows, columns = np.nonzero(~uses & advanced & (using >= MIN_USING) & (using > k * usual))
    found = using[rows, columns]
    low, high = wilson(found, np.full(len(rows), k))
    table = pd.DataFrame(
        {
            "account_id": pd.array(days.index.to_numpy(object)[rows], dtype="string"),
            "feature": pd.array(days.columns.to_numpy(object)[columns], dtype="string"),
            "marked": marked,
            "own_days": days.to_numpy()[rows, columns].astype("int64"),
            "n_alike": k,
            "n_using": found.astype("int64"),
            "share": found / k,
            "low": low,
            "high": high,
            "base_rate": usual[columns],
        }
    ).sort_values(
        ["account_id", "n_using", "base_rate", "feature"],
        ascending=[True, False, False, True],
        ignore_index=True,
    )
    place = table.groupby("account_id").cumcount() + 1
    return table.assign(place=place.astype("int64"))[list(AGENDA_COLUMNS)]


def _others(uses: Bools, advanced: Bools) -> Bools:
    """Return the use of what is not advanced; of everything where that is all there is."""
    return uses[:, ~advanced] if (~advanced).any() else uses
