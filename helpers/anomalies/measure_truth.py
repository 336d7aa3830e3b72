"""How many of the anomalies that are known to be there were found, and how many alerts are not."""

import pandas as pd

from helpers.stats import safe_ratio, wilson

__all__ = ["found_by_kind"]

GRACE_DAYS = 7
"""An alert counts for an anomaly that ended at most so long before it was last seen."""


def found_by_kind(alerts: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Compare alerts with a list of known anomalies.

    Parameters
    ----------
    alerts : DataFrame
        ``account_id``, ``kind``, ``also_kinds``, ``detected_on``, ``last_seen_on``.
    truth : DataFrame
        ``account_id``, ``kind``, ``starts_on``, ``ends_on``: those that could be found in the
        days under review.

    Returns
    -------
    DataFrame
        By kind of the truth: ``planted``, ``found`` (an alert names the kind, as its own or
        also), ``noticed`` (an alert of any kind), ``recall`` with its 95 % interval ``low`` to
        ``high``, ``alerts`` (that name the kind), ``right`` (of those, the account has that
        anomaly), ``precision``, and ``lag_days`` (median from start to detection).
    """
    both = [[kind, *also] for kind, also in zip(alerts["kind"], alerts["also_kinds"], strict=True)]
    named = alerts.assign(every=pd.Series(both, index=alerts.index, dtype="object"))
    named = named.explode("every")
    rows = []
    for kind, mine in truth.groupby("kind"):
        hits = _hits(mine, named[named["every"] == kind])
        noticed = _hits(mine, named)
        raised = named[named["every"] == kind]
        right = raised["account_id"].isin(mine["account_id"]).sum()
        rows.append(
            {
                "kind": kind,
                "planted": len(mine),
                "found": int(hits.notna().sum()),
                "noticed": int(noticed.notna().sum()),
                "alerts": len(raised),
                "right": int(right),
                "lag_days": hits.median(),
            }
        )
    frame = pd.DataFrame(rows)
    low, high = wilson(frame["found"], frame["planted"])
    return frame.assign(
        recall=safe_ratio(frame["found"], frame["planted"]),
        low=low,
        high=high,
        precision=safe_ratio(frame["right"], frame["alerts"]),
    )


def _hits(truth: pd.DataFrame, alerts: pd.DataFrame) -> pd.Series:
    """Days from the start of each anomaly to the first alert on it; NaN where there is none."""
    numbered = truth.reset_index(drop=True).rename_axis("number").reset_index()
    pairs = numbered.merge(alerts, on="account_id", suffixes=("", "_alert"))
    late = pairs["ends_on"] + pd.Timedelta(days=GRACE_DAYS)
    near = pairs[(pairs["last_seen_on"] >= pairs["starts_on"]) & (pairs["detected_on"] <= late)]
    lag = (near["detected_on"] - near["starts_on"]).dt.days
    return lag.groupby(near["number"]).min().reindex(numbered["number"])
