"""What an account normally does, learnt from its own weeks and from what the cohort did.

For one signal, at each end and for each account::

    expected = own level a week  x  what the cohort did in this window

The level is a mean of the account's baseline weeks, each divided by what the cohort did in it,
odd weeks cut back. The dispersion says how much spans as long as the window vary beyond mere
counting noise: four weeks differ less than one, if what moves them does not last.

References
----------
Moment estimate of the dispersion: Breslow (1984), *Applied Statistics* 33, 38-44.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.cohort import Factors, cohort_factors
from helpers.anomalies.windows import BLOCK_DAYS, Plan, plan_counts
from helpers.stats import safe_ratio

__all__ = ["Baseline", "dispersion", "learn_baseline", "median_of", "robust_level"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]

CUT, CUT_LEVEL = 6.0, 4.0
"""Weeks further off than so many standard deviations are cut back to there: loosely to measure
how much an account varies, more tightly to measure its level."""
MIN_MEDIAN = 5.0
"""Below that weekly count the median tells too little, and the mean stands in for it."""
FIRST_DISPERSION, MIN_DISPERSION, MAX_DISPERSION = 0.1, 0.01, 4.0
PRIOR_WEEKS = 6.0
"""An account's own dispersion is drawn to that of accounts its size with so many weeks' weight."""
MIN_SPANS = 3
"""A dispersion is estimated from three spans at least."""
SIZE_GROUPS, PRIOR_GROUP_WEEKS = 4, 60.0
"""Accounts are pooled in four groups by size, each drawn to all accounts by so many weeks."""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """One signal of all accounts at all ends; every array is (n_accounts, n_ends).

    Parameters
    ----------
    observed : ndarray
        Count in the window.
    expected : ndarray
        Count to expect; 0 where nothing is known.
    level : ndarray
        Own count in a week as usual.
    exposure : ndarray
        Baseline weeks, each weighed by what the cohort did: ``level * exposure`` is the count
        that the level rests on.
    spread, weekly_spread : ndarray
        Negative binomial dispersion, variance = mean + spread * mean ** 2, of spans of
        ``span_weeks`` and of single weeks.
    span_weeks : int
        Weeks as long as the window, as far as the baseline holds three such spans.
    n_blocks : ndarray
        Baseline weeks that the account has.
    weeks, weekly : ndarray of float32, (n_blocks, n_accounts, n_ends)
        Weekly counts of the baseline, newest first, 0 where there is no such week; and what they
        are without the cohort's part, NaN where there is none.
    factors : Factors
        The cohort's part.
    lost : ndarray, (n_ends,)
        Days of the window that were not observed, over those that were.
    """

    observed: Array
    expected: Array
    level: Array
    exposure: Array
    spread: Array
    weekly_spread: Array
    span_weeks: int
    n_blocks: Array
    weeks: Single
    weekly: Single
    factors: Factors
    lost: Array

    @property
    def filled(self) -> Array:
        """Count in the whole window, if lost days were as usual.

        What an account would have done on them is not known: a test that takes them as usual
        finds less, in both directions, and never more than is there.
        """
        return self.observed + self.expected * self.lost

    @property
    def ratio(self) -> Array:
        """Observed over expected; NaN where nothing is expected."""
        return safe_ratio(self.observed, self.expected)

    @property
    def relative_spread(self) -> Array:
        """Dispersion of the window, and of the baseline that it is held against."""
        return self.spread * (1 + self.span_weeks / np.maximum(self.n_blocks, 1.0))

    def band(self, z: float = 1.96) -> tuple[Array, Array]:
        """Return the range to expect; 1.96 gives about 95 %."""
        known = 1 / np.maximum(self.level * self.exposure, 1.0)
        sd = np.sqrt(self.expected + (self.relative_spread + known) * self.expected**2)
        return np.maximum(self.expected - z * sd, 0.0), self.expected + z * sd


def learn_baseline(
    counts: NDArray[np.float32],
    plan: Plan,
    *,
    cohorts: NDArray[np.intp],
    settled: NDArray[np.bool_] | None = None,
) -> Baseline:
    """Learn what each account is expected to do in each window of the plan.

    Parameters
    ----------
    counts : ndarray, (n_accounts, n_days)
        One signal.
    plan : Plan
        Windows and baseline weeks.
    cohorts : ndarray of int, (n_accounts,)
        Cohort of each account, 0, 1, …: e.g. its region. Learning "normal" per cohort takes
        out what is normal there (a regional holiday).
    settled : ndarray of bool, (n_accounts, n_ends), optional
        Accounts old enough to tell what is usual; all by default.

    Returns
    -------
    Baseline
    """
    window, weeks = plan_counts(counts, plan)
    window = np.where(plan.usable, window, 0.0)
    panel = plan.usable if settled is None else plan.usable & settled
    factors = cohort_factors(window, weeks, plan, panel=panel, cohorts=cohorts)
    known = factors.blocks > 0.05
    adjusted = np.full(weeks.shape, np.nan, np.float32)
    np.divide(weeks, factors.blocks, out=adjusted, where=known)
    n = known.sum(axis=0)
    total_weeks = np.where(known, adjusted, 0.0).sum(axis=0, dtype=np.float64)
    mean = total_weeks / np.maximum(n, 1)
    weekly_spread, usual = dispersion(weeks, factors.blocks, mean, panel=plan.usable)
    level = robust_level(adjusted, n, mean=mean, spread=usual)
    span = max(min(plan.window_days // BLOCK_DAYS, len(weeks) // MIN_SPANS), 1)
    shrink = _span_share(weeks, factors.blocks, mean, usual, plan.usable, span)
    return Baseline(
        observed=window,
        expected=np.where(plan.usable, level * factors.window, 0.0),
        level=level,
        exposure=np.where(known, factors.blocks, 0.0).sum(axis=0, dtype=np.float64),
        spread=weekly_spread * shrink,
        weekly_spread=weekly_spread,
        span_weeks=span,
        n_blocks=n.astype(float),
        weeks=weeks,
        weekly=adjusted,
        factors=factors,
        lost=plan.lost,
    )


def _span_share(
    weeks: Single,
    factors: Single,
    level: Array,
    usual: Array,
    panel: NDArray[np.bool_],
    length: int,
) -> Array:
    """Dispersion of so many weeks in a row over that of one: 1 over their number, up to 1.

    Of accounts alike in size, since one account has few such spans; drawn to 1, the more the
    fewer there are at all, and 1 for an account with fewer than three.
    """
    if length == 1:
        return np.ones(level.shape)
    known = _spans(factors > 0, length).all(axis=1)
    counts, due = (
        np.where(known, _spans(each, length).sum(axis=1), 0) for each in (weeks, factors)
    )
    _, pooled = dispersion(counts, due, level, panel=panel)
    told = panel & (known.sum(axis=0) >= MIN_SPANS)
    n = np.where(told, known.sum(axis=0), 0).sum(axis=0)
    share = np.clip(pooled / usual, 1 / length, 1.0)
    drawn = (n * share + PRIOR_GROUP_WEEKS) / (n + PRIOR_GROUP_WEEKS)
    return np.where(told, drawn, 1.0)


def _spans(weeks: NDArray[Any], length: int) -> NDArray[Any]:
    """Cut the weeks into spans, the newest first: (n_spans, length, n_accounts, n_ends)."""
    n = len(weeks) // length
    return weeks[: n * length].reshape(n, length, *weeks.shape[1:])


def robust_level(weekly: Single, n: NDArray[np.intp], *, mean: Array, spread: Array) -> Array:
    """Mean of adjusted weeks after odd ones were cut back.

    Parameters
    ----------
    weekly : ndarray, (n_blocks, n_accounts, n_ends)
        NaN where there is no such week.
    n : ndarray of int, (n_accounts, n_ends)
        Weeks that are there.
    mean : ndarray, (n_accounts, n_ends)
        Their plain mean.
    spread : ndarray, (n_accounts, n_ends)
        Dispersion that is usual for accounts of that size: it says which week is odd.

    Returns
    -------
    ndarray, (n_accounts, n_ends)
        0 where no week is there.
    """
    middle = median_of(weekly, n)
    middle = np.where(middle >= MIN_MEDIAN, middle, mean.astype(np.float32))
    reach = CUT_LEVEL * np.sqrt(np.maximum(middle + spread * middle**2, 1.0))
    low, high = (middle - reach).astype(np.float32), (middle + reach).astype(np.float32)
    cut = np.clip(weekly, low, high)
    total = np.where(np.isfinite(cut), cut, 0.0).sum(axis=0, dtype=np.float64)
    return np.where(n > 0, total / np.maximum(n, 1), 0.0)


def median_of(values: Single, n: NDArray[np.intp]) -> Single:
    """Median over the first axis of the ``n`` values that are no NaN; 0 where none is."""
    ordered = np.sort(values, axis=0)
    low = np.take_along_axis(ordered, np.maximum((n - 1) // 2, 0)[None], axis=0)[0]
    high = np.take_along_axis(ordered, (n // 2)[None], axis=0)[0]
    return np.where(n > 0, (low + high) / 2, np.float32(0.0))


def dispersion(
    weeks: Single, factors: Single, level: Array, *, panel: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Estimate how much more than Poisson each account's weeks, or spans of several, vary.

    Parameters
    ----------
    weeks, factors : ndarray, (n_blocks, n_accounts, n_ends)
        Counts and what the cohort did.
    level : ndarray, (n_accounts, n_ends)
        Mean week.
    panel : ndarray of bool, (n_accounts, n_ends)
        Accounts that tell what is usual.

    Returns
    -------
    spread : ndarray, (n_accounts, n_ends)
        Of each account, drawn to what is usual; within ``MIN_DISPERSION`` and
        ``MAX_DISPERSION``.
    usual : ndarray, (n_accounts, n_ends)
        Of accounts of its size.
    """
    mean = level.astype(np.float32) * factors
    n = (mean > 0).sum(axis=0)
    square = mean * mean
    reach = CUT * np.sqrt(mean + square)
    off = np.clip(weeks - mean, -reach, reach)
    top = (off * off - mean).sum(axis=0, where=mean > 0, dtype=np.float64)
    top = top * safe_ratio(n, n - 1.0)
    own = np.clip(safe_ratio(top, square.sum(axis=0, dtype=np.float64)), 0.0, MAX_DISPERSION)
    own = np.where(np.isfinite(own) & (n >= 3), own, 0.0)
    typical = mean.sum(axis=0, dtype=np.float64) / np.maximum(n, 1)
    return _drawn(own, typical, n, panel)


def _drawn(
    own: Array, typical: Array, n: NDArray[np.intp], panel: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Draw each account's dispersion to that of accounts its size, the more the less it tells.

    Small accounts vary more, since their events come in few visits.
    """
    told = panel & (n >= 3)
    group = _size_group(typical, told)
    pooled = np.full(own.shape, FIRST_DISPERSION)
    for _ in range(2):
        weight = np.where(told, n * _known(pooled, typical), 0.0)
        overall = _mean(own, weight, pooled)
        for number in range(SIZE_GROUPS):
            mine = group == number
            among = np.where(mine, weight, 0.0)
            share = among.sum(axis=0) / (among.sum(axis=0) + PRIOR_GROUP_WEEKS)
            drawn = share * _mean(own, among, pooled) + (1 - share) * overall
            pooled = np.where(mine, np.clip(drawn, MIN_DISPERSION, MAX_DISPERSION), pooled)
    mine_told = np.where(n >= 3, n * _known(pooled, typical), 0.0)
    drawn = (mine_told * own + PRIOR_WEEKS * pooled) / (mine_told + PRIOR_WEEKS)
    return np.clip(drawn, MIN_DISPERSION, MAX_DISPERSION), pooled


def _mean(values: Array, weight: Array, default: Array) -> Array:
    """Weighted mean over accounts; the default where there is no weight."""
    total = weight.sum(axis=0)
    mean = (weight * values).sum(axis=0) / np.maximum(total, 1e-9)
    return np.where(total > 0, mean, default.mean(axis=0) if len(default) else 0.0)


def _size_group(typical: Array, told: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Sort accounts into groups of equal number by their usual count, at each end."""
    n = told.sum(axis=0)
    ordered = np.sort(np.where(told, typical, np.inf), axis=0)
    group = np.zeros(typical.shape, np.intp)
    for number in range(1, SIZE_GROUPS):
        at = np.clip(number * n // SIZE_GROUPS, 0, max(len(ordered) - 1, 0))
        if len(ordered):
            group += typical >= np.take_along_axis(ordered, at[None], axis=0)[0]
    return group


def _known(spread: Array, mean: Array) -> Array:
    """Share of a week's variance that tells of dispersion rather than of counting noise."""
    excess = spread * mean
    return (excess / (1 + excess)) ** 2
