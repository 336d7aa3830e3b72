"""Day by day: what each account did, and what it was expected to do.

The expected count of a day is the account's own weekly level, times what the cohort did that
day, times the account's own weekday habit where it differs from the cohort's.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.baseline import learn_baseline
from helpers.anomalies.cohort import cohort_ratio, panel_weights
from helpers.anomalies.signals import Activity, Cube
from helpers.anomalies.surprise import SETTLED_DAYS, account_age, lifecycle
from helpers.anomalies.windows import BLOCK_DAYS, cumulative, make_plan, weekly_counts
from helpers.stats import safe_ratio

__all__ = ["Daily", "day_scores", "learn_days", "weekly_ends"]

Array = NDArray[np.float64]

HABIT_EVENTS = 7.0
"""A weekday habit is drawn to the cohort's with the weight of so many events."""
PRIOR_WEEKS = 4.0


@dataclass(frozen=True, kw_only=True)
class Daily:
    """Days from ``first_day`` on, whole weeks up to the last day.

    Parameters
    ----------
    names : tuple of str
    first_day : int
        Position of the first day here.
    observed, expected : ndarray, (n_names, n_accounts, n_days)
        Counts; expected is 0 where nothing is known.
    spread : ndarray, (n_names, n_accounts, n_days)
        Dispersion of single days: variance = expected + spread * expected ** 2.
    """

    names: tuple[str, ...]
    first_day: int
    observed: Array
    expected: Array
    spread: Array

    @property
    def score(self) -> Array:
        """Signed standard deviations from expectation; NaN where nothing is expected."""
        sd = np.sqrt(self.expected + self.spread * self.expected**2)
        return np.where(self.expected > 0, safe_ratio(self.observed - self.expected, sd), np.nan)


def weekly_ends(n_days: int, *, first: int = 42) -> NDArray[np.intp]:
    """Return the ends that lie whole weeks before the last day, rising, from ``first`` on."""
    return np.arange(n_days, first - 1, -BLOCK_DAYS, dtype=np.intp)[::-1]


def learn_days(
    activity: Activity, cube: Cube, *, baseline_days: int = 90, last_weeks: int | None = None
) -> Daily:
    """Learn every day's expectation from the weeks before its own week.

    Parameters
    ----------
    activity : Activity
    cube : Cube
        Signals or features.
    baseline_days : int
    last_weeks : int, optional
        Only the newest weeks; all by default. Weekday habits are learnt from the weeks given.

    Returns
    -------
    Daily
        Without days if the history is shorter than six weeks.
    """
    n_days = len(activity.days)
    ends = weekly_ends(n_days)[-last_weeks if last_weeks else 0 :]
    first = int(ends[0]) - BLOCK_DAYS if len(ends) else n_days
    parts = [_one_signal(activity, counts, ends, baseline_days) for counts in cube.counts]
    shape = (len(cube.names), len(activity.accounts), n_days - first)
    stacked = {
        key: np.stack([part[key] for part in parts]) if parts and len(ends) else np.zeros(shape)
        for key in ("observed", "expected", "spread")
    }
    return Daily(names=cube.names, first_day=first, **stacked)


def _one_signal(
    activity: Activity, counts: NDArray[np.float32], ends: NDArray[np.intp], baseline_days: int
) -> dict[str, Array]:
    if not len(ends):
        return {}
    plan = make_plan(activity.alive, activity.observed, ends=ends, baseline_days=baseline_days)
    age = account_age(activity, ends)
    settled = age >= SETTLED_DAYS
    cohorts = activity.accounts["cohort"].to_numpy(np.intp)
    plain = learn_baseline(counts, plan, cohorts=cohorts, settled=settled)
    aged = lifecycle(plain, age)
    week_scale = np.where(plain.expected > 0, safe_ratio(aged.expected, plain.expected), 0.0)

    weeks = weekly_counts(cumulative(counts), plan)
    level, weight = panel_weights(weeks, plan, plan.usable & settled)
    day_of = ends[:, None] - BLOCK_DAYS + np.arange(BLOCK_DAYS)  # (n_ends, 7)
    usual = activity.observed[day_of] / BLOCK_DAYS
    seen = counts[:, day_of].astype(float)  # (n_accounts, n_ends, 7)
    mean = np.zeros(seen.shape)
    for step in range(BLOCK_DAYS):
        day = seen[:, :, step]
        ratio = cohort_ratio(day, level, weight, usual[:, step], cohorts)
        mean[:, :, step] = plain.level * ratio * week_scale
    mean = _own_habit(seen, mean)
    flat = (len(counts), day_of.size)
    return {
        "observed": seen.reshape(flat),
        "expected": mean.reshape(flat),
        "spread": _day_spread(seen, mean).repeat(BLOCK_DAYS, axis=1),
    }


def _before(values: Array, weeks: int) -> Array:
    """Sum of the ``weeks`` entries before each one along the weeks axis (the second)."""
    total = np.concatenate([np.zeros_like(values[:, :1]), np.cumsum(values, axis=1)], axis=1)
    at = np.arange(values.shape[1])
    return np.asarray(total[:, at] - total[:, np.maximum(at - weeks, 0)])


def _own_habit(seen: Array, mean: Array, weeks: int = 12) -> Array:
    """Move each week's expectation between its weekdays as the account's own past weeks say."""
    known = mean > 0
    did = _before(np.where(known, seen, 0.0), weeks) + HABIT_EVENTS
    due = _before(mean, weeks) + HABIT_EVENTS
    shaped = mean * did / due
    kept = safe_ratio(mean.sum(axis=2), shaped.sum(axis=2))
    return shaped * np.where(np.isfinite(kept), kept, 0.0)[:, :, None]


def _day_spread(seen: Array, mean: Array, weeks: int = 12) -> Array:
    """Dispersion of single days over the weeks before, drawn to all accounts': (a, weeks)."""
    known = mean > 0
    loose = 6 * np.sqrt(mean + mean**2)
    off = np.clip(seen - mean, -loose, loose)
    excess = np.where(known, off**2 - mean, 0.0).sum(axis=2)
    square = (mean**2).sum(axis=2)
    weight = np.minimum(1.0, safe_ratio(1.0, np.maximum(square, 1e-9)))
    pooled = safe_ratio((weight * excess).sum(axis=0), (weight * square).sum(axis=0))
    pooled = np.clip(np.where(np.isfinite(pooled), pooled, 0.5), 0.02, 4.0)
    own_top, own_bottom = _before(excess, weeks), _before(square, weeks)
    prior = PRIOR_WEEKS * safe_ratio(own_bottom, np.full(own_bottom.shape, float(weeks))) + 1.0
    return np.clip((own_top + prior * pooled) / (own_bottom + prior), 0.02, 4.0)


def day_scores(
    activity: Activity, daily: Daily, *, days: int, keep: NDArray[np.bool_]
) -> pd.DataFrame:
    """Lay the last days out as one row an account, day and signal.

    Parameters
    ----------
    activity : Activity
    daily : Daily
    days : int
        How many of the last days.
    keep : ndarray of bool, (n_accounts,)
        Accounts to list.

    Returns
    -------
    DataFrame
        ``account_id``, ``day``, ``metric``, ``value``, ``expected``, ``low``, ``high``
        (95 % range), ``score`` (standard deviations from expectation); no rows for outage days.
    """
    n_days = len(activity.days)
    start = max(daily.first_day, n_days - days)
    at = np.arange(start, n_days)
    at = at[activity.observed[at]] if len(at) else at
    inner = at - daily.first_day
    who = np.flatnonzero(keep)
    pick = np.ix_(np.arange(len(daily.names)), who, inner)
    expected, value = daily.expected[pick], daily.observed[pick]
    reach = 1.96 * np.sqrt(expected + daily.spread[pick] * expected**2)
    there = (expected > 0) & activity.alive[np.ix_(who, at)][None]
    name, account, day = np.nonzero(there)
    return pd.DataFrame(
        {
            "account_id": activity.accounts["account_id"].to_numpy()[who[account]],
            "day": activity.days[at[day]],
            "metric": np.array(daily.names, object)[name],
            "value": value[there],
            "expected": expected[there].round(3),
            "low": np.maximum(expected - reach, 0.0)[there].round(3),
            "high": (expected + reach)[there].round(3),
            "score": daily.score[pick][there].round(3),
        }
    ).sort_values(["account_id", "day", "metric"], ignore_index=True)
