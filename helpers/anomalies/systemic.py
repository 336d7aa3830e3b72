"""Days on which many accounts went the same way at once: our product's problem, not theirs.

Such an incident is reported once, for the company. For the measures concerned its days are
hidden from the detectors, so that no account is blamed for them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.company import feature_names
from helpers.anomalies.signals import Activity

__all__ = ["Incidents", "find_incidents"]

Array = NDArray[np.float64]

MIN_SHARE, MIN_ACCOUNTS, BY_CHANCE = 0.15, 5, 0.05
"""Accounts that must show it by themselves at p <= 0.05: three times what chance gives."""
MIN_EXPECTED = {"up": 0.1, "down": 3.0}
"""Count to expect from which an account can show a rise, or a fall, by itself."""
SAME_WEEKDAYS = 8
MAX_GAP_DAYS = 2


@dataclass(frozen=True, kw_only=True)
class Incidents:
    """Company-wide incidents.

    Parameters
    ----------
    table : DataFrame
        One row an incident: ``incident``, ``started_on``, ``ended_on``, ``metrics`` (list),
        ``change`` (of the first metric, ratio), ``n_accounts``.
    accounts : DataFrame
        ``incident``, ``account_id``, ``metric``, ``observed``, ``expected``: who shows it.
    hidden : mapping of name to ndarray of bool, (n_days,)
        Days that no account is judged by.
    """

    table: pd.DataFrame
    accounts: pd.DataFrame
    hidden: dict[str, NDArray[np.bool_]]


def find_incidents(activity: Activity, days: pd.DataFrame) -> Incidents:
    """Turn odd company days into incidents that enough accounts show by themselves.

    Parameters
    ----------
    activity : Activity
    days : DataFrame
        From :func:`helpers.anomalies.company.company_days`, of signals and features.

    Returns
    -------
    Incidents
        Metrics that go wrong within ``MAX_GAP_DAYS`` of each other are one incident.
    """
    odd = days[days["state"] == "incident"].sort_values(["day", "metric"], ignore_index=True)
    new = odd["day"].diff() > pd.Timedelta(days=MAX_GAP_DAYS)
    rows: list[dict[str, object]] = []
    accounts: list[pd.DataFrame] = []
    hidden: dict[str, NDArray[np.bool_]] = {}
    for _, group in odd.groupby(new.cumsum()):
        shown = [_who_shows(activity, str(name), mine) for name, mine in group.groupby("metric")]
        who = pd.concat(shown, ignore_index=True)
        if who.empty:
            continue
        number = len(rows) + 1
        kept = group[group["metric"].isin(who["metric"])]
        rows.append(_incident(number, kept, who))
        accounts.append(who.assign(incident=number))
        row: Any
        for row in kept.itertuples():
            mask = hidden.setdefault(str(row.metric), np.zeros(len(activity.days), bool))
            mask |= np.asarray(activity.days == row.day)
    return Incidents(table=_table(rows), accounts=_account_table(accounts), hidden=hidden)


def _incident(number: int, days: pd.DataFrame, who: pd.DataFrame) -> dict[str, object]:
    strongest = days.assign(size=days["z"].abs()).sort_values(["size", "metric"], ascending=False)
    metrics = list(dict.fromkeys(strongest["metric"]))
    first = days[days["metric"] == metrics[0]]
    return {
        "incident": number,
        "started_on": days["day"].min(),
        "ended_on": days["day"].max(),
        "metrics": metrics,
        "change": float(first["change"].mean()),
        "n_accounts": int(who["account_id"].nunique()),
    }


def _who_shows(activity: Activity, name: str, days: pd.DataFrame) -> pd.DataFrame:
    """List accounts that deviate by themselves on these days; none if too few do."""
    from scipy.special import betainc

    signals = activity.signals
    if name in signals.names:
        counts = signals.of(name)
    else:
        counts = activity.features.counts[feature_names(activity).index(name)]
    at = np.asarray(activity.days.get_indexer(pd.DatetimeIndex(days["day"])))
    seen, expected, spread = _same_weekdays(activity, counts, at)
    size, success = 1 / spread, expected / (1 / spread + expected)
    up = bool((days["change"] > 1).any())
    able = (expected >= MIN_EXPECTED["up" if up else "down"]) & activity.alive[:, at].all(axis=1)
    tail = np.where(seen > 0, betainc(np.maximum(seen, 1e-9), size, success), 1.0)
    p = tail if up else betainc(size, seen + 1, 1 - success)
    shows = able & (p <= BY_CHANCE)
    if shows.sum() < max(MIN_ACCOUNTS, MIN_SHARE * able.sum()):
        shows[:] = False
    return pd.DataFrame(
        {
            "account_id": activity.accounts["account_id"].to_numpy()[shows],
            "metric": name,
            "observed": seen[shows],
            "expected": expected[shows].round(3),
        }
    )


def _same_weekdays(
    activity: Activity, counts: NDArray[np.float32], at: NDArray[np.intp]
) -> tuple[Array, Array, float]:
    """Count on the days, mean of the same weekdays before, and the dispersion of those."""
    seen, expected = np.zeros(len(counts)), np.zeros(len(counts))
    top = bottom = 0.0
    for day in at:
        before = day - 7 * np.arange(1, SAME_WEEKDAYS + 1)
        before = before[before >= 0]
        before = before[activity.observed[before]]
        if not len(before):
            continue
        history = counts[:, before].astype(float)
        mean = history.mean(axis=1)
        off = np.clip(history - mean[:, None], None, 6 * np.sqrt(mean + 1)[:, None])
        top += float((off**2).sum() - mean.sum() * len(before))
        bottom += float((mean**2).sum() * len(before))
        seen += counts[:, day]
        expected += mean
    spread = float(np.clip(top / bottom if bottom > 0 else 1.0, 0.05, 4.0))
    return seen, expected, spread


def _table(rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = ["incident", "started_on", "ended_on", "metrics", "change", "n_accounts"]
    return pd.DataFrame(rows, columns=columns)


def _account_table(parts: list[pd.DataFrame]) -> pd.DataFrame:
    columns = ["incident", "account_id", "metric", "observed", "expected"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns].sort_values(columns[:3], ignore_index=True)
