"""Tickets beside use: which features an account was using around the days it asked for help.

Trouble weighs more where work depends on what is broken. Which feature that is differs from product
to product, so the table has a row for each, and whoever learns from it lets the data decide.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Sequence

import pandas as pd

from helpers.config import CompanyConfig
from helpers.engine import Engine, History, day_to_date
from helpers.features.late import by_what_was_known
from helpers.features.population import open_context
from helpers.features.visible import visible

__all__ = ["tickets_beside_use"]

_COLUMNS = {
    "account_id": "string",
    "as_of": "datetime64[us]",
    "feature": "string",
    "n_tickets": "int64",
}


def tickets_beside_use(
    engine: Engine,
    as_of_dates: Sequence[pd.Timestamp],
    *,
    config: CompanyConfig,
    history: History,
    windows_days: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Count the tickets of each account that were opened around days on which it used a feature.

    Parameters
    ----------
    engine, as_of_dates, config, history, windows_days
        As for :func:`helpers.features.build_features`.

    Returns
    -------
    DataFrame
        account_id, as_of, feature, n_tickets: tickets opened in the longest window before the date,
        with a use of the feature within the shortest window before or after; rows only where
        there is one. All of it happened before the date. Sorted, newest date first; empty without
        tickets.
    """

    def build(dates: Sequence[pd.Timestamp], known: History) -> pd.DataFrame:
        context = open_context(engine, config, known, dates, windows_days)
        frame = engine.frame(_query(min(context.windows_days), max(context.windows_days)))
        frame["as_of"] = day_to_date(frame.pop("cutoff")).to_numpy()
        by = ["as_of", "account_id", "feature"]
        typed = frame[list(_COLUMNS)].astype(_COLUMNS)
        return typed.sort_values(by, ascending=[False, True, True], ignore_index=True)

    if not (engine.has("tickets") and engine.has("events")):
        return pd.DataFrame(columns=list(_COLUMNS)).astype(_COLUMNS)
    return by_what_was_known(engine, config, history, as_of_dates, build)


def _query(near_days: int, window_days: int) -> str:
    opened = "t.cutoff - t.age_days"
    return f"""
        SELECT p.account_id, t.cutoff, u.feature, COUNT(DISTINCT t.ticket_id) AS n_tickets
        FROM ({visible("tickets")}) AS t
        JOIN account_feature_day u ON u.account_no = t.account_no AND u.day < t.cutoff
          AND u.day BETWEEN {opened} - {near_days} AND {opened} + {near_days}
        JOIN population p ON p.account_no = t.account_no AND p.cutoff = t.cutoff
        WHERE t.age_days <= {window_days} AND u.feature IS NOT NULL
        GROUP BY p.account_id, t.cutoff, u.feature
        """
