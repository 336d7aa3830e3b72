"""Each account, week by week: what was known of it, whether it was called, whether it left.

A row is an account-week that could have brought a call: the account was a customer when the week
began and had not been given the play before. Everything in a row was known when its week began,
so neither a later event nor the play itself can make two accounts look alike.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["CONFOUNDERS", "Weeks", "account_weeks"]

CONFOUNDERS: tuple[str, ...] = (
    "events__share_of_peak",
    "events__change_30d",
    "events__slope_90d",
    "active_users__change_30d",
    "days_since_last_event",
    "features_used__n_30d",
    "errors__n_30d",
    "tickets__n_30d",
    "tickets_escalated_open__n",
    "ticket_sentiment__mean_90d",
    "nps_last",
    "overdue__n",
    "champion_left_90d",
    "users_removed__n_30d",
    "touchpoints__n_90d",
    "days_to_renewal",
    "mrr",
    "age_days",
)
"""What a manager sees when deciding whom to help, and what goes with leaving."""
SNAPSHOT_DAYS = 45
"""A snapshot older than this says too little of the week."""
FOUR, ALERT_DAYS = 4, 70
NEVER = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Weeks:
    """The history of one play; matrices are (n_accounts, n_weeks).

    Parameters
    ----------
    accounts : Index
        Ids, sorted.
    starts : ndarray of datetime64, (n_weeks,)
        First day of each week; the last one ends before the as-of date.
    rows : DataFrame
        ``place`` (of the account), ``week``: account-weeks that could have brought a call.
    known : DataFrame, (n_rows, n_confounders)
        What was known when the week began; missing where it was not.
    others : DataFrame, (n_rows, n_others)
        Further features of the same snapshot, not weighed by: to look at afterwards.
    called : ndarray of int, (n_accounts,)
        Week of the first assignment outside an experiment; ``NEVER`` if none came first.
    given : ndarray of int, (n_accounts,)
        Week of the first assignment of any kind; ``NEVER`` if none.
    days : ndarray of float
        Days of each week on which the account was a customer.
    left : ndarray of bool
        Whether it left in that week.
    """

    accounts: pd.Index
    starts: NDArray[np.datetime64]
    rows: pd.DataFrame
    known: pd.DataFrame
    others: pd.DataFrame
    called: NDArray[np.int64]
    given: NDArray[np.int64]
    days: NDArray[np.float64]
    left: NDArray[np.bool_]


def account_weeks(
    given: pd.DataFrame,
    features: pd.DataFrame,
    activity: pd.DataFrame,
    weekly_flags: pd.DataFrame | None,
    left: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
) -> Weeks:
    """Lay out the weeks from the first snapshot of features to the as-of date.

    Parameters
    ----------
    given : DataFrame
        All assignments of one play: ``account_id, assigned_on, arm``.
    features, activity : DataFrame
        Of 02: ``features`` at its as-of dates, ``activity_week``.
    weekly_flags : DataFrame or None
        Of 05.
    left : DataFrame
        ``account_id, churned_at``.
    as_of : Timestamp
        Of the run.
    """
    accounts = pd.Index(np.unique(features["account_id"].to_numpy(str)), name="account_id")
    first = pd.Timestamp(features["as_of"].min())
    n_weeks = max((as_of - first).days // 7, 0)
    starts = np.datetime64(as_of, "D") - 7 * np.arange(n_weeks, 0, -1)
    gone_on = _first_day(left, "churned_at", accounts)
    days, leaves = _presence(gone_on, starts)
    earliest = given.sort_values("assigned_on").drop_duplicates("account_id")
    any_week = _week_of(_first_day(earliest, "assigned_on", accounts), starts)
    usual = set(earliest.loc[earliest["arm"] == "", "account_id"])
    called = np.where(accounts.isin(list(usual)), any_week, NEVER)
    table = _rows(features, accounts, starts, gone_on, any_week)
    names = [name for name in CONFOUNDERS if name in features.columns]
    fresh = _fresh(table, accounts, starts, activity, weekly_flags)
    numbers = features.select_dtypes(["number", "bool"]).columns
    others = [name for name in numbers if name not in (*names, "is_live")]
    return Weeks(
        accounts=accounts,
        starts=starts,
        rows=table[["place", "week"]],
        known=table[names].astype("float64").join(fresh),
        others=table[others].astype("float64"),
        called=called,
        given=any_week,
        days=days,
        left=leaves,
    )


def _first_day(table: pd.DataFrame, column: str, accounts: pd.Index) -> NDArray[np.datetime64]:
    first = table.groupby("account_id")[column].min()
    return first.reindex(accounts).to_numpy("datetime64[D]")


def _week_of(days: NDArray[np.datetime64], starts: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the week of each day; -1 before the first week, ``NEVER`` for none."""
    found = np.searchsorted(starts, days, side="right") - 1
    return np.where(np.isnat(days), NEVER, found).astype("int64")


def _presence(
    gone_on: NDArray[np.datetime64], starts: NDArray[np.datetime64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return days of presence in each week, and in which week the account left."""
    until = (gone_on[:, None] - starts[None, :]) / np.timedelta64(1, "D")
    until = np.where(np.isnan(until), 7.0, until)
    leaves = ~np.isnat(gone_on)[:, None] & (until >= 0) & (until < 7)
    return np.where(leaves, np.maximum(until, 1), np.clip(until, 0, 7)), leaves


def _rows(
    features: pd.DataFrame,
    accounts: pd.Index,
    starts: NDArray[np.datetime64],
    gone_on: NDArray[np.datetime64],
    any_week: NDArray[np.int64],
) -> pd.DataFrame:
    """Return, for each week, the last snapshot of accounts that were there and not yet called."""
    live = features[features["is_live"].astype(bool)]
    place = accounts.get_indexer(pd.Index(live["account_id"]))
    live = live.assign(place=place).sort_values(["as_of", "place"])
    snapshots = {
        np.datetime64(pd.Timestamp(str(key)), "D"): part for key, part in live.groupby("as_of")
    }
    dates = np.array(sorted(snapshots))
    parts = []
    for week, start in enumerate(starts):
        at = int(np.searchsorted(dates, start, side="right")) - 1
        if at < 0 or (start - dates[at]) / np.timedelta64(1, "D") > SNAPSHOT_DAYS:
            continue
        part = snapshots[dates[at]]
        there = part["place"].to_numpy()
        gone = ~np.isnat(gone_on[there]) & (gone_on[there] <= start)
        parts.append(part[~gone & (any_week[there] >= week)].assign(week=week))
    if not parts:
        return live.iloc[:0].assign(week=0)
    return pd.concat(parts, ignore_index=True)


def _fresh(
    table: pd.DataFrame,
    accounts: pd.Index,
    starts: NDArray[np.datetime64],
    activity: pd.DataFrame,
    weekly_flags: pd.DataFrame | None,
) -> pd.DataFrame:
    """Count use and alerts up to the first day of each row's week."""
    place, week = table["place"].to_numpy(), table["week"].to_numpy()
    share, change = _usage(accounts, starts, activity)
    return pd.DataFrame(
        {
            "usage_share_of_peak": share[place, week],
            "usage_change_4_weeks": change[place, week],
            "alerts_10_weeks": _alerts(accounts, starts, weekly_flags)[place, week],
        },
        index=table.index,
    )


def _usage(
    accounts: pd.Index, starts: NDArray[np.datetime64], activity: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return events of the last four whole weeks over the best four, and over the four before."""
    blank = np.full((len(accounts), len(starts)), np.nan)
    if activity.empty:
        return blank, blank
    counts = activity.set_index(["account_id", "week_start"])["n_events"].unstack()  # noqa: PD010
    counts = counts.reindex(accounts).sort_index(axis=1)
    total = np.cumsum(counts.fillna(0).to_numpy("float64"), axis=1)
    total = np.hstack([np.zeros((len(total), 1)), total])
    ends = counts.columns.to_numpy("datetime64[D]") + 7
    four = total[:, FOUR:] - total[:, :-FOUR]  # sums of weeks [w, w + 4)
    best = np.maximum.accumulate(four, axis=1)
    whole = np.searchsorted(ends, starts, side="right")  # whole weeks before each start
    usable = whole >= 2 * FOUR
    at = np.where(usable, whole - FOUR, FOUR)
    if four.shape[1] <= FOUR:
        return blank, blank
    now, peak, before = four[:, at], best[:, at], four[:, at - FOUR]
    share = np.where(usable & (peak > 0), now / np.maximum(peak, 1), np.nan)
    change = np.where(usable & (peak > 0), np.log1p(now) - np.log1p(before), np.nan)
    return share, change


def _alerts(
    accounts: pd.Index, starts: NDArray[np.datetime64], weekly_flags: pd.DataFrame | None
) -> NDArray[np.float64]:
    """Count the weeks with a warning of risk in the ten weeks before each start."""
    counts = np.full((len(accounts), len(starts)), np.nan)
    if weekly_flags is None:
        return counts
    flags = weekly_flags[weekly_flags["direction"] == "risk"]
    flags = flags[["account_id", "week_end"]].drop_duplicates()
    place = accounts.get_indexer(pd.Index(flags["account_id"]))
    ended = flags["week_end"].to_numpy("datetime64[D]")[place >= 0]
    place = place[place >= 0]
    for week, start in enumerate(starts):
        age = (start - ended) / np.timedelta64(1, "D")
        recent = (age >= 0) & (age < ALERT_DAYS)
        counts[:, week] = np.bincount(place[recent], minlength=len(accounts))
    return counts
