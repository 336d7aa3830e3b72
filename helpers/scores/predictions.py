"""The table of predictions: what is expected of each account, how sure, and why.

A probability is never shown without its interval: accounts are drawn with replacement, the
model is fitted again on each draw, and the middle 90 % of what the draws say of an account is
its interval. It covers what other customers would have taught the model, not what will happen.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import GateError
from helpers.scores.backtest import Fitted, one_thread
from helpers.scores.drivers import contribution_table, driver_lists
from helpers.scores.evaluate import draw_accounts
from helpers.scores.logistic import refit
from helpers.scores.panel import Panel
from helpers.scores.scale import CHURN_DIRECTION, churn_band, churn_score, round_half_up
from helpers.scores.study import Study

__all__ = ["check_probabilities", "predict", "probability_interval", "score_history"]

COLUMNS = (
    "account_id",
    "as_of",
    "churn_probability",
    "probability_low",
    "probability_high",
    "churn_score",
    "churn_band",
    "drivers",
    "direction",
    "reason",
)
N_REFITS = 60
LEVEL = 0.90


def predict(
    study: Study, *, n_refits: int = N_REFITS, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score the live accounts of the newest date.

    Parameters
    ----------
    study : Study
        Of churn.
    n_refits : int
        Draws behind the interval of a probability.
    seed : int
        Of the draws.

    Returns
    -------
    predictions : DataFrame
        ``account_id, as_of, churn_probability, probability_low, probability_high`` (90 %),
        ``churn_score`` (whole number 0 to 100, higher = more likely to churn), ``churn_band,
        drivers`` (list of at most three texts), ``direction, reason``; highest probability
        first. Without signal all but the reason and the empty drivers are missing.
    contributions : DataFrame
        Every contribution to every score, in the order of the predictions; empty without
        signal.

    Raises
    ------
    GateError
        If a probability is missing or lies outside 0 to 1.
    """
    panel, fitted = study.panel, study.fitted
    here = panel.at(panel.newest) if len(panel.rows) else np.zeros(0, dtype=bool)
    table = panel.rows.loc[here, ["account_id", "as_of"]].reset_index(drop=True)
    if fitted is None:
        return _unscored(table, study.signal.reason), contribution_columns()
    given = panel.signals[here]
    check_probabilities(fitted.probability(given))
    probability, low, high = probability_interval(fitted, panel, here, n_refits=n_refits, seed=seed)
    contributions = contribution_table(
        fitted.linear,
        panel.inputs,
        table["account_id"],
        panel.recorded[here].reset_index(drop=True),
        given,
        slope=fitted.sigmoid.slope,
    )
    score = round_half_up(churn_score(probability, base_rate=fitted.base_rate))
    table = table.assign(
        churn_probability=probability,
        probability_low=low,
        probability_high=high,
        churn_score=pd.Series(score).astype("Int64").array,
        churn_band=churn_band(score).to_numpy(),
        drivers=driver_lists(contributions, table["account_id"]),
        direction=CHURN_DIRECTION,
        reason="",
    )
    order = ["churn_probability", "account_id"]
    table = table.sort_values(order, ascending=[False, True], ignore_index=True)
    place = pd.Series(table.index, index=table["account_id"])
    ranked = contributions.iloc[contributions["account_id"].map(place).argsort(kind="stable")]
    return table[list(COLUMNS)], ranked.reset_index(drop=True)


def contribution_columns() -> pd.DataFrame:
    """Return an empty table of contributions."""
    names = ["account_id", "theme", "contribution", "feature", "value", "driver"]
    return pd.DataFrame(columns=names)


def _unscored(table: pd.DataFrame, reason: str) -> pd.DataFrame:
    table = table.assign(
        churn_probability=np.nan,
        probability_low=np.nan,
        probability_high=np.nan,
        churn_score=pd.Series(np.nan, index=table.index).astype("Int64"),
        churn_band=pd.Series([None] * len(table), index=table.index, dtype="str"),
        drivers=pd.Series([[] for _ in range(len(table))], index=table.index, dtype="object"),
        direction=CHURN_DIRECTION,
        reason=reason,
    )
    return table.sort_values("account_id", ignore_index=True)[list(COLUMNS)]


def check_probabilities(probability: NDArray[np.float64]) -> None:
    """Stop before a broken model is published.

    Raises
    ------
    GateError
        If a probability is missing, lies outside 0 to 1, or (with ten accounts or more) all of
        them are equal.
    """
    missing = int(np.isnan(probability).sum())
    outside = int(((probability < 0) | (probability > 1)).sum())
    if missing or outside:
        raise GateError(
            f"churn probabilities: expected numbers from 0 to 1, got {missing} missing and "
            f"{outside} outside of {len(probability)}. Nothing is published; this is a defect of "
            "the model, please report it with the run's manifest."
        )
    if len(probability) >= 10 and probability.min() == probability.max():
        raise GateError(
            f"churn probabilities: all {len(probability)} accounts got {probability[0]:.3f}. "
            "Expected a spread; check that the feature table of 02 varies between accounts."
        )


def probability_interval(
    fitted: Fitted, panel: Panel, here: NDArray[np.bool_], *, n_refits: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return each account's probability with its 90 % interval over models of drawn accounts.

    Parameters
    ----------
    fitted : Fitted
        The model that scores.
    panel : Panel
        Its rows.
    here : ndarray of bool
        Rows to score.
    n_refits, seed : int
        Draws of accounts.

    Returns
    -------
    probability, low, high : ndarray
        Rounded to six digits; the interval holds the probability.
    """
    known = panel.known_at(panel.newest)
    weights = draw_accounts(panel.rows.loc[known, "account_id"], n_draws=n_refits, seed=seed)
    matrix = fitted.linear.design.matrix(panel.signals[known])
    asked = fitted.linear.design.matrix(panel.signals[here])
    with one_thread():
        logits = [
            refit(fitted.linear, matrix, panel.outcome[known], weight, asked) for weight in weights
        ]
    drawn = fitted.sigmoid.probability(np.vstack(logits))
    tail = (1 - LEVEL) / 2
    low, high = np.round(np.quantile(drawn, [tail, 1 - tail], axis=0), 6)
    probability = np.round(fitted.probability(panel.signals[here]), 6)
    return probability, np.minimum(low, probability), np.maximum(high, probability)


def score_history(study: Study) -> pd.DataFrame:
    """Return what each account would have been scored at each earlier date, and what followed.

    Returns
    -------
    DataFrame
        ``account_id, as_of, churn_probability, churn_score, churn_band, churned`` (missing
        while it is not known), from models that knew nothing later and never saw the account.
        Empty without signal.
    """
    columns = ["account_id", "as_of", "churn_probability", "churn_score", "churn_band", "churned"]
    if study.tested is None or study.fitted is None:
        return pd.DataFrame(columns=columns)
    rows = study.tested.rows
    rows = rows[rows["probability"].notna() & (rows["as_of"] < study.panel.newest)]
    tables = []
    for _, there in rows.groupby("as_of", sort=True):
        rate = float(there["base_rate"].iloc[0])
        score = round_half_up(churn_score(there["probability"], base_rate=rate))
        tables.append(
            there[["account_id", "as_of"]].assign(
                churn_probability=there["probability"].round(6),
                churn_score=pd.Series(score).astype("Int64").array,
                churn_band=churn_band(score).to_numpy(),
                churned=there["outcome"].map({1.0: True, 0.0: False}).astype("boolean"),
            )
        )
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns]
