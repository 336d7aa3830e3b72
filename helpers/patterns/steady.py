"""Is it a trend of all weeks, or of one week, or a jump? What a slope alone does not tell.

References
----------
Cook, Weisberg (1982), *Residuals and Influence in Regression*, ch. 5: leaving one case out of a
generalised linear model by one step from its fit.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["JUMP_WEEKS", "is_jump", "without_any_week"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
JUMP_WEEKS = 3
"""A level that changed within so many weeks is a jump as yet."""
CLEARLY = 4.0
"""Log likelihood by which a jump must explain the weeks better."""


def is_jump(counts: Floats, fitted: Floats, weight: Floats, dispersion: Floats) -> Bools:
    """Tell where two levels explain the weeks clearly better than the fitted course.

    Parameters
    ----------
    counts, fitted : ndarray, (n_accounts, n_weeks)
        Use, and what the course expects; weeks not seen have neither.
    weight : ndarray, (n_accounts, n_weeks)
        What a week is worth; 0 where it was not seen.
    dispersion : ndarray, (n_accounts,)
        How many times the variance of a week exceeds its mean.

    Returns
    -------
    ndarray of bool, (n_accounts,)
        The log likelihood (quasi-Poisson) of one level up to one, two or three weeks ago and
        another one since then exceeds that of the course by :data:`CLEARLY`; both have two
        parameters.
    """
    course = _likelihood(counts, fitted)
    best = np.full(len(counts), -np.inf)
    for weeks in range(1, JUMP_WEEKS + 1):
        parts = (slice(None, -weeks), slice(-weeks, None))
        levels = [
            weight[:, part] * _level(counts[:, part], weight[:, part])[:, None] for part in parts
        ]
        best = np.maximum(best, _likelihood(counts, np.concatenate(levels, axis=1)))
    return np.asarray(best - course > CLEARLY * dispersion, bool)


def _level(counts: Floats, weight: Floats) -> Floats:
    return np.asarray(counts.sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9), float)


def _likelihood(counts: Floats, fitted: Floats) -> Floats:
    terms = counts * np.log(np.maximum(fitted, 1e-9)) - fitted
    return np.asarray(np.where(fitted > 0, terms, 0.0).sum(axis=1), float)


def without_any_week(
    counts: Floats,
    fitted: Floats,
    time: NDArray[np.floating],
    seen: Bools,
    slope: Floats,
    typical: float,
) -> tuple[Floats, Floats]:
    """Fit again without each week in turn, and return the two extremes.

    Parameters
    ----------
    counts, fitted : ndarray, (n_accounts, n_weeks)
        Use, and what the whole fit expects.
    time : ndarray, (n_weeks,)
        Time of each week.
    seen : ndarray of bool, (n_accounts, n_weeks)
        Weeks that were seen.
    slope : ndarray, (n_accounts,)
        Of the whole fit, log scale.
    typical : float
        Squared relative noise of a week that is usual among all accounts.

    Returns
    -------
    least, most : ndarray, (n_accounts,)
        Slope over its error, without the week whose absence makes it smallest, and largest.
    """
    scores = []
    sums = [np.sum(fitted * time**k, axis=1) for k in range(3)]
    away = (counts - fitted) ** 2 / np.maximum(fitted, 1e-9)
    scatter = np.where(seen, away, 0.0).sum(axis=1)
    n, total = seen.sum(axis=1), fitted.sum(axis=1)
    for week in range(len(time)):
        mine = np.where(seen[:, week], fitted[:, week], 0.0)
        s0, s1, s2 = (sums[k] - mine * time[week] ** k for k in range(3))
        r0 = -np.where(seen[:, week], counts[:, week] - fitted[:, week], 0.0)
        r1 = r0 * time[week]
        determinant = np.where(s0 * s2 - s1**2 > 1e-12, s0 * s2 - s1**2, np.inf)
        b = slope + (s0 * r1 - s1 * r0) / determinant
        own = np.maximum(n - seen[:, week] - 2, 1)
        usual = (total - mine) / np.maximum(n - seen[:, week], 1)
        rest = np.maximum(scatter - np.where(seen[:, week], away[:, week], 0.0), 0.0)
        noise = rest / own / np.maximum(usual, 1e-9)
        dispersion = np.maximum((noise + typical) / 2 * usual, 1.0)
        error = np.sqrt(dispersion * s0 / determinant)
        scores.append(b / np.maximum(error, 1e-12))
    every = np.array(scores)
    return every.min(axis=0), every.max(axis=0)
