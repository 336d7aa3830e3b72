"""A second model, to see whether the plain one leaves something on the table.

Boosted trees see every numeric feature the dictionary allows and may combine them. Nobody is
scored by them: they are here to be beaten. Early stopping is off, since it makes the result
depend on the order of the rows.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.backtest import Learner, Scorer
from helpers.scores.panel import Panel
from helpers.scores.readings import predictive_columns

__all__ = ["tree_inputs", "tree_learner"]

ROUNDS, RATE, LEAVES, MIN_LEAF = 80, 0.06, 7, 25


def tree_inputs(
    panel: Panel, features: pd.DataFrame, dictionary: pd.DataFrame
) -> NDArray[np.float64]:
    """Return every numeric feature that may enter a model, row by row as in the panel."""
    names = [
        name
        for name in predictive_columns(features, dictionary)
        if pd.api.types.is_numeric_dtype(features[name]) and features[name].notna().any()
    ]
    keys = ["account_id", "as_of"]
    rows = panel.rows[keys].merge(
        features[[*keys, *names]], on=keys, how="left", validate="one_to_one"
    )
    return rows[names].astype("float64").to_numpy()


def tree_learner() -> Learner:
    """Return the learner of the challenger: nothing of it is settled by the data."""
    return lambda *_known: _fit


def _fit(given: NDArray[np.float64], outcome: NDArray[np.float64]) -> Scorer:
    if outcome.min() == outcome.max():
        return _constant(outcome)
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    model = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=MIN_LEAF,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    varies = _varies(given)
    if not varies.any():
        return _constant(outcome)
    with threadpool_limits(1):  # threads that wait for each other cost more than they gain here
        model.fit(given[:, varies], outcome)

    def score(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        with threadpool_limits(1):
            return np.round(np.asarray(model.decision_function(rows[:, varies]), float), 9)

    return score


def _varies(given: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which columns have two different known values; others cannot be split."""
    low = np.where(np.isnan(given), np.inf, given).min(axis=0, initial=np.inf)
    high = np.where(np.isnan(given), -np.inf, given).max(axis=0, initial=-np.inf)
    return np.asarray(low < high)


def _constant(outcome: NDArray[np.float64]) -> Scorer:
    rate = (outcome.sum() + 0.5) / (len(outcome) + 1)
    return lambda rows: np.full(len(rows), np.log(rate / (1 - rate)))
