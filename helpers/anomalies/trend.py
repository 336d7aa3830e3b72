"""Is an account losing use slowly, week after week?

A loss of 5 % a week takes ten weeks to reach -40 %, and a small account's weeks vary by a third
anyway: no test of levels sees it early. A line is fitted to the log of the weekly count over 8,
13 and 26 weeks; the three tests are combined.

References
----------
Quasi-Poisson regression: McCullagh, Nelder (1989), *Generalized Linear Models*, section 6.2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.baseline import learn_baseline
from helpers.anomalies.detectors import SMALLEST_P, combine
from helpers.anomalies.signals import Activity
from helpers.anomalies.windows import make_plan
from helpers.stats import safe_ratio

__all__ = ["SPANS", "Trend", "find_trend", "fit_line"]

Array = NDArray[np.float64]

SPANS = (8, 13, 26)
"""Weeks; the shortest is the minimum duration of a trend."""
MIN_COUNT = 20.0
"""Events in the span below which no trend is fitted."""
MIN_ACTIVE_SHARE = 0.5
"""Share of the span's weeks that must have activity: one order and then silence is a stop, not a
decline week after week, however steep the line through it is."""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Trends of one signal; arrays are (n_accounts, n_ends).

    Parameters
    ----------
    p : ndarray
        One-sided p-value of a decline, the spans combined; NaN where not tested.
    slope : ndarray
        Relative change a week over the span with the smallest p-value.
    weeks : ndarray
        That span.
    """

    p: Array
    slope: Array
    weeks: Array


def fit_line(counts: Array, exposure: Array) -> tuple[Array, Array]:
    """Fit log(mean) = a + b * week + log(exposure) to counts, allowing for overdispersion.

    Parameters
    ----------
    counts, exposure : ndarray, (n_weeks, …)
        Newest first; exposure is what the cohort did, 1.0 = a week as usual, 0 = no such week.

    Returns
    -------
    slope : ndarray
        Relative change a week (-0.05 = 5 % less each week).
    p : ndarray
        One-sided p-value of a decline, Student's t with two degrees of freedom less than
        weeks; NaN where a week is missing, fewer than ``MIN_COUNT`` events are there or fewer
        than half of the weeks have any.
    """
    from scipy.special import stdtr

    n = len(counts)
    week = (np.arange(n)[::-1] - (n - 1) / 2).reshape(-1, *[1] * (counts.ndim - 1))
    total, weight = counts.sum(axis=0), exposure.sum(axis=0)
    lasting = (counts > 0).sum(axis=0) >= MIN_ACTIVE_SHARE * n
    usable = (exposure > 0).all(axis=0) & (total >= MIN_COUNT) & lasting
    level = np.log(np.where(usable, total / np.where(weight > 0, weight, 1.0), 1.0))
    slope = np.zeros(total.shape)
    for _ in range(6):
        mean = np.where(exposure > 0, exposure * np.exp(np.clip(level + slope * week, -20, 20)), 0)
        off = counts - mean
        s0, s1, s2 = (np.maximum((mean * week**k).sum(axis=0), -np.inf) for k in (0, 1, 2))
        u0, u1 = off.sum(axis=0), (off * week).sum(axis=0)
        determinant = np.maximum(s0 * s2 - s1**2, 1e-9)
        level = level + np.clip((s2 * u0 - s1 * u1) / determinant, -1, 1)
        slope = slope + np.clip((s0 * u1 - s1 * u0) / determinant, -0.2, 0.2)
    spread = np.maximum((off**2 / np.maximum(mean, 1e-9)).sum(axis=0) / (n - 2), 1.0)
    error = np.sqrt(spread * s0 / determinant)
    t = np.where(usable, safe_ratio(slope, error), 0.0)
    p = np.where(usable, np.maximum(stdtr(n - 2, t), SMALLEST_P), np.nan)
    return np.where(usable, np.expm1(slope), np.nan), p


def find_trend(
    activity: Activity,
    counts: NDArray[np.float32],
    *,
    ends: NDArray[np.intp],
    settled: NDArray[np.bool_],
    spans: tuple[int, ...] = SPANS,
) -> Trend:
    """Test every account for a decline of one signal at every end.

    Parameters
    ----------
    activity : Activity
    counts : ndarray, (n_accounts, n_days)
    ends : ndarray of int, (n_ends,)
    settled : ndarray of bool, (n_accounts, n_ends)
        Accounts old enough to tell what is usual.
    spans : tuple of int
        Weeks, rising.

    Returns
    -------
    Trend
    """
    plan = make_plan(
        activity.alive, activity.observed, ends=ends, baseline_days=7 * (max(spans) - 1)
    )
    cohorts = activity.accounts["cohort"].to_numpy(np.intp)
    base = learn_baseline(counts, plan, cohorts=cohorts, settled=settled)
    exposure = np.concatenate([base.factors.window[None], base.factors.blocks])
    exposure = np.where(plan.usable, exposure, 0.0)
    weekly = np.concatenate([base.observed[None], base.weekly * base.factors.blocks])
    weekly = np.where(np.isfinite(weekly), weekly, 0.0)
    shape = plan.usable.shape
    slopes, tails = [], []
    for span in spans:
        slope, p = fit_line(weekly[:span], exposure[:span])
        slopes.append(slope)
        tails.append(p)
    p = np.stack(tails)
    best = np.argmin(np.where(np.isfinite(p), p, np.inf), axis=0)[None]
    slope = np.take_along_axis(np.stack(slopes), best, axis=0)[0]
    weeks = np.broadcast_to(np.array(spans).reshape(-1, 1, 1), (len(spans), *shape))
    return Trend(
        p=combine(p), slope=slope, weeks=np.take_along_axis(weeks, best, axis=0)[0].astype(float)
    )
