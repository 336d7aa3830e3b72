"""Inputs that no list can hold: a ticket around the use of this or that feature of the product.

A ticket weighs more in an account whose work depends on what is broken. Which feature that is
differs from product to product: each one that enough accounts used around a ticket becomes an
input, and the fit decides which of them matters, if any.
"""

import pandas as pd

from helpers.scores.directions import BESIDE
from helpers.scores.inputs import Input

__all__ = ["with_tickets_beside"]

MIN_ACCOUNTS, MOST = 20, 40
"""Accounts with such a ticket that a feature needs; features at most, the commonest first."""


def with_tickets_beside(
    features: pd.DataFrame, dictionary: pd.DataFrame, beside: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Input, ...]]:
    """Lay tickets beside use into the feature table, a column a feature of the product.

    Parameters
    ----------
    features, dictionary : DataFrame
        Of 02.
    beside : DataFrame or None
        ``tickets_beside_use`` of 02.

    Returns
    -------
    features, dictionary : DataFrame
        With columns ``ticket_beside__<feature>``: 1 where the account has such a ticket, else 0.
    inputs : tuple of Input
        One a column, by name; none without tickets.
    """
    if beside is None or beside.empty:
        return features, dictionary, ()
    counts = beside.groupby("feature")["account_id"].nunique()
    common = counts[counts >= MIN_ACCOUNTS].sort_index().sort_values(ascending=False, kind="stable")
    chosen = sorted(str(name) for name in common.index[:MOST])
    rows = pd.MultiIndex.from_frame(features[["account_id", "as_of"]].astype({"account_id": "str"}))
    columns = {}
    for name in chosen:
        mine = beside.loc[beside["feature"] == name, ["account_id", "as_of"]]
        there = rows.isin(pd.MultiIndex.from_frame(mine.astype({"account_id": "str"})))
        columns[BESIDE + name] = there.astype("float64")
    told = pd.DataFrame(columns, index=features.index)
    described = pd.DataFrame({"feature": list(columns), "predictive": True})
    wide = pd.concat([features, told], axis=1)
    return wide, pd.concat([dictionary, described], ignore_index=True), _inputs(chosen)


def _inputs(names: list[str]) -> tuple[Input, ...]:
    """Return an input for each feature of the product."""
    found = []
    for name in names:
        plain = name.replace("_", " ").replace("{", "{{").replace("}", "}}")
        found.append(
            Input(
                name=BESIDE + name,
                theme=f"ticket beside {name.replace('_', ' ')}",
                transform="none",
                phrase=f"a ticket around use of {plain}",
                absent=f"no ticket around use of {name.replace('_', ' ')}",
            )
        )
    return tuple(found)
