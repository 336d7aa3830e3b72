"""The BG/NBD model of repeat purchases, from its paper: who will buy again?

A customer buys at a rate of its own while alive and may drop out after each purchase. Rates are
gamma distributed, chances to drop out beta distributed over customers.

References
----------
Fader, Hardie, Lee (2005), *Marketing Science* 24, 275-284; the likelihood as in equation (6).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

__all__ = ["BgNbd", "fit_bg_nbd", "log_likelihood"]


@dataclass(frozen=True)
class BgNbd:
    """Fitted parameters: ``r, alpha`` of the rates, ``a, b`` of dropping out."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, repeats: ArrayLike, last: ArrayLike, age: ArrayLike) -> NDArray[np.float64]:
        """Return the chance that a customer has not dropped out by now."""
        x, t_x, age_now = (np.asarray(v, float) for v in (repeats, last, age))
        gone = np.where(
            x > 0,
            self.a
            / (self.b + np.maximum(x, 1) - 1)
            * ((self.alpha + age_now) / (self.alpha + t_x)) ** (self.r + x),
            0.0,
        )
        return np.asarray(1 / (1 + gone))

    def active(
        self, repeats: ArrayLike, last: ArrayLike, age: ArrayLike, days: float
    ) -> NDArray[np.float64]:
        """Return the chance of at least one purchase in the next days."""
        x, age_now = np.asarray(repeats, float), np.asarray(age, float)
        none = ((self.alpha + age_now) / (self.alpha + age_now + days)) ** (self.r + x)
        return self.alive(repeats, last, age) * (1 - none)


def log_likelihood(
    parameters: tuple[float, float, float, float],
    repeats: ArrayLike,
    last: ArrayLike,
    age: ArrayLike,
) -> float:
    """Return the log likelihood of the customers.

    Parameters
    ----------
    parameters : tuple
        ``r, alpha, a, b``.
    repeats : array_like
        Purchases after the first.
    last, age : array_like
        Time of the last purchase, and of now, since the first.
    """
    r, alpha, a, b = parameters
    x, t_x, age_now = (np.asarray(v, float) for v in (repeats, last, age))
    shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    shared += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    stays = -(r + x) * np.log(alpha + age_now)
    drops = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
    return float((shared + np.where(x > 0, np.logaddexp(stays, drops), stays)).sum())


def fit_bg_nbd(repeats: ArrayLike, last: ArrayLike, age: ArrayLike) -> BgNbd:
    """Fit by maximum likelihood, on the logarithms of the parameters."""
    x, t_x, age_now = (np.asarray(v, float) for v in (repeats, last, age))
    scale = max(float(age_now.mean()), 1.0)

    def loss(logs: NDArray[np.float64]) -> float:
        r, alpha, a, b = np.exp(np.clip(logs, -12, 12))
        return -log_likelihood((r, alpha * scale, a, b), x, t_x, age_now) / len(x)

    found = minimize(loss, np.zeros(4), method="Nelder-Mead", options={"maxiter": 4_000})
    r, alpha, a, b = np.exp(found.x)
    return BgNbd(float(r), float(alpha * scale), float(a), float(b))
