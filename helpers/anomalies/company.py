"""What the company as a whole did each day, and whether that is usual for such a day."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.daily import week_ends
from helpers.anomalies.history import clip
from helpers.anomalies.signals import Activity, Cube
from helpers.anomalies.windows import cumulative
from helpers.stats import safe_ratio

__all__ = ["company_days", "company_history", "company_series", "feature_names", "usual_days"]

Array = NDArray[np.float64]

OF_FEATURE = " (feature)"
"""Added to the name of a feature that is called like a signal."""
LEVEL_DAYS = 84
USUAL_WEEKS = 8
MIN_Z = 4.0
"""Robust standard deviations of the company's day from the same weekdays before."""
RISE, FALL = 2.0, 0.7
"""Ratio to the usual day from which errors up, or usage down, is an incident."""
LEAST = 0.01
"""A day without anything counts as this share of a usual one: a total stop is a fall, too."""
REGION_SHARE = 0.25
"""Share of accounts on holiday from which the calendar explains a company-wide dip."""
FIRST_DAY = 35
NEEDED_DAYS = 7 * (2 * USUAL_WEEKS + 2) + LEVEL_DAYS + FIRST_DAY
"""Days before one that what is said of it may rest on."""


def company_series(activity: Activity, counts: NDArray[np.float32]) -> Array:
    """Sum a measure over accounts, no account weighing more than one at the upper quartile.

    Parameters
    ----------
    activity : Activity
    counts : ndarray, (n_accounts, n_days)

    Returns
    -------
    ndarray, (n_days,)
        1.0 = an average day of the accounts there, judged by their 12 weeks before; NaN before
        five weeks of history.
    """
    n_days = counts.shape[1]
    total, there = cumulative(counts), cumulative(activity.alive & activity.observed)
    out = np.full(n_days, np.nan)
    mondays = week_ends(activity.days, first=FIRST_DAY)
    for first in mondays[mondays < n_days].tolist():
        start = max(first - LEVEL_DAYS, 0)
        days = there[:, first] - there[:, start]
        level = np.where(days >= 28, (total[:, first] - total[:, start]) / np.maximum(days, 1), 0.0)
        if not (level > 0).any():
            continue
        cap = np.percentile(level[level > 0], 75)
        weight = np.where(level > 0, np.minimum(1.0, cap / np.maximum(level, 1e-12)), 0.0)
        week = slice(first, first + 7)
        present = activity.alive[:, week].T @ (weight * level)
        out[week] = safe_ratio(counts[:, week].T @ weight, present)
    return out


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
    value = np.where(open_days, company, np.nan)
    lags = np.full((n, USUAL_WEEKS), np.nan)
    for week in range(1, USUAL_WEEKS + 1):
        lags[7 * week :, week - 1] = value[: max(n - 7 * week, 0)]
    usual = np.where(np.isfinite(lags).sum(axis=1) >= 3, _median(lags), np.nan)
    off = np.log(safe_ratio(np.maximum(value, LEAST * usual), usual))
    reach = 7 * USUAL_WEEKS
    before = np.concatenate([np.full(reach, np.nan), off])
    past = np.lib.stride_tricks.sliding_window_view(before, reach)[:n]
    scale = 1.4826 * _median(np.abs(past - _median(past)[:, None]))
    known = np.isfinite(past).sum(axis=1) >= 14
    return usual, np.where(known, off / np.maximum(scale, 0.06), np.nan)


def _median(rows: Array) -> Array:
    """Median along the second axis without NaN; NaN where all are."""
    n = np.isfinite(rows).sum(axis=1)
    ordered = np.sort(rows, axis=1)
    low = np.take_along_axis(ordered, np.maximum((n - 1) // 2, 0)[:, None], axis=1)[:, 0]
    high = np.take_along_axis(ordered, np.minimum(n // 2, rows.shape[1] - 1)[:, None], axis=1)
    return np.where(n > 0, (low + high[:, 0]) / 2, np.nan)


def company_history(
    activity: Activity, calendar: pd.DataFrame | None, known: pd.DataFrame | None = None
) -> pd.DataFrame:
    """List what the company did each day, of signals and features, see :func:`company_days`.

    Parameters
    ----------
    activity : Activity
    calendar : DataFrame or None
    known : DataFrame or None
        What was listed for the first days; only later ones are looked at.
    """
    n_days = len(activity.days)
    names = [*activity.signals.names, *feature_names(activity)]
    since = 0 if known is None else len(known) // max(len(names), 1)
    if known is not None and known["metric"].tolist() != np.repeat(names, since).tolist():
        known, since = None, 0  # another measure: its first days are not known
    first = max(since - NEEDED_DAYS, 0)
    recent = clip(activity, first, n_days)
    cubes = [recent.signals, *([recent.features] if recent.features.names else [])]
    days = pd.concat([company_days(recent, cube, calendar) for cube in cubes], ignore_index=True)
    if known is None:
        return days
    new = days[np.tile(np.arange(first, n_days) >= since, len(names))]
    order = np.r_[np.arange(len(names)).repeat(since), np.arange(len(names)).repeat(n_days - since)]
    both = pd.concat([known, new], ignore_index=True)
    return both.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def feature_names(activity: Activity) -> list[str]:
    """Name the features, in their order; one that is called like a signal is told from it."""
    names: list[str] = []
    for name in activity.features.names:
        others = {*activity.signals.names, *names, *activity.features.names} - {name}
        told = f"{name}{OF_FEATURE}" if name in activity.signals.names else name
        while told in others:
            told += OF_FEATURE
        names.append(told)
    return names


def company_days(activity: Activity, cube: Cube, calendar: pd.DataFrame | None) -> pd.DataFrame:
    """List what the company as a whole did each day, measure by measure.

    Parameters
    ----------
    activity : Activity
    cube : Cube
        Signals or features.
    calendar : DataFrame or None
        The contract's table; rows for everyone, or for the region of a quarter of the accounts,
        explain a day.

    Returns
    -------
    DataFrame
        ``metric``, ``day``, ``company`` (1.0 = an average day), ``usual``, ``z``,
        ``change`` (ratio to usual), ``state``: outage, explained, incident or usual, and
        ``reason`` from the calendar.
    """
    reasons = _reasons(activity, calendar)
    frames = []
    names = cube.names if cube is activity.signals else feature_names(activity)
    for name, counts in zip(names, cube.counts, strict=True):
        company = company_series(activity, counts)
        usual, z = usual_days(company, activity.observed)
        change = safe_ratio(company, usual)
        state = np.where(_is_odd(name, activity, change, z), "incident", "usual")
        state = np.where((state == "incident") & (reasons != ""), "explained", state)
        state = np.where(activity.observed, state, "outage")
        columns = {"company": company, "usual": usual, "z": z, "change": change}
        frames.append(
            pd.DataFrame(
                {"metric": name, "day": activity.days, **columns, "state": state, "reason": reasons}
            )
        )
    names = ["metric", "day", "company", "usual", "z", "change", "state", "reason"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)


def _is_odd(name: str, activity: Activity, change: Array, z: Array) -> NDArray[np.bool_]:
    """Errors and tickets up, usage down: the directions that are our problem."""
    risk = {signal.name: signal.risk for signal in activity.catalogue}.get(name, "down")
    up, down = (change >= RISE) & (z >= MIN_Z), (change <= FALL) & (z <= -MIN_Z)
    return np.asarray({"up": up, "down": down}.get(risk, np.zeros(len(z), bool)))


def _reasons(activity: Activity, calendar: pd.DataFrame | None) -> NDArray[np.object_]:
    """Name the known factor of each day: one for everyone, or for many accounts' region."""
    days = activity.days
    out = np.full(len(days), "", object)
    if calendar is None:
        return out
    rows = calendar[calendar["account_id"].isna()].sort_values(["starts_on", "reason"])
    everyone = np.zeros(len(days), bool)
    regions: dict[str, NDArray[np.bool_]] = {}
    row: Any
    for row in rows.itertuples():
        covered = np.asarray((days >= row.starts_on) & (days <= row.ends_on))
        if pd.isna(row.region):
            everyone |= covered
        else:
            regions[row.region] = regions.get(row.region, False) | covered
        out[covered & (out == "")] = str(row.reason)
    away = np.zeros(len(days))
    for region, covered in regions.items():
        away += covered * activity.alive[activity.accounts["region"] == region].sum(axis=0)
    share = away / np.maximum(activity.alive.sum(axis=0), 1)
    out[~everyone & (share < REGION_SHARE)] = ""
    return out
