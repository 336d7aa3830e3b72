"""What the tone of tickets adds to the churn model."""

import numpy as np
import pandas as pd

from helpers.artifacts import Run
from helpers.features.sentiment import sentiment
from helpers.scores.backtest import backtest
from helpers.scores.beside import with_tickets_beside
from helpers.scores.inputs import CHURN_INPUTS
from helpers.scores.metrics import chance, ranking
from helpers.scores.panel import build_panel
from helpers.scores.readings import predictive_columns

__all__ = ["auc_by_date", "tone_gain"]


def auc_by_date(rows: pd.DataFrame, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Measure on each date and average by departures, as the evaluation does."""
    outcome, dates = rows["churned"].astype(float).to_numpy(), rows["as_of"].to_numpy()
    total, mass = np.zeros(len(weights)), np.zeros(len(weights))
    for date in np.unique(dates):
        here = dates == date
        hits = weights[:, here] * outcome[here]
        auc = ranking(score[here], hits, weights[:, here], k=1)["roc_auc"]
        usable = np.isfinite(auc)
        total += np.where(usable, auc * hits.sum(axis=1), 0.0)
        mass += np.where(usable, hits.sum(axis=1), 0.0)
    return total / np.where(mass > 0, mass, np.nan)


def tone_gain(seed: int, run: Run) -> None:
    """Fit the churn model again with today's reading of tickets, and with none."""
    if not run.has("01_data_audit", "tickets"):
        return
    features, labels, dictionary = (
        run.read("02_feature_engineering", n) for n in ("features", "labels", "dictionary")
    )
    features["ticket_sentiment__mean_90d"] = _read_again(run, features)
    features, dictionary, more = with_tickets_beside(
        features, dictionary, run.read_optional("02_feature_engineering", "tickets_beside_use")
    )
    allowed = predictive_columns(features, dictionary)
    every, told = (*CHURN_INPUTS, *more), []
    for inputs in (every, [i for i in every if not i.name.startswith("ticket_sent")]):
        tested = backtest(build_panel(features, labels, inputs=inputs, allowed=allowed)).rows
        known = tested[tested["outcome"].notna() & tested["probability"].notna()]
        known = known.rename(columns={"outcome": "churned"}).reset_index(drop=True)
        outcome, ones = known["churned"].to_numpy(float)[None, :], np.ones((1, len(known)))
        auc = auc_by_date(known, known["probability"].to_numpy(float), ones)[0]
        loss = chance(known["probability"].to_numpy(float), outcome, ones)["log_loss"][0]
        told.append(f"{auc:.4f}, {loss:.4f}")
    print(f"  seed {seed}: with {told[0]}; without {told[1]}")


def _read_again(run: Run, features: pd.DataFrame) -> np.ndarray:
    tickets = run.read("01_data_audit", "tickets", ["account_id", "opened_at", "text"])
    tone = [None if pd.isna(text) else sentiment(str(text)) for text in tickets["text"]]
    tickets["tone"] = pd.to_numeric(pd.Series(tone, index=tickets.index), errors="coerce")
    opened = tickets["opened_at"].dt.tz_convert(run.config().company.time_zone).dt.tz_localize(None)
    found = np.full(len(features), np.nan)
    for date in features["as_of"].unique():
        recent = (opened < date) & (opened >= date - pd.Timedelta(days=90))
        means = tickets[recent].groupby("account_id")["tone"].mean()
        here = (features["as_of"] == date).to_numpy()
        found[here] = means.reindex(features.loc[here, "account_id"].to_numpy()).to_numpy(float)
    return found
