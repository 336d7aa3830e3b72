"""What stands beside an alert: satisfaction, tickets, the relationship, the money at stake.

An anomaly is never the only sign of an account's health.
"""

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["add_context", "revenue"]

_PARTS: dict[str, tuple[str, float, float]] = {
    "nps_last": ("NPS {:.0f}", 0, 10),
    "tickets_open__n": ("{:.0f} open tickets", 1, np.inf),
    "days_since_last_touchpoint": ("no contact for {:.0f} days", 60, np.inf),
    "days_to_renewal": ("renewal in {:.0f} days", 0, 90),
}
"""Feature to how it is told and between which values it is worth telling."""

HIGH_VALUE = 0.8
"""Share of accounts with less revenue from which an account counts as high value."""


def add_context(alerts: pd.DataFrame, features: pd.DataFrame | None) -> pd.DataFrame:
    """Add a ``context`` text to alerts.

    Parameters
    ----------
    alerts : DataFrame
        With ``account_id``.
    features : DataFrame or None
        One row an account and date; the newest is used. What is absent, null or not worth
        telling is left out of the text; without features the text is empty.

    Returns
    -------
    DataFrame
        ``alerts`` with ``context``, e.g. "NPS 9 (happy), high value, renewal in 63 days".
    """
    if features is None or features.empty:
        return alerts.assign(context="")
    newest = features.sort_values("as_of").drop_duplicates("account_id", keep="last")
    known = newest.set_index("account_id")
    rank = known["mrr"].rank(pct=True) if "mrr" in known else pd.Series(dtype=float)
    return alerts.assign(
        context=[_told(known, rank, str(account)) for account in alerts["account_id"]]
    )


def revenue(mrr: pd.Series, features: pd.DataFrame | None) -> pd.Series:
    """Return the monthly revenue of each account: of its subscriptions, else of the CRM.

    Parameters
    ----------
    mrr : Series
        As the accounts table has it, by ``account_id``.
    features : DataFrame or None
        One row an account and date; ``mrr`` of the newest is what the subscriptions say.
    """
    if features is None or "mrr" not in features:
        return mrr
    newest = features.sort_values("as_of").drop_duplicates("account_id", keep="last")
    told = newest.set_index("account_id")["mrr"].astype("float64").reindex(mrr.index)
    return told.where(told.notna(), mrr.astype("float64"))


def _told(known: pd.DataFrame, rank: pd.Series, account: str) -> str:
    if account not in known.index:
        return ""
    row: Any = known.loc[account]
    parts = []
    for name, (words, low, high) in _PARTS.items():
        if name in known.columns and pd.notna(row[name]) and low <= float(row[name]) <= high:
            parts.append(words.format(float(row[name])))
    if "nps_last" in known.columns and pd.notna(row["nps_last"]):
        score = float(row["nps_last"])
        mood = "happy" if score >= 9 else "unhappy" if score <= 6 else "neutral"
        parts[0] += f" ({mood})"
    if float(rank.get(account, 0.0)) >= HIGH_VALUE:
        parts.insert(0, "high value")
    return ", ".join(parts)
