"""What managers said of alerts, scores and segments: how many were right, and what they cost."""

import numpy as np
import pandas as pd

from helpers.stats import wilson

__all__ = ["verdicts"]

SAID = ("confirmed", "false_positive", "missed")
ALL = "all"


def verdicts(feedback: pd.DataFrame | None, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """Count the verdicts on each kind of thing that was shown.

    Parameters
    ----------
    feedback : DataFrame or None
        Of 01: ``item`` (``alert:sudden_drop``, ``segment:at_risk`` ...), ``verdict``, ``minutes``.
        Verdicts on runs of ``as_of`` or later are not counted.
    as_of : Timestamp
        Of the run.

    Returns
    -------
    DataFrame
        One row a family (what stands before the colon) and item, the item ``all`` first:
        ``family, item, judged, confirmed, false_positive, missed, precision, low, high``
        (confirmed of those shown, with Wilson's interval), ``recall`` (confirmed of those that
        should have been shown: a missed one is one that a manager sent in), ``minutes`` (median a
        verdict) and ``hours`` (all of them).
    """
    columns = ["family", "item", "judged", *SAID, "precision", "low", "high", "recall",
               "minutes", "hours"]  # fmt: skip
    if feedback is None or feedback.empty:
        return pd.DataFrame(columns=columns)
    known = feedback[pd.to_datetime(feedback["as_of"]) < as_of]
    known = known[known["verdict"].isin(SAID)].copy()
    parts = known["item"].astype(str).str.partition(":")
    known["family"] = parts[0]
    known["item"] = parts[2].where(parts[2] != "", parts[0])
    every = known.assign(item=ALL)
    table = pd.concat([every, known], ignore_index=True)
    rows = [
        _row(str(family), str(item), group)
        for (family, item), group in table.groupby(["family", "item"], sort=True)
    ]
    found = pd.DataFrame(rows, columns=columns)
    first = (found["item"] != ALL).astype(int)
    return (
        found.assign(first=first)
        .sort_values(["family", "first", "judged", "item"], ascending=[True, True, False, True])
        .drop(columns="first")
        .reset_index(drop=True)
    )


def _row(family: str, item: str, group: pd.DataFrame) -> dict[str, object]:
    n = {name: int((group["verdict"] == name).sum()) for name in SAID}
    shown, should = n["confirmed"] + n["false_positive"], n["confirmed"] + n["missed"]
    low, high = wilson([n["confirmed"]], [shown])
    minutes = group["minutes"].dropna()
    return {
        "family": family,
        "item": item,
        "judged": shown,
        **n,
        "precision": n["confirmed"] / shown if shown else np.nan,
        "low": float(low[0]) if shown else np.nan,
        "high": float(high[0]) if shown else np.nan,
        "recall": n["confirmed"] / should if should else np.nan,
        "minutes": float(minutes.median()) if len(minutes) else np.nan,
        "hours": float(minutes.sum()) / 60,
    }
