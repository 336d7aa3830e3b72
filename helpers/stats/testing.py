"""Tests that stay honest when many are made."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "benjamini_hochberg",
    "cauchy_combination",
    "fisher_exact_greater",
    "shuffled",
]


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Turn p-values into q-values that control the false discovery rate.

    Parameters
    ----------
    p_values : array_like, (n_tests,)
        *All* tests made, not the promising ones only; NaN stays NaN and counts as no test.

    Returns
    -------
    ndarray, (n_tests,)
        q-values in [0, 1], in the order given.

    References
    ----------
    Benjamini, Hochberg (1995), *J. R. Statist. Soc. B* 57, 289-300.
    """
    p = np.asarray(p_values, float)
    q = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    if not len(tested):
        return q
    order = tested[np.argsort(p[tested], kind="stable")]
    ranked = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return q


def fisher_exact_greater(
    both: ArrayLike, exposed: ArrayLike, hits: ArrayLike, n: ArrayLike
) -> NDArray[np.float64]:
    """One-sided Fisher exact test: whether hits are more frequent among the exposed.

    Parameters
    ----------
    both : array_like of int, (n_tests,)
        Exposed and hit.
    exposed, hits, n : array_like of int
        Exposed, hit, and all.

    Returns
    -------
    ndarray, (n_tests,)
        P(X >= both) for X hypergeometric; 1 where there is nobody.

    References
    ----------
    R. A. Fisher (1935), *The Design of Experiments*, section 11.
    """
    from scipy.stats import hypergeom

    total = np.asarray(n)
    tail = hypergeom.sf(np.asarray(both) - 1, total, np.asarray(hits), np.asarray(exposed))
    return np.asarray(np.where(total > 0, tail, 1.0), float)


def cauchy_combination(
    p_values: ArrayLike, axis: int = -1, *, weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Combine p-values of dependent tests into one.

    Parameters
    ----------
    p_values : array_like
        Along ``axis`` the tests to combine; NaN is a test not made.
    axis : int
        The axis that disappears.
    weights : array_like, (n_tests,), optional
        How much each test counts, all above 0; alike by default.

    Returns
    -------
    ndarray
        Combined p-values; NaN where no test was made.

    References
    ----------
    Liu, Xie (2020), *JASA* 115, 393-402: valid under arbitrary dependence in the tail.
    """
    p = np.clip(np.asarray(p_values, float), 1e-15, 1 - 1e-15)
    made = ~np.isnan(p)
    score = np.where(made, np.tan((0.5 - np.where(made, p, 0.5)) * np.pi), 0.0)
    if weights is None:
        weight = made.astype(float)
    else:
        shape = [1] * made.ndim
        shape[axis] = -1
        weight = made * np.asarray(weights, float).reshape(shape)
    total = weight.sum(axis=axis)
    mean = (weight * score).sum(axis=axis) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, 0.5 - np.arctan(mean) / np.pi, np.nan)


def shuffled(values: ArrayLike, *, seed: int) -> NDArray[np.generic]:
    """Return the values in a random order that depends on ``seed`` only: the null of a label."""
    array = np.array(values, copy=True)
    np.random.default_rng(seed).shuffle(array)
    return array
