"""How soon somebody called after a warning, what became of those called, and churn by quarter."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.impact.follow_up import follow_up_days, local_day
from helpers.impact.rates import survival
from helpers.stats import bootstrap, wilson

__all__ = ["churn_by_quarter", "contact_after_alerts", "episodes", "retention_after_alerts"]

QUIET_WEEKS = 4
"""A warning after so many weeks without one is a new episode."""
SEVERE = ("critical", "high")
RETENTION = (
    "contacted", "n_warnings", "share_of_all", "low", "high", "median_days", "n_left", "risk",
    "risk_low", "risk_high",
)  # fmt: skip


def episodes(weekly_flags: pd.DataFrame | None) -> pd.DataFrame:
    """Return when each spell of severe warnings of risk began.

    Parameters
    ----------
    weekly_flags : DataFrame or None
        Of 05: what each past week would have raised.

    Returns
    -------
    DataFrame
        ``account_id, severity, detected_on``: the first week's end of each episode.
    """
    empty = pd.DataFrame(columns=["account_id", "severity", "detected_on"], dtype="str")
    if weekly_flags is None or weekly_flags.empty:
        return empty.astype({"detected_on": "datetime64[us]"})
    flags = weekly_flags[
        (weekly_flags["direction"] == "risk") & weekly_flags["severity"].isin(SEVERE)
    ]
    flags = flags.sort_values(["account_id", "week_end", "severity"])  # critical before high
    flags = flags.drop_duplicates(["account_id", "week_end"])
    since = flags["week_end"] - flags.groupby("account_id")["week_end"].shift()
    begins = since.isna() | (since.dt.days > 7 * QUIET_WEEKS)
    found = flags.loc[begins, ["account_id", "severity", "week_end"]]
    return found.rename(columns={"week_end": "detected_on"}).reset_index(drop=True)


def contact_after_alerts(
    weekly_flags: pd.DataFrame | None,
    touchpoints: pd.DataFrame | None,
    interventions: pd.DataFrame | None,
    *,
    as_of: pd.Timestamp,
    time_zone: str,
    within_days: int = 14,
) -> pd.DataFrame:
    """Find the first contact after each warning.

    Parameters
    ----------
    weekly_flags, touchpoints, interventions : DataFrame or None
        Of 05 and 01. An assignment to the control arm of an experiment is no contact.
    as_of : Timestamp
        Warnings less than ``within_days`` old are left out: their time is not over.
    time_zone : str
        Cuts the days.
    within_days : int
        A contact later than that is not counted as an answer.

    Returns
    -------
    DataFrame
        ``account_id, severity, detected_on, contacted_on`` (null: not in time), ``days``.
    """
    found = episodes(weekly_flags)
    found = found[found["detected_on"] <= as_of - pd.Timedelta(days=within_days)]
    contacts = _contacts(touchpoints, interventions, time_zone)
    pairs = found.reset_index().merge(contacts, on="account_id")
    days = (pairs["contacted_on"] - pairs["detected_on"]).dt.days
    first = pairs[(days >= 0) & (days < within_days)].groupby("index")["contacted_on"].min()
    table = found.assign(contacted_on=first.reindex(found.index))
    table["days"] = (table["contacted_on"] - table["detected_on"]).dt.days.astype("float64")
    return table.sort_values(["detected_on", "account_id"], ignore_index=True)


def _contacts(
    touchpoints: pd.DataFrame | None, interventions: pd.DataFrame | None, time_zone: str
) -> pd.DataFrame:
    parts = []
    for table, column in ((touchpoints, "occurred_at"), (interventions, "assigned_at")):
        if table is None:
            continue
        used = table
        if "arm" in table.columns:
            used = table[table["arm"].fillna("").str.lower() != "control"]
        day = local_day(used[column], time_zone)
        parts.append(pd.DataFrame({"account_id": used["account_id"], "contacted_on": day}))
    if not parts:
        empty = pd.DataFrame(columns=["account_id", "contacted_on"], dtype="str")
        return empty.astype({"contacted_on": "datetime64[us]"})
    return pd.concat(parts, ignore_index=True).drop_duplicates()


def retention_after_alerts(
    contacts: pd.DataFrame,
    left: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    within_days: int,
    follow_days: int,
    n_draws: int,
    seed: int,
) -> pd.DataFrame:
    """Say what became of accounts after a warning, contacted in time or not.

    Both groups are followed from the end of the time for an answer on, and only accounts that
    were still there then: who left on the third day could not be called on the tenth.

    Parameters
    ----------
    contacts : DataFrame
        From :func:`contact_after_alerts`.

    Returns
    -------
    DataFrame
        ``contacted`` ("yes", "no"), ``n_warnings, share_of_all, low, high`` (Wilson),
        ``median_days``, ``n_left, risk, risk_low, risk_high``: share leaving within
        ``follow_days`` (Kaplan-Meier, accounts drawn). A comparison, not an effect: who is called
        is not chance.

    References
    ----------
    Landmark analysis: Anderson, Cain, Gelber (1983), *J. Clinical Oncology* 1, 710-719.
    """
    if contacts.empty:
        return pd.DataFrame(columns=list(RETENTION))
    opened = contacts["detected_on"] + pd.Timedelta(days=within_days)
    none = pd.Series(pd.NaT, index=contacts.index, dtype="datetime64[us]")
    days, gone, before = follow_up_days(
        contacts["account_id"], opened, left, stop=none, as_of=as_of, follow_days=follow_days
    )
    there = ~before & (opened < as_of).to_numpy()
    called = contacts["contacted_on"].notna().to_numpy()
    rows = []
    for name, group in (("yes", called), ("no", ~called)):
        n, of_all = int(group.sum()), len(contacts)
        low, high = wilson([n], [of_all])
        at = np.flatnonzero(group & there)
        risk, _ = survival(days[at], gone[at], at=follow_days)
        interval = (float("nan"), float("nan"))
        if len(at):
            accounts = contacts["account_id"].to_numpy(str)[at]
            interval = bootstrap(
                _risk_of(days[at], gone[at], follow_days), accounts, n_draws=n_draws, seed=seed
            )
        rows.append(
            {
                "contacted": name, "n_warnings": n,
                "share_of_all": n / of_all if of_all else np.nan,
                "low": float(low[0]), "high": float(high[0]),
                "median_days": contacts.loc[group, "days"].median(),
                "n_left": int(gone[at].sum()), "risk": risk,
                "risk_low": interval[0], "risk_high": interval[1],
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _risk_of(
    days: NDArray[np.int64], gone: NDArray[np.bool_], follow_days: int
) -> Callable[[NDArray[np.intp]], float]:
    """Return the share that left, as a function of the rows that count."""
    return lambda rows: survival(days[rows], gone[rows], at=follow_days)[0]


def churn_by_quarter(
    accounts: pd.DataFrame, left: pd.DataFrame, *, as_of: pd.Timestamp, time_zone: str
) -> pd.DataFrame:
    """Return the share of customers lost in each whole quarter before the as-of date.

    Parameters
    ----------
    accounts : DataFrame
        ``account_id, signed_up_at`` of accounts that may be looked at.
    left : DataFrame
        ``account_id, churned_at``.
    as_of : Timestamp
        A quarter is 13 weeks counted back from here, so that all are of one length.

    Returns
    -------
    DataFrame
        ``quarter_ends, n_start, n_left, churn_rate, low, high`` (Wilson), ``change`` against the
        quarter before (points); oldest first. Quarters before the first recorded departure are
        left out: nothing says whether departures were recorded then.
    """
    columns = ["quarter_ends", "n_start", "n_left", "churn_rate", "low", "high", "change"]
    if left.empty:
        return pd.DataFrame(columns=columns)
    joined = local_day(accounts["signed_up_at"], time_zone)
    gone = accounts["account_id"].map(left.groupby("account_id")["churned_at"].min())
    step, rows, end = pd.Timedelta(weeks=13), [], as_of
    while end - step >= left["churned_at"].min():
        start = end - step
        there = (joined < start) & ~(gone < start)
        lost = there & (gone < end)
        n, n_lost = int(there.sum()), int(lost.sum())
        low, high = wilson([n_lost], [n])
        rows.append(
            {
                "quarter_ends": end, "n_start": n, "n_left": n_lost,
                "churn_rate": n_lost / n if n else np.nan,
                "low": float(low[0]), "high": float(high[0]),
            }
        )  # fmt: skip
        end = start
    if not rows:
        return pd.DataFrame(columns=columns)
    table = pd.DataFrame(rows[::-1])
    return table.assign(change=table["churn_rate"].diff())[columns]
