"""What an account normally does, learnt from its own weeks and from what the cohort did.

For one signal, at each end and for each account::

    expected = own level a week  x  what the cohort did in this window

The cohort's part is the ratio of its window (and of each baseline week) to its own baseline:
it takes out weekdays, months, seasons, holidays and outages without naming them. The level is
a mean of the account's baseline weeks, each divided by the cohort's ratio, odd weeks cut.

References
----------
Difference against a moving cohort: Abadie (2005), *Review of Economic Studies* 72, 1-19.
Moment estimate of the dispersion: Breslow (1984), *Applied Statistics* 33, 38-44.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.windows import BLOCK_DAYS, Plan, cumulative, sums
from helpers.stats import safe_ratio

__all__ = [
    "Baseline",
    "Factors",
    "cohort_factors",
    "cohort_ratio",
    "dispersion",
    "learn_baseline",
    "median_of",
    "membership",
    "panel_weights",
    "robust_level",
]

Array = NDArray[np.float64]

PRIOR_ACCOUNTS = 10.0
"""The cohort's ratio is drawn to "as usual" with the weight of so many typical accounts."""
COHORT_ACCOUNTS = 20.0
"""A cohort's ratio is drawn to that of all accounts with the weight of so many."""
CUT = 4.0
"""Values further from expectation than so many standard deviations are cut back to there."""
FIRST_DISPERSION, MIN_DISPERSION, MAX_DISPERSION = 0.1, 0.01, 4.0
PRIOR_WEEKS = 6.0
"""An account's own dispersion is drawn to that of all accounts with so many weeks' weight."""


@dataclass(frozen=True, kw_only=True)
class Factors:
    """What the cohort did, relative to its own baseline week.

    Parameters
    ----------
    window : ndarray, (n_accounts, n_ends)
        1.0 = a week as usual; a window of 28 days is about 4.
    blocks : ndarray, (n_blocks, n_accounts, n_ends)
        The same of each baseline week; 0 where the account has no such week.
    """

    window: Array
    blocks: Array


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
    spread : ndarray
        Negative binomial dispersion: variance = mean + spread * mean ** 2.
    n_blocks : ndarray
        Baseline weeks that the account has.
    weekly : ndarray, (n_blocks, n_accounts, n_ends)
        Adjusted weekly counts of the baseline, newest first; NaN where there is none.
    factors : Factors
        The cohort's part.
    """

    observed: Array
    expected: Array
    level: Array
    exposure: Array
    spread: Array
    n_blocks: Array
    weekly: Array
    factors: Factors

    @property
    def ratio(self) -> Array:
        """Observed over expected; NaN where nothing is expected."""
        return safe_ratio(self.observed, self.expected)

    def band(self, z: float = 1.96) -> tuple[Array, Array]:
        """Return the range to expect; 1.96 gives about 95 %."""
        known = 1 / np.maximum(self.level * self.exposure, 1.0)
        relative = self.spread * (1 + 1 / np.maximum(self.n_blocks, 1)) + known
        sd = np.sqrt(self.expected + relative * self.expected**2)
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
    total = cumulative(counts)
    window = np.where(plan.usable, sums(total, plan.ends, plan.window_days), 0.0)
    weeks = np.stack([sums(total, at, BLOCK_DAYS) for at in plan.block_ends()])
    weeks = np.where(plan.valid, weeks, 0.0)
    panel = plan.usable if settled is None else plan.usable & settled
    factors = cohort_factors(window, weeks, plan, panel=panel, cohorts=cohorts)
    adjusted = np.where(factors.blocks > 0.05, safe_ratio(weeks, factors.blocks), np.nan)
    level = robust_level(adjusted)
    expected = np.where(plan.usable, level * factors.window, 0.0)
    return Baseline(
        observed=window,
        expected=expected,
        level=level,
        exposure=np.where(np.isfinite(adjusted), factors.blocks, 0.0).sum(axis=0),
        spread=dispersion(weeks, factors.blocks, level, panel=plan.usable),
        n_blocks=np.isfinite(adjusted).sum(axis=0).astype(float),
        weekly=adjusted,
        factors=factors,
    )


def cohort_factors(
    window: Array,
    weeks: Array,
    plan: Plan,
    *,
    panel: NDArray[np.bool_],
    cohorts: NDArray[np.intp],
) -> Factors:
    """Measure what the cohort did in the window and in each baseline week.

    Only accounts with the longest baseline of that end take part, so that every ratio
    compares the same accounts. A giant account weighs no more than one at the upper quartile,
    and a value far from expectation is cut back: one account cannot move the others' normal.

    Parameters
    ----------
    window : ndarray, (n_accounts, n_ends)
    weeks : ndarray, (n_blocks, n_accounts, n_ends)
        Counts; 0 where not valid.
    plan : Plan
    panel : ndarray of bool, (n_accounts, n_ends)
        Accounts that may tell what is usual.
    cohorts : ndarray of int, (n_accounts,)

    Returns
    -------
    Factors
    """
    level, weight = panel_weights(weeks, plan, panel)
    member = membership(cohorts)
    of_window = cohort_ratio(window, level, weight, plan.window_share, member)[cohorts]
    of_weeks = np.stack(
        [
            cohort_ratio(week, level, weight, share, member)[cohorts]
            for week, share in zip(weeks, plan.block_share, strict=True)
        ]
    )
    return Factors(window=of_window, blocks=np.where(plan.valid, of_weeks, 0.0))


def panel_weights(weeks: Array, plan: Plan, panel: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the weekly count and the weight with which each account tells what is usual.

    Both are (n_accounts, n_ends) and 0 for accounts outside the panel.
    """
    n_weeks = plan.n_blocks
    level = safe_ratio(weeks.sum(axis=0), n_weeks)
    panel = panel & (n_weeks == n_weeks.max(axis=0, initial=0)) & (level > 0)
    cap = _upper_quartile(np.where(panel, level, np.nan))
    weight = np.where(panel, np.minimum(1.0, safe_ratio(cap, level)), 0.0)
    return np.where(panel, level, 0.0), weight


def membership(cohorts: NDArray[np.intp]) -> Array:
    """Return 1 where an account is in a cohort: (n_cohorts, n_accounts)."""
    return np.asarray(np.eye(cohorts.max(initial=0) + 1)[cohorts].T)


def _upper_quartile(values: Array) -> Array:
    """75th percentile over accounts; 1.0 where there is none."""
    ordered, n = np.sort(values, axis=0), np.isfinite(values).sum(axis=0)
    at = np.maximum(np.ceil(0.75 * n).astype(int) - 1, 0)
    if not len(ordered):
        return np.ones(values.shape[1])
    return np.where(n > 0, np.take_along_axis(ordered, at[None], axis=0)[0], 1.0)


def cohort_ratio(
    counts: Array, level: Array, weight: Array, usual: Array, member: Array
) -> Array:
    """Count over weekly level, summed by cohort with odd values cut: (n_cohorts, n_ends).

    Parameters
    ----------
    counts, level, weight : ndarray, (n_accounts, n_ends)
        Counts of any span of days, and what :func:`panel_weights` returns.
    usual : ndarray, (n_ends,)
        Length of the span in weeks: the ratio if the cohort did as usual.
    member : ndarray, (n_cohorts, n_accounts)

    Returns
    -------
    ndarray, (n_cohorts, n_ends)
    """
    base = weight * level
    typical = safe_ratio(base.sum(axis=0), (base > 0).sum(axis=0))
    typical = np.where(np.isfinite(typical), typical, 1.0)
    prior = PRIOR_ACCOUNTS * typical
    pooled = ((weight * counts).sum(axis=0) + prior * usual) / (base.sum(axis=0) + prior)
    for _ in range(2):
        middle = level * pooled
        reach = CUT * np.sqrt(middle + (0.4 * middle) ** 2)
        cut = np.minimum(counts, middle + reach)
        pooled = ((weight * cut).sum(axis=0) + prior * usual) / (base.sum(axis=0) + prior)
    own = COHORT_ACCOUNTS * typical
    return np.asarray((member @ (weight * cut) + own * pooled) / (member @ base + own))


def robust_level(weekly: Array) -> Array:
    """Mean of adjusted weeks after odd ones were cut back to the median's neighbourhood.

    Parameters
    ----------
    weekly : ndarray, (n_blocks, n_accounts, n_ends)
        NaN where there is no such week.

    Returns
    -------
    ndarray, (n_accounts, n_ends)
        0 where no week is there.
    """
    present = np.isfinite(weekly)
    n = present.sum(axis=0)
    middle = median_of(weekly, n)
    scale = 1.4826 * median_of(np.abs(weekly - middle), n)
    reach = 3 * np.maximum(scale, np.sqrt(np.maximum(middle, 1.0)))
    cut = np.clip(weekly, middle - reach, middle + reach)
    total = np.where(present, cut, 0.0).sum(axis=0)
    return np.where(n > 0, total / np.maximum(n, 1), 0.0)


def median_of(values: Array, n: NDArray[np.intp]) -> Array:
    """Median over the first axis of the ``n`` values that are no NaN; 0 where none is."""
    ordered = np.sort(values, axis=0)
    low = np.take_along_axis(ordered, np.maximum((n - 1) // 2, 0)[None], axis=0)[0]
    high = np.take_along_axis(ordered, (n // 2)[None], axis=0)[0]
    return np.where(n > 0, (low + high) / 2, 0.0)


def dispersion(
    weeks: Array, factors: Array, level: Array, *, panel: NDArray[np.bool_]
) -> Array:
    """Estimate how much more than Poisson each account's weeks vary, drawn to all accounts.

    Parameters
    ----------
    weeks, factors : ndarray, (n_blocks, n_accounts, n_ends)
        Counts and what the cohort did.
    level : ndarray, (n_accounts, n_ends)
    panel : ndarray of bool, (n_accounts, n_ends)
        Accounts that tell what is usual.

    Returns
    -------
    ndarray, (n_accounts, n_ends)
        Within ``MIN_DISPERSION`` and ``MAX_DISPERSION``.
    """
    mean = level * factors
    there = mean > 0
    n = there.sum(axis=0)
    loose = np.sqrt(mean + (0.6 * mean) ** 2)
    off = np.clip(weeks - mean, -CUT * loose, CUT * loose)
    top = np.where(there, off**2 - mean, 0.0).sum(axis=0) * safe_ratio(n, n - 1.0)
    own = np.clip(safe_ratio(top, (mean**2).sum(axis=0)), 0.0, MAX_DISPERSION)
    typical = np.where(n > 0, mean.sum(axis=0) / np.maximum(n, 1), 0.0)
    own = np.where(np.isfinite(own) & (n >= 3), own, 0.0)
    pooled = np.full(level.shape[1], FIRST_DISPERSION)
    for _ in range(2):
        weight = np.where(panel & (n >= 3), n * _known(pooled, typical), 0.0)
        total = weight.sum(axis=0)
        pooled = np.where(total > 0, (weight * own).sum(axis=0) / np.maximum(total, 1e-9), pooled)
        pooled = np.clip(pooled, MIN_DISPERSION, MAX_DISPERSION)
    mine = np.where(n >= 3, n * _known(pooled, typical), 0.0)
    drawn = (mine * own + PRIOR_WEEKS * pooled) / (mine + PRIOR_WEEKS)
    return np.clip(drawn, MIN_DISPERSION, MAX_DISPERSION)


def _known(spread: Array, mean: Array) -> Array:
    """Share of a week's variance that tells of dispersion rather than of counting noise."""
    excess = spread * mean
    return (excess / (1 + excess)) ** 2
