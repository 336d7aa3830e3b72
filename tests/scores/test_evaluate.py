import numpy as np
import pandas as pd
import pytest

from helpers.scores.backtest import backtest
from helpers.scores.evaluate import (
    BASE_RATE,
    METRICS,
    Judged,
    dates_to_judge,
    draw_accounts,
    evaluate,
    judged_rows,
)
from helpers.scores.inputs import CHURN_INPUTS
from helpers.scores.metrics import rank
from helpers.scores.panel import build_panel
from tests.scores.made import make_tables

DAY = pd.Timestamp("2026-04-02")


def by_hand(scores, outcome, accounts=None, dates=None):
    n = len(outcome)
    rows = pd.DataFrame(
        {
            "account_id": accounts or [f"a{i}" for i in range(n)],
            "as_of": dates or [DAY] * n,
            "outcome": outcome,
            "age_days": np.arange(n),
        }
    )
    scores = {name: np.array(values, float) for name, values in scores.items()}
    chances = {name: np.full(n, 0.25) for name in scores}
    return Judged(rows=rows, scores=scores, probabilities=chances, split="time")


@pytest.fixture(scope="module")
def judged():
    panel = build_panel(*make_tables(320), inputs=CHURN_INPUTS)
    tested = backtest(panel)
    login = panel.recorded["days_since_last_login"]
    return judged_rows(
        panel,
        {"model": tested},
        {"login": login, "constant": login * 0},
        dates=dates_to_judge(tested),
        split="time",
    )


def test_one_row_a_model_and_metric_with_its_interval(judged):
    table = evaluate(judged, k=20, n_draws=100)

    assert list(table.columns[:6]) == ["model", "metric", "value", "low", "high", "split"]
    assert len(table) == 4 * len(METRICS)
    assert table["split"].eq("time").all()
    real = table[table["model"] == "model"]
    assert (real["low"] <= real["value"]).all()
    assert (real["value"] <= real["high"]).all()
    assert (real["low"] < real["high"]).all()


def test_the_base_rate_ranks_nothing(judged):
    table = evaluate(judged, k=20, n_draws=20).set_index(["model", "metric"])["value"]
    rate = judged.rows["outcome"].mean()

    for model in (BASE_RATE, "constant"):
        assert table[model, "roc_auc"] == pytest.approx(0.5)
        assert table[model, "lift_at_k"] == pytest.approx(1)
        assert table[model, "average_precision"] == pytest.approx(rate, rel=0.3)
    assert table["model", "roc_auc"] > 0.6
    assert table["model", "log_loss"] < table[BASE_RATE, "log_loss"]


def test_values_by_hand():
    judged = by_hand({"m": [4, 3, 2, 1]}, [1, 0, 1, 0])

    table = evaluate(judged, k=2, n_draws=10).set_index("metric")["value"]

    assert table["roc_auc"] == pytest.approx(0.75)
    assert table["average_precision"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-6)
    assert table["precision_at_k"] == pytest.approx(0.5)
    assert table["capture_at_k"] == pytest.approx(0.5)
    assert table["lift_at_k"] == pytest.approx(1.0)
    assert table["brier"] == pytest.approx((2 * 0.75**2 + 2 * 0.25**2) / 4)


def test_dates_are_ranked_by_themselves():
    """A date on which everybody scores higher does not push out the other date's best."""
    later = DAY + pd.Timedelta(days=30)
    judged = by_hand(
        {"m": [0.2, 0.1, 0.9, 0.8]},
        [1, 0, 1, 0],
        accounts=["a", "b", "a", "b"],
        dates=[DAY, DAY, later, later],
    )

    table = evaluate(judged, k=1, n_draws=10).set_index("metric")["value"]

    assert table["roc_auc"] == 1
    assert table["capture_at_k"] == 1


def test_whole_accounts_are_drawn():
    accounts = pd.Series(["b", "a", "b", "c"])

    drawn = draw_accounts(accounts, n_draws=300, seed=1)

    assert (drawn[:, 0] == drawn[:, 2]).all()
    per_account = drawn[:, [0, 1, 3]]
    assert (per_account.sum(axis=1) == 3).all()
    assert per_account.mean(axis=0) == pytest.approx([1, 1, 1], abs=0.15)
    assert draw_accounts(accounts.iloc[:0], n_draws=3, seed=1).shape == (3, 0)


def test_intervals_are_wider_where_rows_belong_together():
    rng = np.random.default_rng(3)
    outcome = (rng.random(60) < 0.4).astype(float)
    score = outcome + rng.normal(0, 1.2, 60)
    apart = by_hand({"m": score}, outcome)
    together = by_hand(
        {"m": np.tile(score, 3)},
        np.tile(outcome, 3),
        accounts=[f"a{i}" for i in range(60)] * 3,
        dates=[DAY + pd.Timedelta(days=d) for d in (0, 30, 60) for _ in range(60)],
    )

    widths = [
        float(np.diff(evaluate(j, k=10).set_index("metric").loc["roc_auc", ["low", "high"]])[0])
        for j in (apart, together)
    ]

    assert widths[1] == pytest.approx(widths[0], rel=0.05)  # three copies add nothing


def test_a_missing_baseline_value_counts_as_the_middle_of_its_date():
    panel = build_panel(*make_tables(320), inputs=CHURN_INPUTS)
    tested = backtest(panel)
    values = panel.recorded["days_since_last_login"].copy()
    dates = dates_to_judge(tested)
    here = panel.at(dates[0])
    values[here & (np.arange(len(values)) % 3 == 0)] = np.nan

    judged = judged_rows(panel, {"m": tested}, {"login": values}, dates=dates[:1], split="time")

    middle = values[here].median()
    assert np.isfinite(judged.scores["login"]).all()
    assert (judged.scores["login"] == middle).sum() >= len(judged.rows) // 3
    assert rank(judged.rows["outcome"], judged.scores["login"])["roc_auc"] > 0.5
    assert judged.probabilities["login"].min() > 0
