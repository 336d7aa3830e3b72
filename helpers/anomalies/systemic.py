"""Days on which many accounts went the same way at once: our product's problem, not theirs.

Such an incident is reported once, for the company. For the signals concerned its days are
hidden from the detectors, so that no account is blamed for them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.daily import Daily
from helpers.anomalies.signals import Activity
from helpers.stats import safe_ratio

__all__ = ["Incidents", "company_days", "find_incidents", "usual_days"]

Array = NDArray[np.float64]

USUAL_WEEKS = 8
MIN_Z = 4.0
"""Robust standard deviations of the company's day from the same weekdays before."""
RISE, FALL = 2.0, 0.7
"""Ratio to the usual day from which errors up, or usage down, is an incident."""
MIN_SHARE, MIN_ACCOUNTS, BY_CHANCE = 0.15, 5, 0.05
"""Accounts that must show it by themselves at p <= 0.05: three times what chance gives."""
MIN_EXPECTED = {"up": 0.1, "down": 3.0}
"""Count to expect from which an account can show a rise, or a fall, by itself."""
REGION_SHARE = 0.25
"""Share of accounts on holiday from which the calendar explains a company-wide dip."""
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


def usual_days(company: Array, open_days: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Compare each company day with the same weekday of the weeks before.

    Parameters
    ----------
    company : ndarray, (n_days,)
        What everybody did that day, 1.0 = an average day.
    open_days : ndarray of bool, (n_days,)
        False on outage days, which are neither judged nor used.

    Returns
    -------
    usual : ndarray, (n_days,)
        Median of the same weekday over the ``USUAL_WEEKS`` weeks before; NaN at the start.
    z : ndarray, (n_days,)
        Robust standard deviations of the log ratio; NaN where unknown. A day counts as usual
        for later ones even if it is odd itself: the median does not mind.
    """
    n = len(company)
    value = np.where(open_days & (company > 0), company, np.nan)
    lags = np.full((USUAL_WEEKS, n), np.nan)
    for week in range(1, USUAL_WEEKS + 1):
        lags[week - 1, 7 * week :] = value[: max(n - 7 * week, 0)]
    there = np.isfinite(lags).sum(axis=0)
    usual = np.where(there >= 3, _nanmedian(lags), np.nan)
    off = np.log(safe_ratio(value, usual))
    z = np.full(n, np.nan)
    for day in range(n):
        past = off[max(0, day - 7 * USUAL_WEEKS) : day]
        past = past[np.isfinite(past)]
        if len(past) >= 14 and np.isfinite(off[day]):
            scale = max(1.4826 * float(np.median(np.abs(past - np.median(past)))), 0.06)
            z[day] = off[day] / scale
    return usual, z


def _nanmedian(lags: Array) -> Array:
    n = np.isfinite(lags).sum(axis=0)
    ordered = np.sort(lags, axis=0)
    low = np.take_along_axis(ordered, np.maximum((n - 1) // 2, 0)[None], axis=0)[0]
    high = np.take_along_axis(ordered, np.minimum(n // 2, len(lags) - 1)[None], axis=0)[0]
    return np.asarray((low + high) / 2)


def company_days(activity: Activity, daily: Daily, calendar: pd.DataFrame | None) -> pd.DataFrame:
    """List what the company as a whole did each day, signal by signal.

    Parameters
    ----------
    activity : Activity
    daily : Daily
        Signals or features.
    calendar : DataFrame or None
        The contract's table; rows for everyone, or for the region of a quarter of the
        accounts, explain a day.

    Returns
    -------
    DataFrame
        ``metric``, ``day``, ``company`` (1.0 = an average day), ``usual``, ``z``,
        ``change`` (ratio to usual), ``state``: outage, explained, incident or usual day, and
        ``reason`` from the calendar.
    """
    days = activity.days[daily.first_day :]
    open_days = activity.observed[daily.first_day :]
    reasons = _reasons(activity, days, calendar)
    frames = []
    for name, company in zip(daily.names, daily.company, strict=True):
        usual, z = usual_days(company, open_days)
        change = safe_ratio(company, usual)
        state = np.where(_is_odd(name, activity, change, z), "incident", "usual")
        state = np.where((state == "incident") & (reasons != ""), "explained", state)
        frames.append(
            pd.DataFrame(
                {
                    "metric": name,
                    "day": days,
                    "company": company,
                    "usual": usual,
                    "z": z,
                    "change": change,
                    "state": np.where(open_days, state, "outage"),
                    "reason": reasons,
                }
            )
        )
    columns = ["metric", "day", "company", "usual", "z", "change", "state", "reason"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _is_odd(name: str, activity: Activity, change: Array, z: Array) -> NDArray[np.bool_]:
    """Errors and tickets up, usage down: the directions that are our problem."""
    risk = {signal.name: signal.risk for signal in activity.catalogue}.get(name, "down")
    with np.errstate(invalid="ignore"):
        up = (change >= RISE) & (z >= MIN_Z)
        down = (change <= FALL) & (z <= -MIN_Z)
    return np.asarray({"up": up, "down": down}.get(risk, np.zeros(len(z), bool)))


def _reasons(
    activity: Activity, days: pd.DatetimeIndex, calendar: pd.DataFrame | None
) -> NDArray[np.object_]:
    """Name the known factor of each day: one for everyone, or for many accounts' region."""
    out = np.full(len(days), "", object)
    if calendar is None:
        return out
    shares = activity.accounts["region"].value_counts(normalize=True)
    rows = calendar[calendar["account_id"].isna()].sort_values(["starts_on", "reason"])
    away = np.zeros(len(days))
    for row in rows.itertuples():
        covered = np.asarray((days >= row.starts_on) & (days <= row.ends_on))
        away += covered * (1.0 if pd.isna(row.region) else float(shares.get(row.region, 0.0)))
        out[covered & (out == "")] = str(row.reason)
    out[away < REGION_SHARE] = ""
    return out


def find_incidents(activity: Activity, dailies: list[Daily], days: pd.DataFrame) -> Incidents:
    """Turn odd company days into incidents that enough accounts show by themselves.

    Parameters
    ----------
    activity : Activity
    dailies : list of Daily
        Those that ``days`` was made from.
    days : DataFrame
        From :func:`company_days`, of all of them.

    Returns
    -------
    Incidents
        Metrics that go wrong within ``MAX_GAP_DAYS`` of each other are one incident.
    """
    odd = days[days["state"] == "incident"].sort_values(["day", "metric"], ignore_index=True)
    new = odd["day"].diff() > pd.Timedelta(days=MAX_GAP_DAYS)
    rows, accounts = [], []
    hidden: dict[str, NDArray[np.bool_]] = {}
    for _, group in odd.groupby(new.cumsum()):
        shown = [found for found in _who_shows(activity, dailies, group) if len(found)]
        if not shown:
            continue
        number, who = len(rows) + 1, pd.concat(shown, ignore_index=True)
        kept = group[group["metric"].isin(who["metric"])]
        rows.append(_incident(number, kept, who))
        accounts.append(who.assign(incident=number))
        for row in kept.itertuples():
            mask = hidden.setdefault(row.metric, np.zeros(len(activity.days), bool))
            mask |= activity.days == row.day
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


def _who_shows(
    activity: Activity, dailies: list[Daily], group: pd.DataFrame
) -> list[pd.DataFrame]:
    """Per metric the accounts that deviate by themselves; nothing where too few do."""
    from scipy.special import betainc

    found = []
    for name, mine in group.groupby("metric"):
        daily = next(d for d in dailies if name in d.names)
        index = daily.names.index(str(name))
        at = activity.days.get_indexer(pd.DatetimeIndex(mine["day"])) - daily.first_day
        usual = safe_ratio(1.0, mine["change"].to_numpy(float))
        expected = (daily.expected[index][:, at] * usual).sum(axis=1)
        seen = daily.observed[index][:, at].sum(axis=1)
        size = 1 / np.maximum(daily.spread[index][:, at].mean(axis=1), 1e-6)
        success = expected / (size + expected)
        up = bool((mine["change"] > 1).any())
        able = expected >= MIN_EXPECTED["up" if up else "down"]
        tail = betainc(np.maximum(seen, 1e-9), size, success)
        p = np.where(seen > 0, tail, 1.0) if up else betainc(size, seen + 1, 1 - success)
        shows = able & (p <= BY_CHANCE)
        if shows.sum() < max(MIN_ACCOUNTS, MIN_SHARE * able.sum()):
            continue
        found.append(
            pd.DataFrame(
                {
                    "account_id": activity.accounts["account_id"].to_numpy()[shows],
                    "metric": str(name),
                    "observed": seen[shows],
                    "expected": expected[shows].round(3),
                }
            )
        )
    return found


def _table(rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = ["incident", "started_on", "ended_on", "metrics", "change", "n_accounts"]
    return pd.DataFrame(rows, columns=columns)


def _account_table(parts: list[pd.DataFrame]) -> pd.DataFrame:
    columns = ["incident", "account_id", "metric", "observed", "expected"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns].sort_values(columns[:3], ignore_index=True)
