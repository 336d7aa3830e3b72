"""From a probability to a score of 0 to 100, and from scores to bands.

The churn score says how an account compares with the company's usual risk. Its anchors are the
base rate and three times its odds, so that the bands keep their meaning where churn is rare:

=====  =========================================  ======================
score  probability                                reads
=====  =========================================  ======================
0      0                                          certain to stay
30     the base rate                              as usual: end of "low"
70     three times the odds of the base rate      end of "medium"
100    1                                          certain to leave
=====  =========================================  ======================

Between 30 and 70 the score is linear in the log-odds, outside linear in the probability.

The health score runs the other way. Each score is rounded as it is published *before* it gets
its band, so that the band always agrees with the number beside it: no score falls between two
bands.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError

__all__ = [
    "CHURN_DIRECTION",
    "CHURN_MEANING",
    "HEALTH_DIRECTION",
    "HEALTH_MEANING",
    "churn_band",
    "churn_score",
    "health_band",
    "round_half_up",
]

LOW_ENDS, MEDIUM_ENDS = 30, 70
HIGH_ODDS = 3.0
"""Three times the usual odds is where the band "high" begins."""
HEALTH_LOW, HEALTH_HIGH = 40.0, 70.0
CHURN_DIRECTION = "0 to 100, higher = more likely to churn"
HEALTH_DIRECTION = "0 to 100, higher = healthier"
CHURN_MEANING = {
    "low": "monitor",
    "medium": "engage proactively",
    "high": "immediate intervention",
}
HEALTH_MEANING = {
    "low": "high-touch intervention",
    "medium": "automated engagement",
    "high": "identify for advocacy",
}


def churn_score(probability: ArrayLike, *, base_rate: float) -> NDArray[np.float64]:
    """Turn churn probabilities into scores of 0 to 100; higher is more likely to churn.

    Parameters
    ----------
    probability : array_like, (n_accounts,)
        In [0, 1]; NaN stays NaN.
    base_rate : float
        Share of accounts that churned on the dates the model learnt from, in (0, 1).

    Returns
    -------
    ndarray, (n_accounts,)
        Not rounded; see :func:`round_half_up`.

    Raises
    ------
    ParameterError
        If the base rate is not between 0 and 1, or a probability lies outside [0, 1].
    """
    if not 0 < base_rate < 1:
        raise ParameterError(f"base_rate must lie between 0 and 1, got {base_rate}.")
    p = np.asarray(probability, float)
    if np.any((p < 0) | (p > 1)):
        wrong = p[(p < 0) | (p > 1)][0]
        raise ParameterError(f"expected probabilities in [0, 1], got {wrong}.")
    odds = base_rate / (1 - base_rate)
    high = HIGH_ODDS * odds / (1 + HIGH_ODDS * odds)
    inside = np.clip(p, base_rate, high)
    steps = np.log(inside / (1 - inside) / odds) / np.log(HIGH_ODDS)
    middle = LOW_ENDS + (MEDIUM_ENDS - LOW_ENDS) * steps
    below = LOW_ENDS * p / base_rate
    above = MEDIUM_ENDS + (100 - MEDIUM_ENDS) * (p - high) / (1 - high)
    return np.where(p < base_rate, below, np.where(p > high, above, middle))


def round_half_up(values: ArrayLike, *, decimals: int = 0) -> NDArray[np.float64]:
    """Round; a half goes up (30.5 to 31), unlike Python's rounding to even. NaN stays NaN."""
    factor = 10.0**decimals
    nearly = np.round(np.asarray(values, float) * factor, 6)  # 0.285 * 100 is 28.499999999999996
    return np.floor(nearly + 0.5) / factor


def churn_band(score: ArrayLike) -> pd.Series:
    """Return low (0 to 30), medium (31 to 70) or high (71 to 100) after rounding half up.

    Raises
    ------
    ParameterError
        If a score lies outside 0 to 100. A missing score has no band.
    """
    whole = round_half_up(_checked(score, "churn"))
    conditions = [whole <= LOW_ENDS, whole <= MEDIUM_ENDS, whole > MEDIUM_ENDS]
    return _bands(conditions, score)


def health_band(score: ArrayLike) -> pd.Series:
    """Return low (below 40), medium (40 to 70) or high (above 70) after rounding to 0.1.

    Raises
    ------
    ParameterError
        If a score lies outside 0 to 100. A missing score has no band.
    """
    tenth = round_half_up(_checked(score, "health"), decimals=1)
    conditions = [tenth < HEALTH_LOW, tenth <= HEALTH_HIGH, tenth > HEALTH_HIGH]
    return _bands(conditions, score)


def _checked(score: ArrayLike, what: str) -> NDArray[np.float64]:
    values = np.asarray(pd.to_numeric(pd.Series(score), errors="coerce"), float)
    outside = (values < 0) | (values > 100)
    if outside.any():
        raise ParameterError(f"a {what} score lies between 0 and 100, got {values[outside][0]:g}.")
    return values


def _bands(conditions: list[NDArray[np.bool_]], score: ArrayLike) -> pd.Series:
    index = score.index if isinstance(score, pd.Series) else None
    known = np.logical_or.reduce(conditions)
    named = pd.Series(
        np.select(conditions, ["low", "medium", "high"], ""), index=index, dtype="str"
    )
    return named.where(known)
