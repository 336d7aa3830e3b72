"""Which alerts reach a manager this week: ranked, and no more than a week has room for."""

import pandas as pd

from helpers.anomalies.severity import rank_of

__all__ = ["UNASSIGNED", "apply_budget", "rank_alerts"]

UNASSIGNED = "unassigned"
"""Stands for the manager of accounts that have none: their alerts have one budget too."""


def rank_alerts(alerts: pd.DataFrame) -> pd.DataFrame:
    """Sort alerts by severity, confidence (to 3 digits) and revenue; ties by account and kind."""
    keys = alerts.assign(
        _severity=-rank_of(alerts["severity"]),
        _confidence=-alerts["confidence"].round(3),
        _mrr=-alerts["mrr"].fillna(0.0),
    )
    by = ["_severity", "_confidence", "_mrr", "account_id", "kind", "detected_on"]
    return keys.sort_values(by, ignore_index=True).drop(
        columns=["_severity", "_confidence", "_mrr"]
    )


def apply_budget(
    alerts: pd.DataFrame, *, as_of: pd.Timestamp, per_week: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Keep, per manager and week, the alerts that rank first.

    Critical alerts are never cut, but they use up the budget. Weeks are counted back from
    ``as_of``; an alert belongs to the week of its ``news_on``, when it became so severe.

    Parameters
    ----------
    alerts : DataFrame
        Ranked, with ``csm``, ``severity``, ``news_on``.
    as_of : Timestamp
    per_week : int
        Alerts a manager can take a week.

    Returns
    -------
    kept, review_list, load : DataFrame
        Alerts to act on; those left for the weekly review; and per ``csm`` and ``week_end``
        (its last day) the numbers ``raised``, ``kept``, ``critical`` and the ``limit``.
    """
    week = (as_of - pd.Timedelta(days=1) - alerts["news_on"]).dt.days // 7
    csm = alerts["csm"].astype("object").where(alerts["csm"].notna(), UNASSIGNED)
    critical = (alerts["severity"] == "critical").astype(int)
    keyed = alerts.assign(csm=csm, _week=week, _critical=critical)
    groups = keyed.groupby(["csm", "_week"], sort=True)
    before_critical = groups["_critical"].transform("sum")
    place = keyed.assign(_other=1 - critical).groupby(["csm", "_week"])["_other"].cumsum()
    fits = (critical == 1) | (place <= (per_week - before_critical).clip(lower=0))
    load = groups.agg(raised=("kind", "size"), critical=("_critical", "sum")).reset_index()
    kept_count = keyed[fits].groupby(["csm", "_week"]).size().rename("kept").reset_index()
    load = load.merge(kept_count, on=["csm", "_week"], how="left").fillna({"kept": 0})
    load["week_end"] = as_of - pd.to_timedelta(7 * load["_week"] + 1, unit="D")
    load = load.assign(limit=per_week, kept=load["kept"].astype("int64"))
    columns = ["csm", "week_end", "raised", "kept", "critical", "limit"]
    plain = keyed.drop(columns=["_week", "_critical"])
    return (
        plain[fits].reset_index(drop=True),
        plain[~fits].reset_index(drop=True),
        load[columns].sort_values(["csm", "week_end"], ignore_index=True),
    )
