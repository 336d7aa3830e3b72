"""How surprising is a window: a count test, a robust z and two joint detectors.

Each is blind to something: the count test to what is no count, the z to sparse signals, both
to a slow decline (:mod:`helpers.anomalies.trend`) and to a mix that is odd only as a whole.
Their p-values are combined in :mod:`helpers.anomalies.ensemble`.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.anomalies.baseline import Baseline, median_of
from helpers.errors import ParameterError
from helpers.stats import cauchy_combination, safe_ratio

if TYPE_CHECKING:
    from sklearn.ensemble import IsolationForest

__all__ = [
    "calibrate",
    "combine",
    "count_change",
    "count_tails",
    "fit_forest",
    "forest_tail",
    "rank_tail",
    "robust_tails",
    "root_mean_square",
]

Array = NDArray[np.float64]

MIN_DENSE = 5.0
"""Median weekly count from which the robust z is used: below it, medians mean little."""
SMALLEST_P = 1e-12
MEDIAN_NOISE = np.pi / 2
"""Variance of a median over that of a mean, of normal values."""
HARMLESS = 0.9
"""p-values above it count as this much when several are combined."""
MIN_TO_CALIBRATE = 50
"""Accounts needed before their own spread of z replaces the theoretical one."""


def count_change(before: ArrayLike, weeks_before: float, after: ArrayLike, weeks: float) -> Array:
    """Test whether a count rose: conditional binomial test of two Poisson rates.

    Parameters
    ----------
    before, after : array_like of int
        Counts, e.g. tickets.
    weeks_before, weeks : float
        How long was counted, > 0.

    Returns
    -------
    ndarray
        P(at least ``after`` of the sum fall into the later period | one constant rate).

    Raises
    ------
    ParameterError
        If a period has no length.

    References
    ----------
    Przyborowski, Wilenski (1940), *Biometrika* 31, 313-323.
    """
    if weeks_before <= 0 or weeks <= 0:
        raise ParameterError(
            f"count_change: expected two periods longer than 0, got {weeks_before} and {weeks}."
        )
    earlier, later = np.asarray(before, float), np.asarray(after, float)
    return _upper(later, earlier + 1.0, weeks / (weeks_before + weeks))


def count_tails(base: Baseline) -> tuple[Array, Array]:
    """Test each window's count against its baseline: negative binomial, both directions.

    Where the dispersion is 0 this is exactly the conditional binomial test of two Poisson
    rates, so the few events a baseline rests on are accounted for; dispersion widens it. Days
    that were not observed count as usual ones.

    Returns
    -------
    low, high : ndarray, (n_accounts, n_ends)
        P(a count as low) and P(a count as high); NaN where nothing is known.

    References
    ----------
    Negative binomial as gamma mixture of Poisson: Greenwood, Yule (1920), *JRSS* 83, 255-279.
    """
    window = base.factors.window * (1 + base.lost)
    share = safe_ratio(window, base.exposure)  # window in units of the baseline
    known = (base.exposure > 0) & np.isfinite(share) & (share > 0)
    share, seen, rests_on = share[known], base.filled[known], (base.level * base.exposure)[known]
    extra = base.relative_spread[known]
    high_r = 1 / (1 / (rests_on + 1) + extra)
    low_r = 1 / (1 / np.maximum(rests_on, 1e-9) + extra)
    high_mean, low_mean = (rests_on + 1) * share, rests_on * share
    low, high = np.full(known.shape, np.nan), np.full(known.shape, np.nan)
    high[known] = _upper(seen, high_r, high_mean / (high_mean + high_r))
    low[known] = np.where(rests_on > 0, _lower(seen, low_r, low_mean / (low_mean + low_r)), 1.0)
    return np.maximum(low, SMALLEST_P), np.maximum(high, SMALLEST_P)


def _upper(count: ArrayLike, size: ArrayLike, success: ArrayLike) -> Array:
    """P(X >= count) of a negative binomial with mean size * success / (1 - success)."""
    from scipy.special import betainc

    seen, n, share = np.broadcast_arrays(np.asarray(count, float), size, success)
    some, out = seen > 0, np.ones(seen.shape)
    out[some] = betainc(seen[some], np.maximum(n[some], 1e-9), share[some])
    return out


def _lower(count: Array, size: ArrayLike, success: ArrayLike) -> Array:
    """P(X <= count) of the same; kept apart since 1 - _upper loses what is tiny."""
    from scipy.special import betainc

    seen, n, share = np.broadcast_arrays(count, np.maximum(size, 1e-9), success)
    some, out = seen > 0, np.exp(n * np.log1p(-share))  # of none at all: (1 - success) ** size
    out[some] = betainc(n[some], seen[some] + 1, 1 - share[some])
    return out


def robust_tails(base: Baseline) -> tuple[Array, Array]:
    """Compare the window with the median of the baseline weeks, in robust standard deviations.

    Returns
    -------
    low, high : ndarray, (n_accounts, n_ends)
        One-sided p-values of Student's t with as many degrees of freedom as weeks less one;
        NaN for sparse signals and for fewer than four weeks.
    """
    from scipy.special import stdtr

    n = base.n_blocks.astype(int)
    middle = median_of(base.weekly, n).astype(float)
    scale = 1.4826 * median_of(np.abs(base.weekly - middle.astype(np.float32)), n)
    one = np.maximum(middle, 1.0) + base.weekly_spread * middle**2
    span = np.maximum(middle, 1.0) / base.span_weeks + base.spread * middle**2
    of_week = 0.5 * scale**2 + 0.5 * one
    variance = of_week * span / one + MEDIAN_NOISE * of_week / np.maximum(n, 1)
    weekly = safe_ratio(base.filled, base.factors.window * (1 + base.lost))
    z = safe_ratio(weekly - middle, np.sqrt(variance))
    dense = (middle >= MIN_DENSE) & (n >= 4) & np.isfinite(z)
    low, high = np.full(z.shape, np.nan), np.full(z.shape, np.nan)
    low[dense] = stdtr(n[dense] - 1, z[dense])
    high[dense] = stdtr(n[dense] - 1, -z[dense])
    return np.maximum(low, SMALLEST_P), np.maximum(high, SMALLEST_P)


def combine(p: Array, axis: int = 0, *, weights: ArrayLike | None = None) -> Array:
    """Combine p-values of dependent tests: Cauchy combination, cut at the harmless end.

    Plain Cauchy lets a single p-value near 1, usual for sparse counts, outvote any other.

    Parameters
    ----------
    p : ndarray
        NaN is a test not made.
    axis : int
        The axis that disappears.
    weights : array_like, (n_tests,), optional
        How much each test counts; alike by default.

    Returns
    -------
    ndarray
        NaN where no test was made.

    References
    ----------
    Truncated Cauchy: Fang, Chang, Park, Tseng (2023), *Statistica Sinica* 33, 1115-1142.
    """
    return cauchy_combination(np.minimum(p, HARMLESS), axis=axis, weights=weights)


def calibrate(p: Array, dense: NDArray[np.bool_]) -> Array:
    """Widen p-values where the accounts of one date spread more than the theory says.

    p-values become z; their middle is moved to 0 and their inner half is narrowed to that of
    the normal distribution where it is wider, per date. A week that was odd for everybody, or
    counts that vary more than modelled, then no longer make everybody odd.

    Parameters
    ----------
    p : ndarray, (n_accounts, n_ends)
        One-sided p-values; NaN where not tested.
    dense : ndarray of bool, (n_accounts, n_ends)
        Where the signal is frequent enough for its p-values to be spread evenly; others stay
        as they are.

    Returns
    -------
    ndarray
        Unchanged at dates with fewer than ``MIN_TO_CALIBRATE`` dense accounts.

    References
    ----------
    B. Efron (2004), *JASA* 99, 96-104: empirical null.
    """
    from scipy.special import ndtr, ndtri

    z = ndtri(np.clip(p, SMALLEST_P, 1 - 1e-9))
    tested = dense & np.isfinite(z)
    n = tested.sum(axis=0)
    ordered = np.sort(np.where(tested, z, np.inf), axis=0)
    low, middle, high = (_quantile(ordered, n, share) for share in (0.25, 0.5, 0.75))
    width = np.maximum(1.0, (high - low) / 1.349)
    shift = np.minimum(middle, 0.0)  # only ever towards less surprise
    widened = np.maximum(ndtr((z - shift) / width), SMALLEST_P)
    return np.where(tested & (n >= MIN_TO_CALIBRATE), widened, p)


def _quantile(ordered: Array, n: NDArray[np.intp], share: float) -> Array:
    """Quantile of the first ``n`` of sorted columns; 0 where there is none."""
    if not len(ordered):
        return np.zeros(ordered.shape[1:])
    at = np.clip(np.floor(share * (n - 1)).astype(int), 0, len(ordered) - 1)
    value = np.take_along_axis(ordered, at[None], axis=0)[0]
    return np.where(n > 0, value, 0.0)


def root_mean_square(z: Array) -> Array:
    """Root mean square over signals: (n_signals, …) to (…); NaN is a signal not there."""
    there = np.isfinite(z)
    n = there.sum(axis=0)
    total = np.where(there, z, 0.0) ** 2
    return np.where(n > 0, np.sqrt(total.sum(axis=0) / np.maximum(n, 1)), np.nan)


def rank_tail(values: Array, reference: Array) -> Array:
    """P(a value as large in the reference), never 0: (larger ones + 1) / (all + 1)."""
    ordered = np.sort(reference[np.isfinite(reference)])
    larger = len(ordered) - np.searchsorted(ordered, values, side="left")
    return np.where(np.isfinite(values), (larger + 1) / (len(ordered) + 1), np.nan)


def fit_forest(z: Array, *, seed: int) -> "IsolationForest":
    """Fit an isolation forest to account-weeks in z: (n_rows, n_signals), no NaN.

    References
    ----------
    Liu, Ting, Zhou (2008), *ICDM*: isolation forest. On raw counts it finds large accounts; on
    each account's own z it finds odd weeks.
    """
    from sklearn.ensemble import IsolationForest

    size = min(256, len(z))
    forest = IsolationForest(n_estimators=100, max_samples=size, random_state=seed, n_jobs=1)
    return forest.fit(z)


def forest_tail(forest: "IsolationForest", z: Array, reference: Array) -> Array:
    """Return P(as isolated in the reference) of each row of ``z``."""
    return rank_tail(-forest.score_samples(z), -forest.score_samples(reference))
