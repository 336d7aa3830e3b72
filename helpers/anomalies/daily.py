"""Day by day: what each account did, and what it was expected to do.

The expected count of a day is the account's own weekly level, times what the cohort did that
day, times the account's own weekday habit where it differs from the cohort's.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.baseline import Baseline, learn_baseline
from helpers.anomalies.cohort import cohort_ratio, panel_weights
from helpers.anomalies.signals import Activity, Cube
from helpers.anomalies.surprise import (
    LIFECYCLE_DAYS,
    SETTLED_DAYS,
    account_age,
    age_band,
    age_factor,
    age_sums,
    is_young,
)
from helpers.anomalies.windows import BLOCK_DAYS, Plan, make_plan
from helpers.stats import safe_ratio

__all__ = ["HABIT_WEEKS", "MIN_HISTORY_DAYS", "Daily", "day_scores", "learn_days", "week_ends"]

Array = NDArray[np.float64]

MIN_HISTORY_DAYS = 42
"""Days before the first end that is judged."""
HABIT_EVENTS = 7.0
"""A weekday habit is drawn to the cohort's with the weight of so many events."""
HABIT_WEEKS = 12
"""Weekday habits, the dispersion of days and what is usual at an age are learnt from so many
weeks before: from none that is not over, so that a day's expectation never changes again."""
PRIOR_WEEKS = 4.0
CHUNK_ROWS, CHUNK_CELLS = 10_000, 400_000
"""Accounts, and accounts times weeks, that are worked on at once: more take more memory."""


@dataclass(frozen=True, kw_only=True)
class Daily:
    """Days from ``first_day`` on, which is a Monday, up to the last day.

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


def week_ends(days: pd.DatetimeIndex, *, first: int = 0) -> NDArray[np.intp]:
    """Return the Mondays after each week, rising; the last lies on the day after, or beyond.

    Parameters
    ----------
    days : DatetimeIndex, (n_days,)
    first : int
        Position from which on they are listed.

    Returns
    -------
    ndarray of int
    """
    n_days = len(days)
    weekday = days[0].weekday() if n_days else 0
    last = n_days + (-(weekday + n_days)) % BLOCK_DAYS
    return np.arange(last, first - 1, -BLOCK_DAYS, dtype=np.intp)[::-1]


def learn_days(
    activity: Activity,
    cube: Cube,
    *,
    baseline_days: int = 90,
    last_weeks: int | None = None,
    keep: NDArray[np.bool_] | None = None,
) -> Daily:
    """Learn every day's expectation from the weeks before its own week.

    Parameters
    ----------
    activity : Activity
    cube : Cube
        Signals or features.
    baseline_days : int
    last_weeks : int, optional
        Only the newest weeks, the one that is not over among them; all by default.
    keep : ndarray of bool, (n_accounts,), optional
        Accounts to return; all by default. Everybody tells what is usual.

    Returns
    -------
    Daily
        Without days if the history is shorter than six weeks.
    """
    n_days = len(activity.days)
    ends = week_ends(activity.days, first=BLOCK_DAYS)
    shown = ends[-last_weeks if last_weeks else 0 :]
    if n_days < MIN_HISTORY_DAYS or not len(shown):
        ends, first = ends[:0], n_days
    else:
        first = int(shown[0]) - BLOCK_DAYS
        ends = ends[-(len(shown) + 3 * HABIT_WEEKS) :]
    kept = np.ones(len(activity.accounts), bool) if keep is None else keep
    shape = (len(cube.names), int(kept.sum()), n_days - first)
    out = {key: np.zeros(shape) for key in ("observed", "expected", "spread")}
    for index, counts in enumerate(cube.counts if len(ends) else ()):
        expected, spread = _one_signal(activity, counts, ends, len(shown), baseline_days)
        out["observed"][index] = counts[kept, first:]
        for key, weeks in (("expected", expected), ("spread", spread)):
            days = weeks[kept].reshape(shape[1], len(shown) * BLOCK_DAYS)
            out[key][index] = days[:, : n_days - first]
    return Daily(names=cube.names, first_day=first, **out)


def _one_signal(
    activity: Activity,
    counts: NDArray[np.float32],
    ends: NDArray[np.intp],
    n_shown: int,
    baseline_days: int,
) -> tuple[Array, Array]:
    """Learn the last weeks of those that end at ``ends``: expectation and dispersion.

    Both are (n_accounts, n_shown, 7). A week's dispersion is that of the twelve weeks before,
    their habits are those of twelve weeks before each, and their ages' sums of twelve more.
    """
    age = account_age(activity, ends)
    cohorts = activity.accounts["cohort"].to_numpy(np.intp)
    skip = max(len(ends) - n_shown - 2 * HABIT_WEEKS, 0)
    mean = np.zeros((len(counts), len(ends) - skip, BLOCK_DAYS))
    band = age_band(age)
    did, due = np.zeros((2, len(LIFECYCLE_DAYS) - 1, len(ends)))
    width = max(CHUNK_CELLS // max(len(counts), 1), 1)
    edges = sorted({*range(0, skip, width), *range(skip, len(ends), width), len(ends)})
    for at, stop in itertools.pairwise(edges):
        if at < skip and not is_young(band[:, at:stop]).any():
            continue  # nobody's age is asked for
        part = slice(at, stop)
        low, high = max(int(ends[at]) - 2 * BLOCK_DAYS - baseline_days, 0), int(ends[stop - 1])
        observed, seen = _part(activity.observed, low, high), _part(counts, low, high)
        alive = _part(activity.alive, low, high, mode="edge")
        plan = make_plan(alive, observed, ends=ends[part] - low, baseline_days=baseline_days)
        settled = age[:, part] >= SETTLED_DAYS
        plain = learn_baseline(seen, plan, cohorts=cohorts, settled=settled)
        did[:, part], due[:, part] = age_sums(plain, band[:, part])
        if at >= skip:
            week = slice(at - skip, stop - skip)
            mean[:, week] = _plain(seen, plan, plain, observed, settled, cohorts)
    aged = age_factor(band, _before(did, HABIT_WEEKS), _before(due, HABIT_WEEKS))[:, skip:]
    excess, square = np.zeros((2, *mean.shape[:2]))
    for rows in _chunks(len(counts)):
        begins = int(ends[skip]) - BLOCK_DAYS
        days = _part(counts[rows], begins, int(ends[-1])).astype(float)
        seen = days.reshape(-1, mean.shape[1], BLOCK_DAYS)
        mean[rows] = _own_habit(seen, mean[rows] * aged[rows, :, None])
        excess[rows], square[rows] = _off(seen, mean[rows])
    shown = mean[:, mean.shape[1] - n_shown :]
    spread = _day_spread(excess, square)[:, -n_shown:, None]
    return shown, np.broadcast_to(spread, shown.shape)


def _part(values: NDArray[Any], low: int, high: int, *, mode: Any = "constant") -> NDArray[Any]:
    """Return some days; those of a week that is not over are added where they are missing."""
    part = values[..., low:high]
    missing = high - max(values.shape[-1], low)
    if missing <= 0:
        return part
    return np.pad(part, [*[(0, 0)] * (values.ndim - 1), (0, missing)], mode=mode)


def _plain(
    counts: NDArray[np.float32],
    plan: Plan,
    plain: Baseline,
    observed: NDArray[np.bool_],
    settled: NDArray[np.bool_],
    cohorts: NDArray[np.intp],
) -> Array:
    """Expect of each day the own level times what the cohort did: (n_accounts, n_ends, 7)."""
    level, weight = panel_weights(plain.weeks, plan, plan.usable & settled)
    own = np.where(plain.expected > 0, plain.level, 0.0)
    day_of = _days_of(plan.ends)
    usual = observed[day_of] / BLOCK_DAYS
    mean = np.zeros((len(counts), *day_of.shape))
    for step in range(BLOCK_DAYS):
        day = counts[:, day_of[:, step]].astype(float)
        ratio = cohort_ratio(day, level, weight, usual[:, step], cohorts)
        mean[:, :, step] = own * np.where(usual[:, step] > 0, ratio, 0.0)
    return mean


def _days_of(ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the positions of the seven days before each end: (n_ends, 7)."""
    return np.asarray(ends[:, None] - BLOCK_DAYS + np.arange(BLOCK_DAYS))


def _chunks(n_rows: int) -> list[slice]:
    """Cut many accounts into pieces, so that what is computed on the way takes little memory."""
    return [slice(at, at + CHUNK_ROWS) for at in range(0, n_rows, CHUNK_ROWS)]


def _before(values: Array, weeks: int) -> Array:
    """Sum of the ``weeks`` entries before each one along the weeks axis (the second)."""
    out = np.zeros(values.shape)
    for back in range(1, weeks + 1):
        out[:, back:] += values[:, :-back]
    return out


def _own_habit(seen: Array, mean: Array) -> Array:
    """Move each week's expectation between its weekdays as the account's own past weeks say."""
    known = mean > 0
    did = _before(np.where(known, seen, 0.0), HABIT_WEEKS) + HABIT_EVENTS
    usual = _before(mean, HABIT_WEEKS)
    habit = did / (usual + HABIT_EVENTS)
    # the week keeps its sum, if it is spread as weeks before
    kept = safe_ratio(usual.sum(axis=2), (usual * habit).sum(axis=2))
    return mean * habit * np.where(np.isfinite(kept) & (kept > 0), kept, 1.0)[:, :, None]


def _off(seen: Array, mean: Array) -> tuple[Array, Array]:
    """Sum up by how much the days of each week differ beyond counting noise, and their weight."""
    loose = 6 * np.sqrt(mean + mean**2)
    off = np.clip(seen - mean, -loose, loose)
    return np.where(mean > 0, off**2 - mean, 0.0).sum(axis=2), (mean**2).sum(axis=2)


def _day_spread(excess: Array, square: Array) -> Array:
    """Dispersion of single days over the weeks before, drawn to all accounts': (a, weeks)."""
    weight = np.minimum(1.0, safe_ratio(1.0, np.maximum(square, 1e-9)))
    everybody = np.stack([(weight * excess).sum(axis=0), (weight * square).sum(axis=0)])
    top, bottom = _before(everybody, HABIT_WEEKS)
    pooled = safe_ratio(top, bottom)
    pooled = np.clip(np.where(np.isfinite(pooled), pooled, 0.5), 0.02, 4.0)
    own_top, own_bottom = _before(excess, HABIT_WEEKS), _before(square, HABIT_WEEKS)
    prior = PRIOR_WEEKS * own_bottom / HABIT_WEEKS + 1.0
    return np.clip((own_top + prior * pooled) / (own_bottom + prior), 0.02, 4.0)


def day_scores(
    activity: Activity, daily: Daily, *, days: int, keep: NDArray[np.bool_]
) -> pd.DataFrame:
    """Lay the last days out as one row an account, day and signal.

    Parameters
    ----------
    activity : Activity
    daily : Daily
        Of the accounts in ``keep``.
    days : int
        How many of the last days.
    keep : ndarray of bool, (n_accounts,)
        Accounts that are listed.

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
    expected, value = daily.expected[:, :, inner], daily.observed[:, :, inner]
    reach = 1.96 * np.sqrt(expected + daily.spread[:, :, inner] * expected**2)
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
            "score": daily.score[:, :, inner][there].round(3),
        }
    ).sort_values(["account_id", "day", "metric"], ignore_index=True)
