"""Is the model better than what the team has: health score, last login, or nothing?

All models are judged on the same accounts and dates, with intervals from drawing whole accounts.
Split ``time`` is the newest dates with a known outcome (as many as give 20 outcomes of the rarer
kind), ``rolling`` every date that could be scored. On several dates a measure is taken on each
and averaged by the number of accounts that churned: ranking is done on one day, among those there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.backtest import Backtest
from helpers.scores.logistic import fit_sigmoid
from helpers.scores.metrics import PROBABILITY_METRICS, RANKING_METRICS, chance, ranking
from helpers.scores.panel import Panel

__all__ = [
    "BASE_RATE",
    "METRICS",
    "Judged",
    "dates_to_judge",
    "draw_accounts",
    "evaluate",
    "judged_rows",
    "measure",
]

METRICS = (*RANKING_METRICS, *PROBABILITY_METRICS)
MIN_TEST = 20
BASE_RATE = "base rate"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Accounts and dates with a known outcome, and what each model said of them then.

    Parameters
    ----------
    rows : DataFrame
        ``account_id, as_of, outcome, age_days``.
    scores : dict of str to ndarray
        Model to its ranking, higher = more likely.
    probabilities : dict of str to ndarray
        Model to its probability.
    split : str
        Name of this choice of dates.
    """

    rows: pd.DataFrame
    scores: dict[str, NDArray[np.float64]]
    probabilities: dict[str, NDArray[np.float64]]
    split: str


def dates_to_judge(tested: Backtest) -> list[pd.Timestamp]:
    """Return the newest scored dates that hold 20 outcomes of the rarer kind together."""
    rows = tested.rows[tested.rows["outcome"].notna() & tested.rows["score"].notna()]
    chosen: list[pd.Timestamp] = []
    for date in sorted(rows["as_of"].unique(), reverse=True):
        chosen.append(pd.Timestamp(date))
        outcome = rows.loc[rows["as_of"].isin(chosen), "outcome"]
        if min(outcome.sum(), (1 - outcome).sum()) >= MIN_TEST:
            break
    return chosen


def judged_rows(
    panel: Panel,
    tested: Mapping[str, Backtest],
    baselines: Mapping[str, pd.Series],
    *,
    dates: list[pd.Timestamp],
    split: str,
) -> Judged:
    """Line up every model on the same rows.

    Parameters
    ----------
    panel : Panel
        Rows and outcomes.
    tested : mapping of model to Backtest
        Of the same panel.
    baselines : mapping of name to Series
        One value a row of the panel; higher should mean more likely to churn. Missing values
        are taken as the median of the date. Their probabilities come from a curve fitted on
        the rows whose outcome was known at each date.
    dates : list of Timestamp
        Dates to judge; rows without an outcome or a score of some model are left out.
    split : str
        How to call them.
    """
    scored = np.logical_and.reduce([t.rows["score"].notna().to_numpy() for t in tested.values()])
    keep = panel.labelled() & panel.rows["as_of"].isin(dates).to_numpy() & scored
    scores = {name: t.rows["score"].to_numpy(float)[keep] for name, t in tested.items()}
    chances = {name: t.rows["probability"].to_numpy(float)[keep] for name, t in tested.items()}
    for name, values in baselines.items():
        filled = _filled(panel, values)
        scores[name] = filled[keep]
        chances[name] = _by_curve(panel, filled, dates)[keep]
    rate = next(iter(tested.values())).rows["base_rate"].to_numpy(float)[keep]
    scores[BASE_RATE], chances[BASE_RATE] = np.zeros(int(keep.sum())), rate
    kept = ["account_id", "as_of", "outcome", "age_days"]
    rows = panel.rows.loc[keep, kept].reset_index(drop=True)
    return Judged(rows=rows, scores=scores, probabilities=chances, split=split)


def _filled(panel: Panel, values: pd.Series) -> NDArray[np.float64]:
    median = values.groupby(panel.rows["as_of"].to_numpy()).transform("median")
    return values.fillna(median).fillna(0.0).to_numpy(float)


def _by_curve(
    panel: Panel, values: NDArray[np.float64], dates: list[pd.Timestamp]
) -> NDArray[np.float64]:
    """Turn a ranking into probabilities: its place on the date, and what that meant before."""
    ranks = pd.Series(values).groupby(panel.rows["as_of"].to_numpy()).rank(pct=True)
    place: NDArray[np.float64] = np.asarray(ranks, dtype=np.float64)
    found = np.full(len(values), np.nan)
    for date in dates:
        known, here = panel.known_at(date), panel.at(date)
        curve = fit_sigmoid(place[known], panel.outcome[known])
        found[here] = curve.probability(place[here])
    return found


def evaluate(judged: Judged, *, k: int, n_draws: int = 500, seed: int = 0) -> pd.DataFrame:
    """Measure every model on the judged rows, with 95 % intervals.

    Parameters
    ----------
    judged : Judged
        From :func:`judged_rows`.
    k : int
        Accounts the team can call at one date.
    n_draws : int
        Bootstrap draws of whole accounts; the same draws for every model.
    seed : int
        Of the draws.

    Returns
    -------
    DataFrame
        ``model, metric, value, low, high, split, n, n_positive, k``; one row a model and metric.
    """
    outcome = judged.rows["outcome"].to_numpy(float)
    drawn = draw_accounts(judged.rows["account_id"], n_draws=n_draws, seed=seed)
    weights = np.vstack([np.ones((1, len(outcome))), drawn])
    tables = []
    for model, score in judged.scores.items():
        found = measure(judged, score, judged.probabilities[model], weights * outcome, weights, k=k)
        spread = found.iloc[1:]
        tables.append(
            pd.DataFrame(
                {
                    "model": model,
                    "metric": list(METRICS),
                    "value": found.iloc[0].to_numpy(),
                    "low": spread.quantile(0.025).to_numpy(),
                    "high": spread.quantile(0.975).to_numpy(),
                }
            )
        )
    table = pd.concat(tables, ignore_index=True)
    table[["value", "low", "high"]] = table[["value", "low", "high"]].round(6)
    return table.assign(split=judged.split, n=len(outcome), n_positive=int(outcome.sum()), k=k)


def draw_accounts(accounts: pd.Series, *, n_draws: int, seed: int) -> NDArray[np.float64]:
    """Draw accounts with replacement; return how often each row is in each draw.

    Rows of one account are not independent, so an account comes with all its rows or not at
    all. Accounts are numbered in the order in which they appear.
    """
    codes, names = pd.factorize(accounts)
    if not len(names):
        return np.zeros((n_draws, 0))
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=n_draws)
    return np.asarray(counts[:, codes], dtype=float)


def measure(
    judged: Judged,
    score: NDArray[np.float64],
    probability: NDArray[np.float64],
    positives: NDArray[np.float64],
    total: NDArray[np.float64],
    *,
    k: int,
) -> pd.DataFrame:
    """Measure one model in many samples: one row a sample, one column a metric.

    On several dates each measure is the mean over dates; rankings are weighted by the positives
    of a date and probabilities by its rows.
    """
    sums = {name: np.zeros(len(total)) for name in METRICS}
    counts = {name: np.zeros(len(total)) for name in METRICS}
    dates = judged.rows["as_of"].to_numpy()
    for date in np.unique(dates):
        here = dates == date
        hits, everybody = positives[:, here], total[:, here]
        found = ranking(score[here], hits, everybody, k=k)
        by = {name: hits.sum(axis=1) for name in found}
        found |= chance(probability[here], hits, everybody)
        by |= {name: everybody.sum(axis=1) for name in PROBABILITY_METRICS}
        for name in METRICS:
            usable = np.isfinite(found[name]) & (by[name] > 0)
            sums[name] += np.where(usable, found[name] * by[name], 0.0)
            counts[name] += np.where(usable, by[name], 0.0)
    return pd.DataFrame(
        {name: sums[name] / np.where(counts[name] > 0, counts[name], np.nan) for name in METRICS}
    )
