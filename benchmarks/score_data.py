"""Scores on other people's data: FightChurn and its true drivers, Online Retail and BG/NBD."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.bg_nbd import fit_bg_nbd
from helpers.artifacts import Run
from helpers.scores import churn_study, health_scores
from helpers.scores.backtest import linear_learner
from helpers.scores.evaluate import draw_accounts
from helpers.scores.metrics import chance, ranking
from helpers.scores.study import Rival, churn_baselines, study_outcome

__all__ = ["fightchurn", "online_retail"]

METRICS = ("roc_auc", "average_precision", "capture_at_k", "brier")


def _tables(run: Run) -> list[pd.DataFrame]:
    return [run.read("02_feature_engineering", n) for n in ("features", "labels", "dictionary")]


def _print(name: str, values: np.ndarray) -> None:
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    print(f"  {name:<46} {values[0]:.3f} ({low:.3f} to {high:.3f})")


def fightchurn(run: Run, truth: Path, n_draws: int) -> None:
    """Compare the account-months of FightChurn with the drivers that its author wrote down.

    The oracle ranks by the utility of the last 30 days: counts of events times the author's
    weights. It knows neither the account's own rate of acausal churn nor its renewal dates.
    """
    features, labels, dictionary = _tables(run)
    study = churn_study(
        features, labels, dictionary, health_scores(features),
        config=run.config(), challenger=False, n_draws=n_draws,
    )  # fmt: skip
    print(f"FightChurn CRM: {study.signal.reason or 'signal'}")
    if study.tested is None:
        return
    rows = study.tested.rows
    rows = rows[rows["outcome"].notna() & rows["probability"].notna()].reset_index(drop=True)
    utility = _utility(run, truth, rows)
    drawn = draw_accounts(rows["account_id"], n_draws=n_draws, seed=0)
    weights = np.vstack([np.ones((1, len(rows))), drawn])
    hits = weights * rows["outcome"].to_numpy(float)
    n_left, days = int(rows["outcome"].sum()), study.panel.horizon_days
    print(
        f"  {len(rows):,} account-months of {rows['account_id'].nunique()} accounts, "
        f"{n_left} churned within {days} days"
    )
    ours = ranking(rows["probability"].to_numpy(float), hits, weights, k=study.k)["roc_auc"]
    oracle = ranking(-utility, hits, weights, k=study.k)["roc_auc"]
    _print("AUC, churn model", ours)
    _print("AUC, the author's utility of the last 30 days", oracle)
    _print("difference", ours - oracle)
    score = pd.Series(rows["score"].to_numpy(float))
    print(
        f"  rank correlation of score and utility {score.corr(pd.Series(-utility), 'spearman'):.2f}"
    )
    for metric in ("roc_auc", "average_precision"):
        table = study.evaluation[(study.evaluation["metric"] == metric)
                                 & (study.evaluation["split"] == "rolling")]  # fmt: skip
        print(f"  {metric} by date: " + ", ".join(
            f"{row.model} {row.value:.3f} ({row.low:.3f} to {row.high:.3f})"
            for row in table.itertuples()))  # fmt: skip


def _utility(run: Run, truth: Path, rows: pd.DataFrame) -> np.ndarray:
    weights = json.loads(truth.read_text("utf-8"))["utility_true_driver_weights"]
    table = pd.DataFrame({"event": list(weights), "weight": list(weights.values())})
    events = str(run.path("01_data_audit", "events"))
    asked = rows[["account_id", "as_of"]].assign(
        place=np.arange(len(rows)), account_id=rows["account_id"].astype(str)
    )
    with duckdb.connect() as session:
        session.register("asked", asked)
        session.register("weights", table)
        found = session.execute(
            """
            SELECT a.place, SUM(w.weight) AS utility
            FROM asked a JOIN read_parquet(?) e ON e.account_id = a.account_id
              AND e.occurred_at >= a.as_of - INTERVAL 30 DAY AND e.occurred_at < a.as_of
            JOIN weights w ON w.event = e.event
            GROUP BY a.place
            """,
            [events],
        ).df()
    utility = pd.Series(0.0, index=np.arange(len(rows)))
    utility[found["place"].to_numpy()] = found["utility"].to_numpy()
    return utility.to_numpy(float)


RECENCY, BG_NBD = "recency and frequency", "BG/NBD"


def online_retail(run: Run, n_draws: int) -> None:
    """Compare the inactivity model with recency and frequency, and with BG/NBD, on one split."""
    features, labels, dictionary = _tables(run)
    keys = ["account_id", "as_of"]
    bought = _purchases(run, features[keys].drop_duplicates())
    given = features[keys].merge(bought, on=keys, how="left")
    horizon = int(labels["horizon_days"].iloc[0])
    silent = np.full(len(given), np.nan)
    for date in sorted(given["as_of"].unique()):
        here = (given["as_of"] == date).to_numpy() & given["age"].notna().to_numpy()
        mine = given[here]
        model = fit_bg_nbd(mine["repeats"], mine["last"], mine["age"])
        silent[here] = 1 - model.active(mine["repeats"], mine["last"], mine["age"], horizon)
    given["silent"] = silent
    study = _study(run, (features, labels, dictionary), given, n_draws)
    judged = study.judged
    print(f"Online Retail II: {study.signal.reason or 'signal'}")
    if judged is None:
        return
    n_silent = int(judged.rows["outcome"].sum())
    print(f"  newest dates: {len(judged.rows):,} rows, {n_silent:,} silent "
          f"for {horizon} days; k = {study.k}")  # fmt: skip
    table = study.evaluation[study.evaluation["split"] == "time"]
    for metric in METRICS:
        for row in table[table["metric"] == metric].itertuples():
            print(f"  {metric:<18} {row.model:<28} {row.value:.3f} "
                  f"({row.low:.3f} to {row.high:.3f})")  # fmt: skip
    own = judged.rows.merge(given[[*keys, "silent"]], on=keys, how="left")
    outcome = own["outcome"].to_numpy(float)[None, :]
    brier = chance(own["silent"].fillna(own["silent"].mean()).to_numpy(float),
                   outcome, np.ones_like(outcome))["brier"][0]  # fmt: skip
    print(f"  {'brier':<18} {BG_NBD + ', its own probability':<28} {brier:.3f}")


def _study(run, tables, given, n_draws):
    features, labels, dictionary = tables
    keys = ["account_id", "as_of"]
    baselines = churn_baselines(features, health_scores(features))
    baselines[BG_NBD] = given[keys].assign(value=given["silent"].to_numpy())

    def with_rival(rivals):
        return study_outcome(
            features, labels, dictionary, config=run.config(), baselines=baselines,
            challenger=False, rivals=rivals, n_draws=n_draws,
        )  # fmt: skip

    from helpers.scores.inputs import CHURN_INPUTS
    from helpers.scores.panel import build_panel
    from helpers.scores.readings import predictive_columns

    panel = build_panel(
        features, labels, inputs=CHURN_INPUTS, allowed=predictive_columns(features, dictionary)
    )
    rows = panel.rows[keys].merge(given, on=keys, how="left")
    two = np.column_stack(
        [np.log1p(rows["age"] - rows["last"]), np.log1p(rows["repeats"]), np.log1p(rows["age"])]
    )
    return with_rival({RECENCY: Rival(linear_learner(), two)})


def _purchases(run: Run, asked: pd.DataFrame) -> pd.DataFrame:
    """Return repeat days of purchase, day of the last and age, in days since the first purchase."""
    events = str(run.path("01_data_audit", "events"))
    asked = asked.assign(account_id=asked["account_id"].astype(str))
    with duckdb.connect() as session:
        session.register("asked", asked)
        return session.execute(
            """
            WITH days AS (
                SELECT DISTINCT account_id, CAST(occurred_at AS DATE) AS day
                FROM read_parquet(?) WHERE event = 'bought'
            )
            SELECT a.account_id, a.as_of, COUNT(*) - 1 AS repeats,
                   DATE_DIFF('day', MIN(d.day), MAX(d.day)) AS last,
                   DATE_DIFF('day', MIN(d.day), CAST(a.as_of AS DATE)) AS age
            FROM asked a JOIN days d ON d.account_id = a.account_id AND d.day < a.as_of
            GROUP BY a.account_id, a.as_of
            """,
            [events],
        ).df()
