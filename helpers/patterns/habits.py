"""What an account uses most, what it could do without, and the ways people take in the product."""

import pandas as pd

from helpers.patterns.condensed import closed, mine_top
from helpers.patterns.prefixspan import TooManyPatternsError
from helpers.patterns.sequences import encode
from helpers.patterns.visits import Visits
from helpers.stats import wilson

__all__ = ["common_ways", "dashboards"]

N_PINNED = 5
MIN_DAYS = 3
"""A feature used on fewer days in thirteen weeks is not pinned."""
RARE = 0.05
"""A feature that a smaller share of the accounts uses may be put away where it is not used."""
N_WAYS = 60
MAX_STEPS = 4


def dashboards(feature_days: pd.DataFrame) -> pd.DataFrame:
    """Say which features to pin, and which to put away, for each account.

    Parameters
    ----------
    feature_days : DataFrame
        From :func:`helpers.patterns.contact.read_feature_days`.

    Returns
    -------
    DataFrame
        ``account_id``, ``feature``, ``proposal`` ("pin" or "put away"), ``place``, ``n_days``
        (of thirteen weeks), ``share_of_accounts`` (that used it). Pinned are the most used ones;
        the first is the natural default view. Put away is what the account never used and few
        others do.
    """
    n = feature_days["account_id"].nunique()
    share = feature_days["feature"].value_counts() / max(n, 1)
    ordered = feature_days.sort_values(
        ["account_id", "n_days", "feature"], ascending=[True, False, True], kind="stable"
    )
    place = ordered.groupby("account_id", sort=False).cumcount() + 1
    pinned = ordered[(place <= N_PINNED) & (ordered["n_days"] >= MIN_DAYS)]
    pinned = pinned.assign(proposal="pin", place=place)
    rare = sorted(share.index[share < RARE].tolist())
    grid = pd.MultiIndex.from_product(
        [feature_days["account_id"].unique(), rare], names=["account_id", "feature"]
    )
    used = pd.MultiIndex.from_frame(feature_days[["account_id", "feature"]])
    away = grid.difference(used, sort=False).to_frame(index=False)
    away = away.assign(proposal="put away", n_days=0)
    away["place"] = away.groupby("account_id", sort=False).cumcount() + 1
    columns = ["account_id", "feature", "proposal", "place", "n_days"]
    parts = [part[columns] for part in (pinned, away) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else pinned[columns]
    table = table.assign(share_of_accounts=table["feature"].map(share).astype(float))
    table = table.astype({"account_id": "string", "feature": "string", "proposal": "string"})
    by = ["account_id", "proposal", "place"]
    return table.sort_values(by, kind="stable").reset_index(drop=True)


def common_ways(visits: Visits) -> pd.DataFrame:
    """List the ways of two to four steps, each right after the other, that most sessions take.

    Returns
    -------
    DataFrame
        ``way`` (list), ``n_sessions``, ``share`` (of sessions) with bounds ``low`` and ``high``;
        the most frequent first. A way that is only part of a longer one that the same sessions
        take is left out.
    """
    units = visits.sessions["unit"]
    columns = ["way", "n_sessions", "share", "low", "high"]
    if units.empty:
        return pd.DataFrame(columns=columns)
    try:
        top = mine_top(
            encode(visits.tokens, units), k=N_WAYS, min_length=2, max_length=MAX_STEPS, max_gap=0
        )
    except TooManyPatternsError:
        return pd.DataFrame(columns=columns)
    kept = closed(top)
    low, high = wilson(kept.support, [len(units)] * len(kept.items))
    table = pd.DataFrame(
        {
            "way": pd.Series([list(items) for items in kept.items], dtype="object"),
            "n_sessions": kept.support,
            "share": kept.support / len(units),
            "low": low,
            "high": high,
        }
    )
    order = table["way"].map(" > ".join)
    table = table.assign(text=order).sort_values(["n_sessions", "text"], ascending=[False, True])
    return table[columns].reset_index(drop=True)
