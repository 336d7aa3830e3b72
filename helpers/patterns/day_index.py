"""What a day was worth: company-wide use of a day relative to an average day.

Adding up events would let one giant account speak for all, and a growing number of accounts
would look like growth of use. So each account is compared with itself: events of account a on
day t are taken as level(a) x index(t), and both are fitted at once over the days on which the
account was live. An account weighs level / (level + median level): a giant counts as one
account, a tiny one as little as its noise allows.

Days that say nothing about habits are left out: source outages (no row of any account
although that weekday always has some), and days that the calendar of known factors explains.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["ActivityGrid", "activity_grid", "day_index"]

Floats = NDArray[np.float64]
DAY = pd.Timedelta(days=1)
DIGITS = 9
"""Decimals kept: the last bits of a matrix product depend on the number of threads."""


@dataclass(frozen=True)
class ActivityGrid:
    """Events per account and day as a dense table, with what may be compared.

    Parameters
    ----------
    accounts : Index of str
        Rows, in alphabetical order.
    days : DatetimeIndex
        Columns: consecutive days, without zone.
    counts : ndarray of float32, (n_accounts, n_days)
        Events.
    usable : ndarray of bool, (n_accounts, n_days)
        The account was live, the source worked and no known factor applied.
    excluded : DataFrame
        ``day``, ``reason``: days left out for everybody.
    """

    accounts: "pd.Index[str]"
    days: pd.DatetimeIndex
    counts: NDArray[np.float32]
    usable: NDArray[np.bool_]
    excluded: pd.DataFrame


def activity_grid(
    activity: pd.DataFrame,
    lives: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    calendar: pd.DataFrame | None = None,
) -> ActivityGrid:
    """Lay out daily activity and mark what may be compared.

    Parameters
    ----------
    activity : DataFrame
        ``account_id``, ``day`` (midnight, no zone), ``n_events``; one row an account-day.
    lives : DataFrame
        ``account_id``, ``first_on`` (first full day), ``last_on`` (first day it no longer
        was live, or missing), ``region``; one row an account.
    as_of : Timestamp
        Days from here on are left out.
    calendar : DataFrame, optional
        ``starts_on``, ``ends_on`` (last day), ``reason``, ``account_id``, ``region``; both of
        the latter missing means everybody.

    Returns
    -------
    ActivityGrid
        From the first day with activity to the day before ``as_of``; no days when there is
        no activity.
    """
    lives = lives.sort_values("account_id").reset_index(drop=True)
    accounts = pd.Index(lives["account_id"])
    seen = activity[(activity["day"] < as_of) & activity["account_id"].isin(accounts)]
    first = seen["day"].min() if len(seen) else as_of
    days = pd.date_range(first, as_of - DAY, freq="D")
    counts = np.zeros((len(accounts), len(days)), np.float32)
    row = accounts.get_indexer(pd.Index(seen["account_id"]))
    column = days.get_indexer(pd.Index(seen["day"]))
    np.add.at(counts, (row, column), seen["n_events"].to_numpy(np.float32))
    start = lives["first_on"].fillna(first).to_numpy("datetime64[ns]")[:, None]
    stop = lives["last_on"].fillna(as_of).to_numpy("datetime64[ns]")[:, None]
    when = days.to_numpy("datetime64[ns]")[None, :]
    usable = (when >= start) & (when < stop)
    outages = pd.DataFrame({"day": days[_outages(counts)], "reason": "no data from the source"})
    usable &= ~days.isin(outages["day"])[None, :]
    known = _apply_calendar(usable, days, lives, calendar)
    excluded = pd.concat([outages, known], ignore_index=True).sort_values(["day", "reason"])
    return ActivityGrid(accounts, days, counts, usable, excluded.reset_index(drop=True))


def _outages(counts: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Days without any row although the same weekday usually has plenty (median over 20)."""
    total = counts.sum(axis=0)
    weekday = np.arange(len(total)) % 7
    usual = np.array([np.median(total[weekday == d]) if d < len(total) else 0.0 for d in range(7)])
    return np.asarray((total == 0) & (usual[weekday] > 20))


def _apply_calendar(
    usable: NDArray[np.bool_],
    days: pd.DatetimeIndex,
    lives: pd.DataFrame,
    calendar: pd.DataFrame | None,
) -> pd.DataFrame:
    """Mark account-days of known factors as unusable; return the days that concern all."""
    columns = ["starts_on", "ends_on", "reason", "account_id", "region"]
    everybody: list[tuple[pd.Timestamp, str]] = []
    known = calendar if calendar is not None else pd.DataFrame(columns=columns)
    for entry in known[columns].to_dict("records"):
        inside = np.asarray((days >= entry["starts_on"]) & (days <= entry["ends_on"]))
        scope = [name for name in ("account_id", "region") if pd.notna(entry[name])]
        whom = np.ones(len(lives), bool)
        for name in scope:
            whom &= (lives[name] == entry[name]).fillna(False).to_numpy(bool)
        usable[np.ix_(whom, inside)] = False
        if not scope:
            everybody += [(day, str(entry["reason"])) for day in days[inside]]
    return pd.DataFrame(everybody, columns=["day", "reason"]).drop_duplicates()


def day_index(grid: ActivityGrid, *, n_steps: int = 30) -> pd.DataFrame:
    """Fit the index of every day; 1 is an average usable day.

    Parameters
    ----------
    grid : ActivityGrid
        From :func:`activity_grid`.
    n_steps : int
        Alternating steps; the fit has settled long before 30.

    Returns
    -------
    DataFrame, (n_days, 3)
        ``day``, ``index`` (missing on days left out), ``n_accounts`` (accounts compared).

    References
    ----------
    Alternating fit of a multiplicative two-way model: Deming, Stephan (1940),
    *Ann. Math. Statist.* 11, 427-444.
    """
    used = grid.usable.astype(np.float32)
    counts = grid.counts * used
    total, n_live = counts.sum(axis=1, dtype=float), used.sum(axis=0, dtype=float)
    index = np.where(n_live > 0, 1.0, 0.0)
    for _ in range(n_steps):
        exposure = used @ index
        level = np.divide(total, exposure, out=np.zeros(len(total)), where=exposure > 0)
        middle = np.median(level[level > 0]) if (level > 0).any() else 1.0
        weight = 1.0 / (level + middle)
        expected = (weight * level) @ used
        index = np.divide(weight @ counts, expected, out=np.zeros_like(index), where=expected > 0)
        mean = index[expected > 0].mean() if (expected > 0).any() else 1.0
        index = index / (mean or 1.0)
    known = n_live > 0
    return pd.DataFrame(
        {
            "day": grid.days,
            "index": np.where(known, index, np.nan).round(DIGITS),
            "n_accounts": n_live.astype(np.int64),
        }
    )
