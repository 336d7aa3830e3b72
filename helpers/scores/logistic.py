"""A regularised logistic regression, and the curve that turns its scores into probabilities.

Outcomes are not re-weighted: a "balanced" model ranks no better here and its probabilities
no longer mean anything.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.scores.design import Design, fit_design

__all__ = ["Linear", "Sigmoid", "fit_linear", "fit_sigmoid", "fit_strength", "refit"]

STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Values of ``C``: how far the coefficients may go from 0; small is cautious."""
DIGITS = 9
MAX_STEPS, SMALLEST_STEP, TOLERANCE = 100, 1e-6, 1e-12


@dataclass(frozen=True, kw_only=True)
class Linear:
    """A fitted linear model on the log-odds scale.

    Parameters
    ----------
    design : Design
        How rows become columns.
    coefficients : ndarray, (n_columns,)
        Per spread of an input.
    intercept : float
        Log-odds of the average training row.
    strength : float
        The ``C`` it was fitted with.
    signs : ndarray, (n_columns,)
        +1 or -1 where a coefficient may have one sign only, else 0.
    """

    design: Design
    coefficients: NDArray[np.float64]
    intercept: float
    strength: float
    signs: NDArray[np.float64]

    def logit(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds of rows of :func:`helpers.scores.design.signals`."""
        if not len(self.coefficients):
            return np.full(len(given), self.intercept)
        total = self.intercept + self.design.matrix(given) @ self.coefficients
        return np.round(total, DIGITS)

    def contributions(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each input adds to the log-odds, relative to the average training row.

        Returns
        -------
        ndarray, (n_rows, n_inputs)
            0 for inputs that are not used; a "was missing" column counts with its input.
        """
        added = np.zeros_like(given)
        if len(self.coefficients):
            parts = self.design.matrix(given) * self.coefficients
            for column, position in enumerate(self.design.source):
                added[:, position] += parts[:, column]
        return np.round(added, DIGITS)


@dataclass(frozen=True, kw_only=True)
class Sigmoid:
    """Probability = 1 / (1 + exp(-(slope * logit + shift))); the slope is never negative."""

    slope: float
    shift: float

    def probability(self, logit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities."""
        return np.asarray(1 / (1 + np.exp(-(self.slope * logit + self.shift))))


def fit_linear(
    given: NDArray[np.float64],
    outcome: NDArray[np.float64],
    *,
    strength: float,
    directions: NDArray[np.float64] | None = None,
) -> Linear:
    """Fit by penalised maximum likelihood.

    Parameters
    ----------
    given : ndarray, (n_rows, n_inputs)
        Training rows of :func:`helpers.scores.design.signals`.
    outcome : ndarray, (n_rows,)
        0 or 1; with one class only, or no input that varies, the model is a constant.
    strength : float
        Inverse of the penalty, per training row.
    directions : ndarray, (n_inputs,), optional
        From :func:`helpers.scores.directions.directions_of`; default: any sign.
    """
    design = fit_design(given)
    signs = _signs(design, directions)
    solved = _solve(design.matrix(given), outcome, strength, signs=signs)
    return Linear(
        design=design,
        coefficients=solved[1:],
        intercept=float(solved[0]),
        strength=strength,
        signs=signs,
    )


def _signs(design: Design, directions: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return the sign that each column must have; a "was missing" column may have either."""
    signs = np.zeros(len(design.source))
    if directions is not None:
        signs[: len(design.used)] = directions[design.used]
    return signs


def refit(
    model: Linear,
    matrix: NDArray[np.float64],
    outcome: NDArray[np.float64],
    weight: NDArray[np.float64],
    asked: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the log-odds that the model would give if its rows had had other weights.

    Parameters
    ----------
    model : Linear
        Its strength and scales are kept.
    matrix, outcome, weight : ndarray
        Training rows in columns of the model's design, their outcomes and weights.
    asked : ndarray, (n_rows, n_columns)
        Rows to score, in the same columns.
    """
    used = weight > 0
    start = np.r_[model.intercept, model.coefficients]
    solved = _solve(
        matrix[used], outcome[used], model.strength, weight[used], start, signs=model.signs
    )
    return _total(solved, asked)


def _total(solved: NDArray[np.float64], asked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds of some rows."""
    total = np.full(len(asked), solved[0])
    if len(solved) > 1:
        total += asked @ solved[1:]
    return np.asarray(np.round(total, DIGITS))


def _solve(
    matrix: NDArray[np.float64],
    outcome: NDArray[np.float64],
    strength: float,
    weight: NDArray[np.float64] | None = None,
    start: NDArray[np.float64] | None = None,
    *,
    signs: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Minimise ``sum of squared coefficients / 2 + strength * log loss`` under sign constraints.

    Newton steps on the coefficients that may move, projected onto the allowed signs.

    Returns
    -------
    ndarray, (1 + n_columns,)
        The intercept, which is not penalised, then the coefficients; the intercept alone where
        there is one class or no column.

    References
    ----------
    Bertsekas (1982), *SIAM Journal on Control and Optimization* 20, 221-246.
    """
    weights = np.ones(len(outcome)) if weight is None else weight
    rate = (weights @ outcome + 0.5) / (weights.sum() + 1)
    constant = np.log(rate / (1 - rate))
    if not matrix.shape[1] or outcome.min() == outcome.max():
        return np.array([np.round(constant, DIGITS)])
    x = np.column_stack([np.ones(len(matrix)), matrix])
    pull, sign = np.r_[0.0, np.ones(matrix.shape[1])], np.r_[0.0, signs]
    at = np.r_[constant, np.zeros(matrix.shape[1])] if start is None else start

    def objective(point: NDArray[np.float64]) -> float:
        return float(pull @ point**2 / 2 + strength * (weights @ _log_loss(outcome, x @ point)))

    value = objective(at)
    for _ in range(MAX_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ at, -35, 35)))
        gradient = pull * at + strength * (x.T @ (weights * (p - outcome)))
        curvature = strength * (x.T * (weights * p * (1 - p))) @ x + np.diag(pull + 1e-10)
        free = ~((sign != 0) & (at == 0) & (sign * gradient >= 0))
        step = np.zeros_like(at)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        size, before = 1.0, value
        tried = _allowed(at - step, sign)
        while (value := objective(tried)) > before and size > SMALLEST_STEP:
            size /= 2
            tried = _allowed(at - size * step, sign)
        at = tried
        if before - value <= TOLERANCE * max(1.0, abs(value)):
            break
    return np.asarray(np.round(at, DIGITS))


def _allowed(point: NDArray[np.float64], sign: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put coefficients of a forbidden sign to 0."""
    return np.where(sign * point < 0, 0.0, point)


def fit_strength(
    given: NDArray[np.float64],
    outcome: NDArray[np.float64],
    fold: NDArray[np.int64],
    *,
    directions: NDArray[np.float64] | None = None,
) -> float:
    """Choose the strength by log loss on accounts left out; the more cautious one of a tie."""
    losses = np.empty((len(STRENGTHS), len(outcome)))
    for number in np.unique(fold):
        out = fold == number
        design = fit_design(given[~out])
        train, test = design.matrix(given[~out]), design.matrix(given[out])
        signs = _signs(design, directions)
        start = None
        for position, strength in enumerate(STRENGTHS):
            solved = _solve(train, outcome[~out], strength, start=start, signs=signs)
            start = solved if len(solved) > 1 else None
            losses[position, out] = _log_loss(outcome[out], _total(solved, test))
    return STRENGTHS[int(np.argmin(np.round(losses.mean(axis=1), DIGITS)))]


def _log_loss(outcome: NDArray[np.float64], logit: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.logaddexp(0.0, logit) - outcome * logit)


def fit_sigmoid(logit: NDArray[np.float64], outcome: NDArray[np.float64]) -> Sigmoid:
    """Fit slope and shift by maximum likelihood on rows the model has not learnt from.

    Outcomes are softened as if one further account of each kind had been seen, so that no
    probability becomes 0 or 1. A negative slope (the model ranks the wrong way round) is set
    to 0: everybody then gets the base rate.

    References
    ----------
    J. Platt (1999), *Probabilistic outputs for support vector machines*; Newton steps of
    Lin, Lin, Weng (2007), *Machine Learning* 68, 267-276.
    """
    positives, negatives = outcome.sum(), (1 - outcome).sum()
    target = np.where(outcome > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    x = np.column_stack([logit, np.ones_like(logit)])
    weights = np.array([1.0, 0.0])
    loss = _log_loss(target, x @ weights).sum()
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -35, 35)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, x.T @ (p - target))
        for halving in range(30):
            tried = weights - step * 0.5**halving
            new_loss = _log_loss(target, x @ tried).sum()
            if new_loss <= loss:
                break
        done = loss - new_loss < 1e-10
        weights, loss = (tried, new_loss) if new_loss <= loss else (weights, loss)
        if done:
            break
    if weights[0] <= 0 or not np.isfinite(weights).all():
        rate = float(target.mean())
        return Sigmoid(slope=0.0, shift=round(float(np.log(rate / (1 - rate))), DIGITS))
    return Sigmoid(slope=round(float(weights[0]), DIGITS), shift=round(float(weights[1]), DIGITS))
