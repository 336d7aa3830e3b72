"""Each assignment of a play, followed until the account left or nothing more can be known.

A follow-up opens on the day of the assignment, whether or not the play was then carried out:
accounts are compared as they were assigned ("intention to treat"), since who completes a play is
not chance. It ends with the account, with the next assignment of the same play, after
``follow_days`` or on the as-of date, whichever comes first.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["ARMS", "follow_up_days", "follow_ups", "local_day"]

ARMS = ("treated", "control")
"""Arms that a coin decided; an assignment without one is ordinary practice."""
COLUMNS = ("account_id", "play", "assigned_on", "arm", "days", "left", "done_after_days", "hours")


def local_day(moments: pd.Series, time_zone: str) -> pd.Series:
    """Return the day of each moment on the company's own calendar, without zone."""
    return moments.dt.tz_convert(time_zone).dt.tz_localize(None).dt.normalize()


def follow_ups(
    interventions: pd.DataFrame | None,
    left: pd.DataFrame,
    accounts: pd.Series,
    *,
    as_of: pd.Timestamp,
    follow_days: int,
    time_zone: str,
) -> pd.DataFrame:
    """Follow every assignment.

    Parameters
    ----------
    interventions : DataFrame or None
        Of 01; None where the company records none.
    left : DataFrame
        ``account_id, churned_at`` (day): :func:`helpers.features.departures.departures`.
    accounts : Series
        Ids that may be looked at: not those that opted out.
    as_of : Timestamp
        What lies on it or later is not known.
    follow_days : int
        Longest follow-up.
    time_zone : str
        Cuts the days.

    Returns
    -------
    DataFrame
        One row an assignment: ``account_id, play, assigned_on`` (day), ``arm`` (treated, control
        or "" for ordinary practice), ``days`` followed (at least 1), ``left`` (in that time),
        ``done_after_days`` (to completion; null if not completed), ``hours``. Assignments to
        accounts that had left before, and those of the as-of date, are left out.
    """
    if interventions is None or interventions.empty:
        return _empty()
    table = interventions[interventions["account_id"].isin(accounts)].copy()
    table["assigned_on"] = local_day(table["assigned_at"], time_zone)
    table["arm"] = table["arm"].fillna("").str.lower().where(lambda arm: arm.isin(ARMS), "")
    table = table[table["assigned_on"] < as_of]
    table = table.sort_values(["play", "account_id", "assigned_on", "arm"], ignore_index=True)
    again = table.groupby(["play", "account_id"])["assigned_on"].shift(-1)
    days, gone, before = follow_up_days(
        table["account_id"], table["assigned_on"], left, stop=again, as_of=as_of,
        follow_days=follow_days,
    )  # fmt: skip
    table["days"], table["left"] = days, gone
    done = local_day(table["completed_at"], time_zone)
    known = done.notna() & (done < as_of)
    table["done_after_days"] = (done - table["assigned_on"]).dt.days.where(known)
    return table.loc[~before, list(COLUMNS)].reset_index(drop=True)


def follow_up_days(
    accounts: pd.Series,
    opened: pd.Series,
    left: pd.DataFrame,
    *,
    stop: pd.Series,
    as_of: pd.Timestamp,
    follow_days: int,
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return days followed, whether the account left in them, and whether it had left before.

    Parameters
    ----------
    accounts, opened : Series, (n_rows,)
        Who, and the day on which the follow-up opens.
    left : DataFrame
        ``account_id, churned_at``; the first departure of an account counts.
    stop : Series, (n_rows,)
        A day on which the follow-up is cut short; null for none.
    """
    first = left.groupby("account_id")["churned_at"].min()
    gone_on = first.reindex(accounts).to_numpy("datetime64[us]")
    start = opened.to_numpy("datetime64[us]")
    end = start + np.timedelta64(follow_days, "D")
    end = np.minimum(end, np.datetime64(as_of))
    cut = stop.to_numpy("datetime64[us]")
    end = np.where(np.isnat(cut), end, np.minimum(end, cut))
    gone = ~np.isnat(gone_on) & (gone_on >= start) & (gone_on < end)
    last = np.where(gone, gone_on, end)
    days = np.maximum((last - start) // np.timedelta64(1, "D"), 1).astype("int64")
    return days, gone, ~np.isnat(gone_on) & (gone_on < start)


def _empty() -> pd.DataFrame:
    empty = pd.DataFrame(columns=list(COLUMNS))
    return empty.astype(
        {"assigned_on": "datetime64[us]", "days": "int64", "left": "bool",
         "done_after_days": "float64", "hours": "float64"}
    )  # fmt: skip
