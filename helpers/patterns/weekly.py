"""Use per account and week, and what a week is worth: season, usable days, and age.

Usage of a new account rises and settles as people find their way: a fall that most accounts of
that age show is no warning. What is normal at each age is learnt from the company's own
accounts and taken out, like the season.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.day_index import ActivityGrid

__all__ = ["WeeklyGrid", "age_profile", "weekly_grid", "with_age_profile"]

Floats = NDArray[np.float64]
WEEK = 7
MATURE_WEEKS = 26
"""From this age on an account is compared with itself only."""
MIN_YOUNG_ACCOUNTS = 20
"""Fewer accounts seen at an age: nothing is taken out there."""


@dataclass(frozen=True)
class WeeklyGrid:
    """Use per account and week, newest week last, with what an average week is worth.

    Parameters
    ----------
    accounts : Index of str
        Rows.
    ends : DatetimeIndex
        Columns: the day after each week.
    counts, exposure : ndarray, (n_accounts, n_weeks)
        Use; and usable days, each with its seasonal factor, over 7. Exposure 0: no usable day.
    """

    accounts: "pd.Index[str]"
    ends: pd.DatetimeIndex
    counts: Floats
    exposure: Floats


def weekly_grid(grid: ActivityGrid, factor: Floats, *, min_days: int = 4) -> WeeklyGrid:
    """Sum days to whole weeks that end with the last day of the grid.

    Parameters
    ----------
    grid : ActivityGrid
        Days, and which of them may be compared.
    factor : ndarray, (n_days,)
        Seasonal factor of each day; 1 is an average day.
    min_days : int
        A week with fewer usable days counts as not seen.
    """
    n_weeks = len(grid.days) // WEEK
    cut = slice(len(grid.days) - n_weeks * WEEK, None)
    usable = grid.usable[:, cut]
    shape = (len(grid.accounts), n_weeks, WEEK)
    enough = usable.reshape(shape).sum(axis=2) >= min_days
    counts = (grid.counts[:, cut] * usable).reshape(shape).sum(axis=2, dtype=float)
    exposure = (factor[cut] * usable).reshape(shape).sum(axis=2) / WEEK
    return WeeklyGrid(
        grid.accounts,
        pd.DatetimeIndex(grid.days[cut][WEEK - 1 :: WEEK] + pd.Timedelta(days=1)),
        np.where(enough, counts, 0.0),
        np.where(enough, exposure, 0.0),
    )


def age_profile(weekly: WeeklyGrid, first_on: pd.Series, *, n_steps: int = 25) -> pd.DataFrame:
    """Learn how much a week is worth by the age of the account.

    Parameters
    ----------
    weekly : WeeklyGrid
        The whole history.
    first_on : Series
        First whole day of each account of ``weekly``, in its order; missing counts as mature.

    Returns
    -------
    DataFrame
        ``age_weeks`` (0 to 26; 26 stands for all later ones), ``factor`` (1 from 26 on),
        ``n_accounts`` (seen at that age).
    """
    age, seen = _ages(weekly, first_on), weekly.exposure > 0
    n_seen = np.bincount(age[seen], minlength=MATURE_WEEKS + 1)
    factor = np.ones(MATURE_WEEKS + 1)
    for _ in range(n_steps if n_seen[MATURE_WEEKS] else 0):
        exposure = weekly.exposure * factor[age]
        total = exposure.sum(axis=1)
        level = np.divide(
            weekly.counts.sum(axis=1), total, out=np.zeros_like(total), where=total > 0
        )
        middle = np.median(level[level > 0]) if (level > 0).any() else 1.0
        weight = 1.0 / (level + middle)
        got = np.bincount(age.ravel(), (weight[:, None] * weekly.counts).ravel(), MATURE_WEEKS + 1)
        due = (weight * level)[:, None] * weekly.exposure
        expected = np.bincount(age.ravel(), due.ravel(), MATURE_WEEKS + 1)
        factor = np.divide(got, expected, out=np.ones_like(got), where=(expected > 0) & (got > 0))
        factor = np.where(n_seen >= MIN_YOUNG_ACCOUNTS, factor / factor[MATURE_WEEKS], 1.0)
    ages = np.arange(MATURE_WEEKS + 1)
    return pd.DataFrame({"age_weeks": ages, "factor": factor, "n_accounts": n_seen})


def with_age_profile(weekly: WeeklyGrid, first_on: pd.Series, profile: pd.DataFrame) -> WeeklyGrid:
    """Return the grid with each week worth what is normal at the account's age."""
    factor = profile["factor"].to_numpy(float)[_ages(weekly, first_on)]
    return replace(weekly, exposure=weekly.exposure * factor)


def _ages(weekly: WeeklyGrid, first_on: pd.Series) -> NDArray[np.int64]:
    """Age in whole weeks at the end of each week, at most ``MATURE_WEEKS``."""
    start = first_on.to_numpy("datetime64[D]")
    days = (weekly.ends.to_numpy("datetime64[D]")[None, :] - start[:, None]).astype(float)
    days = np.where(np.isnat(start)[:, None], np.inf, days)
    return np.clip(np.floor(days / WEEK), 0, MATURE_WEEKS).astype(np.int64)
