from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers.scores import disagreement
from helpers.scores.disagreement import disagreement_table, past_disagreement

DAY = pd.Timestamp("2026-07-01")


@pytest.fixture
def parts():
    accounts = ["a", "b", "c", "d"]
    predictions = pd.DataFrame(
        {"account_id": accounts, "as_of": DAY, "churn_score": pd.array([80, 10, 30, None])}
    )
    health = pd.DataFrame(
        {"account_id": accounts, "as_of": DAY, "health_score": [75.0, 30.0, 40.0, np.nan]}
    )
    features = pd.DataFrame(
        {
            "account_id": accounts,
            "as_of": DAY,
            "overdue__n": [0.0, 1.0, 0.0, np.nan],
            "seats__change_90d": [0.1, 0.0, np.nan, np.nan],
            "mrr": [100.0, 900.0, 50.0, 10.0],
        }
    )
    feedback = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "c", "d"],
            "as_of": [DAY - pd.Timedelta(days=n) for n in (60, 10, 120, 20, 5)],
            "item": ["score:churn", "alert:sudden_drop", "score:churn", "segment:power_users", "x"],
            "verdict": ["confirmed", "false_positive", "confirmed", "confirmed", "confirmed"],
        }
    )
    return predictions, health, features, feedback


def test_views_by_hand(parts):
    table = disagreement_table(*parts).set_index("account_id")

    assert table.index.tolist() == ["b", "a"]  # two against two; then one against three, by revenue
    assert table.loc["a", ["health", "churn", "money", "manager"]].tolist() == [
        *("calm", "worried", "calm", "calm")
    ]
    assert table.loc["b", ["health", "churn", "money"]].tolist() == ["worried", "calm", "worried"]
    assert pd.isna(table.loc["b", "manager"])  # a verdict of four months ago says nothing today
    assert table.loc["a", "reading"] == "worried: churn; calm: health, money, manager"
    assert table.loc["b", ["n_worried", "n_calm"]].tolist() == [2, 1]


def test_without_feedback_or_scores_the_other_views_are_compared(parts):
    predictions, health, features, _ = parts
    blind = predictions.assign(churn_score=pd.array([None] * 4, dtype="Int64"))

    table = disagreement_table(blind, health, features, None)

    assert table["churn"].isna().all()
    assert table["manager"].isna().all()
    assert table.empty  # health and money agree on every account here


def test_a_verdict_of_tomorrow_is_not_known(parts):
    predictions, health, features, feedback = parts
    later = feedback.assign(as_of=DAY, verdict="confirmed", item="score:churn")

    table = disagreement_table(predictions, health, features, later)

    assert table["manager"].isna().all()


def test_what_followed_when_they_parted_by_hand(monkeypatch):
    history = pd.DataFrame(
        {
            "account_id": list("abcd") * 2,
            "as_of": [DAY] * 4 + [DAY - pd.Timedelta(days=30)] * 4,
            "churn_score": [80, 80, 10, 10] * 2,
            "churned": pd.array([True, False, False, None] * 2, dtype="boolean"),
        }
    )
    health = history[["account_id", "as_of"]].assign(health_score=[80.0, 30.0, 80.0, 30.0] * 2)
    monkeypatch.setattr(disagreement, "score_history", lambda _: history)

    table = past_disagreement(SimpleNamespace(), health).set_index(["health", "churn"])

    assert table.loc[("calm", "worried"), ["n", "n_churned"]].tolist() == [2, 2]
    assert table.loc[("worried", "worried"), ["n", "n_churned"]].tolist() == [2, 0]
    assert table.loc[("calm", "calm"), "share"] == 0
    assert ("worried", "calm") not in table.index  # its outcome is not known
    assert (table["low"] <= table["share"]).all()
    monkeypatch.setattr(disagreement, "score_history", lambda _: history.iloc[:0])
    assert past_disagreement(SimpleNamespace(), health).empty
