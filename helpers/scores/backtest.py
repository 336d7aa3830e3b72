"""Score every date as it would have been scored on that day.

For a date ``t`` a model learns from the rows whose outcome windows had ended by ``t``, and an
account at ``t`` is scored by a model that has never seen that account (five folds of accounts).
The curve from score to probability is fitted on the later of the training dates, again on
accounts the model had not seen. So neither the calendar nor the identity of an account leaks:
shuffled outcomes give an area under the curve of one half.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.logistic import Linear, Sigmoid, fit_linear, fit_sigmoid, fit_strength
from helpers.scores.panel import N_FOLDS, Panel

__all__ = [
    "Backtest",
    "Fitted",
    "Learner",
    "backtest",
    "crossfit",
    "fit_final",
    "linear_learner",
    "one_thread",
]

MIN_POSITIVES = 15
"""Fewer known outcomes of the rarer kind before a date: the date is not scored."""
CALIBRATION_POSITIVES = 15
"""The later training dates are taken until so many outcomes are among them."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep small matrices on one processor: threads would spend their time waiting."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        yield


Scorer = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Fit = Callable[[NDArray[np.float64], NDArray[np.float64]], Scorer]
Learner = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]], Fit]
"""Takes all rows known at a date with outcomes and folds, settles what is to be settled once (the
strength of the penalty), and returns what fits rows and outcomes and gives log-odds to others."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A model and its curve, with what they were learnt from."""

    linear: Linear
    sigmoid: Sigmoid
    base_rate: float
    n_rows: int
    n_positive: int
    first_as_of: pd.Timestamp
    last_as_of: pd.Timestamp

    def probability(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities for rows of :func:`helpers.scores.design.signals`."""
        return self.sigmoid.probability(self.linear.logit(given))


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Scores of one model at every date that could be scored.

    Parameters
    ----------
    rows : DataFrame
        ``account_id, as_of, outcome, known_on, fold, score`` (log-odds, NaN where the date had
        too little before it), ``probability``, ``base_rate`` (of the training rows).
    dates : DataFrame
        One row a date: ``as_of, n_accounts, n_train, n_train_positive, n_train_dates, scored,
        reason``.
    """

    rows: pd.DataFrame
    dates: pd.DataFrame


def linear_learner(
    strength: float | None = None, directions: NDArray[np.float64] | None = None
) -> Learner:
    """Return the learner of the churn model.

    Without a strength, the one that serves accounts left out best is taken at each date.
    ``directions`` are those of the panel, or None for any.
    """

    def settle(
        given: NDArray[np.float64], outcome: NDArray[np.float64], fold: NDArray[np.int64]
    ) -> Fit:
        chosen = strength
        if chosen is None:
            chosen = fit_strength(given, outcome, fold, directions=directions)

        def fit(rows: NDArray[np.float64], labels: NDArray[np.float64]) -> Scorer:
            return fit_linear(rows, labels, strength=chosen, directions=directions).logit

        return fit

    return settle


def backtest(
    panel: Panel,
    *,
    learner: Learner | None = None,
    given: NDArray[np.float64] | None = None,
    as_ofs: Sequence[pd.Timestamp] | None = None,
) -> Backtest:
    """Score every date with what was known then.

    Parameters
    ----------
    panel : Panel
        Rows, inputs and outcomes.
    learner : Learner, optional
        Default: the regularised logistic regression, each input in its direction.
    given : ndarray, (n_rows, n_inputs), optional
        Other inputs than the panel's own, row by row.
    as_ofs : sequence of Timestamp, optional
        Dates to score; default: all.
    """
    learner = learner or linear_learner(directions=panel.directions)
    x = panel.signals if given is None else given
    rows = panel.rows.assign(score=np.nan, probability=np.nan, base_rate=np.nan)
    told = []
    for as_of in panel.as_ofs if as_ofs is None else as_ofs:
        here, known = panel.at(as_of), panel.known_at(as_of)
        reason = _too_little(panel.outcome[known])
        if not reason:
            with one_thread():
                scores, probability = crossfit(panel, x, learner, known, here)
            rows.loc[here, "score"] = scores
            rows.loc[here, "probability"] = probability
            rows.loc[here, "base_rate"] = float(panel.outcome[known].mean())
        told.append(_told(panel, as_of, here, known, reason))
    return Backtest(rows=rows, dates=pd.DataFrame(told))


def crossfit(
    panel: Panel,
    x: NDArray[np.float64],
    learner: Learner,
    known: NDArray[np.bool_],
    here: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score the rows ``here`` by models that learnt from the ``known`` rows of other accounts.

    The five models are brought to one level: the model of a fold that holds many churned
    accounts has seen fewer of them, and without this it would rank its own accounts too low.

    Returns
    -------
    score, probability : ndarray
        Log-odds, and what the curve makes of them.
    """
    fold, outcome = panel.rows["fold"].to_numpy(), panel.outcome
    fit = learner(x[known], outcome[known], fold[known])
    scores = np.full(len(outcome), np.nan)
    levels = np.full(len(outcome), np.nan)
    for number in range(N_FOLDS):
        train, out = known & (fold != number), (known | here) & (fold == number)
        if out.any():
            scorer = fit(x[train], outcome[train])
            scores[out], levels[out] = scorer(x[out]), scorer(x[train]).mean()
    scores = scores - levels + np.nanmean(levels)
    curve = _curve(panel, scores, known)
    return scores[here], curve.probability(scores[here])


def fit_final(panel: Panel, as_of: pd.Timestamp) -> Fitted:
    """Fit the model that scores the accounts of ``as_of`` now, on every known outcome.

    The curve comes from accounts left out, as in the back-test.
    """
    with one_thread():
        return _fit_final(panel, as_of)


def _fit_final(panel: Panel, as_of: pd.Timestamp) -> Fitted:
    known = panel.known_at(as_of)
    x, outcome, fold = panel.signals, panel.outcome, panel.rows["fold"].to_numpy()
    how = {"directions": panel.directions}
    strength = fit_strength(x[known], outcome[known], fold[known], **how)
    scores = np.full(len(outcome), np.nan)
    for number in range(N_FOLDS):
        train, out = known & (fold != number), known & (fold == number)
        if out.any():
            model = fit_linear(x[train], outcome[train], strength=strength, **how)
            scores[out] = model.logit(x[out])
    dates = panel.rows.loc[known, "as_of"]
    return Fitted(
        linear=fit_linear(x[known], outcome[known], strength=strength, **how),
        sigmoid=_curve(panel, scores, known),
        base_rate=float(outcome[known].mean()),
        n_rows=int(known.sum()),
        n_positive=int(outcome[known].sum()),
        first_as_of=dates.min(),
        last_as_of=dates.max(),
    )


def _curve(panel: Panel, scores: NDArray[np.float64], known: NDArray[np.bool_]) -> Sigmoid:
    """Fit the curve on the later training dates, at least a third of them."""
    dates = sorted(panel.rows.loc[known, "as_of"].unique(), reverse=True)
    later = np.zeros(len(known), dtype=bool)
    for number, date in enumerate(dates, start=1):
        later |= known & panel.at(pd.Timestamp(date))
        few = min(panel.outcome[later].sum(), (1 - panel.outcome[later]).sum())
        if 3 * number >= len(dates) and few >= CALIBRATION_POSITIVES:
            break
    return fit_sigmoid(scores[later], panel.outcome[later])


def _too_little(outcome: NDArray[np.float64]) -> str:
    rarer = int(min(outcome.sum(), (1 - outcome).sum())) if len(outcome) else 0
    if rarer >= MIN_POSITIVES:
        return ""
    return f"{rarer} known outcomes of the rarer kind before it, needs {MIN_POSITIVES}"


def _told(
    panel: Panel,
    as_of: pd.Timestamp,
    here: NDArray[np.bool_],
    known: NDArray[np.bool_],
    reason: str,
) -> dict[str, object]:
    return {
        "as_of": as_of,
        "n_accounts": int(here.sum()),
        "n_train": int(known.sum()),
        "n_train_positive": int(panel.outcome[known].sum()),
        "n_train_dates": int(panel.rows.loc[known, "as_of"].nunique()),
        "scored": not reason,
        "reason": reason,
    }
