"""What everybody did: the cohort's window and weeks against its own baseline.

This takes out weekdays, months, seasons, holidays and outages without naming them.

References
----------
Difference against a moving cohort: Abadie (2005), *Review of Economic Studies* 72, 1-19.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.windows import Plan
from helpers.stats import safe_ratio

__all__ = ["Factors", "cohort_factors", "cohort_ratio", "panel_weights"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]

PRIOR_ACCOUNTS = 5.0
"""The cohort's ratio is drawn to "as usual" with the weight of so many typical accounts."""
COHORT_ACCOUNTS = 20.0
"""A cohort's ratio is drawn to that of all accounts with the weight of so many."""
CUT, CUT_SPREAD = 4.0, 0.16
"""Counts above expectation by more than so many standard deviations are cut back to there."""


@dataclass(frozen=True, kw_only=True)
class Factors:
    """What the cohort did, relative to its own baseline week.

    Parameters
    ----------
    window : ndarray, (n_accounts, n_ends)
        1.0 = a week as usual; a window of 28 days is about 4.
    blocks : ndarray of float32, (n_blocks, n_accounts, n_ends)
        The same of each baseline week; 0 where the account has no such week.
    """

    window: Array
    blocks: Single


def cohort_factors(
    window: Array,
    weeks: Single,
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
        Counts.
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
    of_window = cohort_ratio(window, level, weight, plan.window_share, cohorts)
    of_window = np.where(plan.usable, of_window, 0.0)
    of_weeks = np.zeros(weeks.shape, np.float32)
    for block, week in enumerate(weeks):
        ratio = cohort_ratio(week, level, weight, plan.block_share[block], cohorts)
        np.copyto(of_weeks[block], ratio, where=plan.valid[block])
    return Factors(window=of_window, blocks=of_weeks)


def panel_weights(weeks: Single, plan: Plan, panel: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the weekly count and the weight with which each account tells what is usual.

    Both are (n_accounts, n_ends) and 0 for accounts outside the panel.
    """
    n_weeks = plan.n_blocks
    level = safe_ratio(weeks.sum(axis=0, dtype=np.float64), n_weeks)
    panel = panel & (n_weeks == n_weeks.max(axis=0, initial=0)) & (level > 0)
    cap = _upper_quartile(np.where(panel, level, np.nan))
    weight = np.where(panel, np.minimum(1.0, safe_ratio(cap, level)), 0.0)
    return np.where(panel, level, 0.0), weight


def _upper_quartile(values: Array) -> Array:
    """75th percentile over accounts; 1.0 where there is none."""
    if not len(values):
        return np.ones(values.shape[1])
    ordered, n = np.sort(values, axis=0), np.isfinite(values).sum(axis=0)
    at = np.maximum(np.ceil(0.75 * n).astype(int) - 1, 0)
    return np.where(n > 0, np.take_along_axis(ordered, at[None], axis=0)[0], 1.0)


def cohort_ratio(
    counts: Array | Single, level: Array, weight: Array, usual: Array, cohorts: NDArray[np.intp]
) -> Array:
    """Count over weekly level of the other accounts of a cohort, odd values cut.

    An account is left out of its own cohort, so that in a small company it is not compared
    with itself.

    Parameters
    ----------
    counts, level, weight : ndarray, (n_accounts, n_ends)
        Counts of any span of days, and what :func:`panel_weights` returns.
    usual : ndarray, (n_ends,)
        Length of the span in weeks: the ratio if the cohort did as usual.
    cohorts : ndarray of int, (n_accounts,)

    Returns
    -------
    ndarray, (n_accounts, n_ends)
    """
    base = weight * level
    total = base.sum(axis=0)
    n = (base > 0).sum(axis=0)
    typical = np.where(n > 0, total / np.maximum(n, 1), 1.0)
    prior = PRIOR_ACCOUNTS * typical
    first = ((weight * counts).sum(axis=0) + prior * usual) / (total + prior)
    middle = level * first
    cut = weight * np.minimum(counts, middle + CUT * np.sqrt(middle + CUT_SPREAD * middle**2))
    pooled = (cut.sum(axis=0) - cut + prior * usual) / (total - base + prior)
    if not cohorts.any():
        return np.asarray(pooled)
    member = np.eye(cohorts.max() + 1)[cohorts].T  # (n_cohorts, n_accounts)
    draw = COHORT_ACCOUNTS * typical
    mine, mine_base = (member @ cut)[cohorts] - cut, (member @ base)[cohorts] - base
    return np.asarray((mine + draw * pooled) / (mine_base + draw))
