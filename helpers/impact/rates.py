"""Rates of leaving, compared: exact intervals, survival curves and what a trial can show."""

import math

import numpy as np
from numpy.typing import ArrayLike

from helpers.errors import ParameterError
from helpers.stats import wilson

__all__ = [
    "e_value",
    "events_needed",
    "rate_ratio",
    "risk_difference",
    "smallest_ratio",
    "survival",
]

Z_95, Z_80 = 1.959963984540054, 0.8416212335729143


def rate_ratio(
    events: tuple[int, int], time: tuple[float, float], *, level: float = 0.95
) -> tuple[float, float, float, float]:
    """Compare two rates of events exactly, given how many events there were in all.

    Parameters
    ----------
    events : (int, int)
        Of the treated and of the others.
    time : (float, float)
        Time at risk of each, in one unit; above 0.
    level : float
        Coverage of the interval.

    Returns
    -------
    ratio, low, high, p_value : float
        Rate of the treated over that of the others; the p-value is two-sided against a ratio of
        1. NaN where nothing happened in either group; ``high`` is infinite, or ``low`` 0, where
        nothing happened in one.

    Raises
    ------
    ParameterError
        If a time is not above 0, or events are negative.

    References
    ----------
    Conditional on the sum, the events of the treated are binomial (Przyborowski, Wilenski 1940,
    *Biometrika* 31, 313-323); Clopper-Pearson bounds of that share give those of the ratio.
    """
    from scipy.stats import beta, binomtest

    (mine, others), (here, there) = events, time
    if min(time) <= 0 or min(events) < 0:
        raise ParameterError(f"rate_ratio: expected times above 0 and no negative events: {time}.")
    total = mine + others
    if total == 0:
        return float("nan"), float("nan"), float("nan"), float("nan")
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, mine, others + 1)) if mine else 0.0
    high = float(beta.ppf(1 - tail, mine + 1, others)) if others else 1.0
    odds = there / here
    ratio = mine / here / (others / there) if others else math.inf
    p_value = float(binomtest(mine, total, here / (here + there)).pvalue)
    top = high / (1 - high) * odds if high < 1 else math.inf
    return ratio, low / (1 - low) * odds, top, p_value


def survival(days: ArrayLike, left: ArrayLike, *, at: int) -> tuple[float, float]:
    """Share that has left by a day, and its standard error, where some were followed for less.

    Parameters
    ----------
    days : array_like of int, (n_rows,)
        Days followed.
    left : array_like of bool, (n_rows,)
        Whether the follow-up ended because the account left.
    at : int
        Day after the start up to which leaving counts.

    Returns
    -------
    share, error : float
        NaN without rows.

    References
    ----------
    Kaplan, Meier (1958), *JASA* 53, 457-481; Greenwood's variance.
    """
    stop, gone = np.asarray(days), np.asarray(left, bool)
    if not len(stop):
        return float("nan"), float("nan")
    kept, spread = 1.0, 0.0
    for day in np.unique(stop[gone & (stop <= at)]):
        at_risk = float((stop >= day).sum())
        lost = float((gone & (stop == day)).sum())
        kept *= 1 - lost / at_risk
        if at_risk > lost:
            spread += lost / (at_risk * (at_risk - lost))
    return 1 - kept, kept * math.sqrt(spread)


def risk_difference(
    with_: tuple[float, float, int], without: tuple[float, float, int]
) -> tuple[float, float, float]:
    """Return the difference of two shares, with a 95 % interval that no empty arm makes too narrow.

    Parameters
    ----------
    with_, without : (share, error, n)
        As of :func:`survival`, with the number of rows. Where nobody left, Greenwood's error is 0
        but the share is not certain: the bounds are Wilson's, for as many rows as the error says.

    Returns
    -------
    difference, low, high : float

    References
    ----------
    Newcombe (1998), *Statistics in Medicine* 17, 873-890, method 10; shares with other errors:
    Zou, Donner (2008), *Statistics in Medicine* 27, 1693-1702.
    """
    bounds = []
    for share, error, n in (with_, without):
        worth = share * (1 - share) / error**2 if error > 0 else float(n)
        below, above = wilson([share * worth], [worth])
        bounds.append((share, float(below[0]), float(above[0])))
    (mine, low, high), (others, others_low, others_high) = bounds
    gap = mine - others
    return (
        gap,
        gap - math.hypot(mine - low, others_high - others),
        gap + math.hypot(high - mine, others - others_low),
    )


def events_needed(ratio: float, *, share_treated: float = 0.5) -> int:
    """Return how many departures, of both arms, show a ratio with 80 % power at 5 %, two-sided.

    Raises
    ------
    ParameterError
        Unless ``0 < ratio != 1`` and ``0 < share_treated < 1``.

    References
    ----------
    Schoenfeld (1983), *Biometrics* 39, 499-503.
    """
    if ratio <= 0 or ratio == 1 or not 0 < share_treated < 1:
        raise ParameterError("events_needed: expected a ratio above 0 other than 1, and two arms.")
    spread = share_treated * (1 - share_treated) * math.log(ratio) ** 2
    return math.ceil((Z_95 + Z_80) ** 2 / spread)


def smallest_ratio(n_events: float, *, share_treated: float = 0.5) -> float:
    """Return the ratio nearest to 1, and below it, that so many departures show with 80 % power.

    The inverse of :func:`events_needed`; 0 where there are no departures.
    """
    if n_events <= 0:
        return 0.0
    spread = share_treated * (1 - share_treated) * n_events
    return math.exp(-(Z_95 + Z_80) / math.sqrt(spread))


def e_value(ratio: float) -> float:
    """Return how strongly something unmeasured would have to go with both to explain a ratio.

    It would have to go with the treatment and with leaving, each by this risk ratio, beyond what
    was weighed by.

    References
    ----------
    VanderWeele, Ding (2017), *Annals of Internal Medicine* 167, 268-274; for outcomes that are
    rare in the time followed.
    """
    if not np.isfinite(ratio) or ratio <= 0:
        return float("nan")
    away = 1 / ratio if ratio < 1 else ratio
    return away + math.sqrt(away * (away - 1))
