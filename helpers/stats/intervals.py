"""How sure a rate, a mean or a score is."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError

__all__ = ["bootstrap", "wilson"]

Z_95 = 1.959963984540054


def wilson(
    hits: ArrayLike, n: ArrayLike, *, z: float = Z_95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson score interval of a proportion.

    Parameters
    ----------
    hits, n : array_like, (n_rates,)
        Successes and trials; ``0 <= hits <= n``.
    z : float
        Normal quantile; 1.96 gives 95 %.

    Returns
    -------
    low, high : ndarray, (n_rates,)
        Bounds in [0, 1]; 0 and 1 where ``n`` is 0: nothing is known.

    Raises
    ------
    ParameterError
        If some ``hits`` exceed their ``n``.

    References
    ----------
    E. B. Wilson (1927), *JASA* 22, 209-212. Preferred to the Wald interval for small n:
    Brown, Cai, DasGupta (2001), *Statistical Science* 16, 101-133.
    """
    successes, trials = np.broadcast_arrays(np.asarray(hits, float), np.asarray(n, float))
    if np.any(successes > trials) or np.any(successes < 0):
        raise ParameterError("wilson: expected 0 <= hits <= n in every row.")
    safe = np.where(trials > 0, trials, 1.0)
    rate = successes / safe
    centre = rate + z**2 / (2 * safe)
    half = z * np.sqrt(rate * (1 - rate) / safe + z**2 / (4 * safe**2))
    scale = 1 + z**2 / safe
    low = np.where(trials > 0, np.maximum((centre - half) / scale, 0.0), 0.0)
    high = np.where(trials > 0, np.minimum((centre + half) / scale, 1.0), 1.0)
    low = np.where(successes == 0, 0.0, low)
    high = np.where((successes == trials) & (trials > 0), 1.0, high)
    return low, high


def bootstrap(
    statistic: Callable[[NDArray[np.intp]], float],
    groups: ArrayLike,
    *,
    n_draws: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval, resampling whole groups (e.g. accounts).

    Parameters
    ----------
    statistic : callable
        Takes row positions (with repeats) and returns a number; NaN draws are ignored.
    groups : array_like, (n_rows,)
        Group of each row. Rows of one account are not independent, so accounts are drawn.
    n_draws : int
        Resamples.
    seed : int
        Of the random draws.
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    low, high : float
        NaN if no draw gave a number.

    References
    ----------
    Efron, Tibshirani (1993), *An Introduction to the Bootstrap*, ch. 13; resampling of
    clusters: Davison, Hinkley (1997), section 3.8.
    """
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(codes.max(initial=-1) + 2))
    rng = np.random.default_rng(seed)
    n_groups = len(starts) - 1
    values = np.full(n_draws, np.nan)
    for draw in range(n_draws):
        chosen = rng.integers(0, n_groups, n_groups)
        rows = np.concatenate([order[starts[g] : starts[g + 1]] for g in chosen])
        values[draw] = statistic(rows)
    usable = values[np.isfinite(values)]
    if not len(usable):
        return float("nan"), float("nan")
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(usable, [tail, 100 - tail])
    return float(low), float(high)
