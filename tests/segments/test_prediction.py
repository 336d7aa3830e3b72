import numpy as np
import pandas as pd
import pytest

from helpers.segments import compare_groupings, segment_accounts
from helpers.segments.prediction import log_loss
from helpers.segments.selection import Rule
from tests.segments.frames import AS_OF, make_dictionary, make_features

RISK = {"power": 0.03, "casual": 0.05, "at risk": 0.6, "new": 0.1}


@pytest.fixture(scope="module")
def history():
    """Six dates, 30 days apart; accounts at risk churn, plan and industry say nothing."""
    rng = np.random.default_rng(6)
    parts, labels = [], []
    for step in range(6):
        as_of = AS_OF - pd.Timedelta(days=30 * step)
        rows = make_features(240, seed=20 + step, as_of=as_of)
        churned = rng.random(len(rows)) < pd.Series(rows.index).map(RISK).to_numpy()
        labels.append(
            pd.DataFrame(
                {
                    "account_id": rows["account_id"].to_numpy(),
                    "as_of": as_of,
                    "horizon_days": 60,
                    "churned": pd.array(churned, dtype="boolean"),
                    "censored": step < 2,
                }
            )
        )
        parts.append(rows)
    table = pd.concat(labels, ignore_index=True)
    table.loc[table["censored"], "churned"] = pd.NA
    features = pd.concat(parts, ignore_index=True)
    segmentation = segment_accounts(
        features, make_dictionary(features), seed=1, k_max=4, rule=Rule(n_draws=2, n_chance=1)
    )
    return features, table, segmentation


def compare(features, labels, segmentation, outcome="churned"):
    table = compare_groupings(features, labels, make_dictionary(features), segmentation, seed=1)
    return table[table["outcome"] == outcome]


def test_upgrades_are_judged_as_churn_is(history):  # G-17
    features, labels, segmentation = history
    both = labels.assign(upgraded=labels["churned"])
    table = compare(features, both, segmentation, "upgraded").set_index("grouping")
    churn = compare(features, labels, segmentation).set_index("grouping")
    assert table["gain"].tolist() == pytest.approx(churn["gain"].tolist())
    assert table["n_events"].tolist() == churn["n_churned"].tolist()
    unknown = compare(features, labels, segmentation, "upgraded")
    assert unknown["reason"].tolist() == [
        "no date has 5 upgraded accounts and as many on dates known by then"
    ]


def test_segments_beat_plan_and_industry_where_behaviour_decides(history):  # G-17
    table = compare(*history).set_index("grouping")
    assert table.loc["segment", "low"] > 0
    assert table.loc["segment", "gain"] > 3 * abs(table.loc["plan", "gain"])
    assert table.loc["plan", "low"] <= 0
    assert table.loc["industry", "low"] <= 0
    assert {"lifecycle stage", "engagement level", "size"} <= set(table.index)


def test_shuffled_outcomes_are_forecast_by_nothing(history):
    features, labels, segmentation = history
    known = ~labels["censored"]
    shuffled = labels.copy()
    shuffled.loc[known, "churned"] = (
        labels.loc[known, "churned"].sample(frac=1, random_state=3).to_numpy()
    )
    table = compare(features, shuffled, segmentation)
    assert (table["low"] <= 0).all()


def test_no_training_date_knows_a_test_outcome(history):
    features, labels, segmentation = history
    table = compare(features, labels, segmentation)
    # labelled 60, 90, 120 and 150 days ago, known 60 days later: 60 and 90 can be judged
    assert table["n_dates"].unique().tolist() == [2]
    assert table["n_test"].unique().tolist() == [2 * 240]
    late = labels.assign(horizon_days=61)
    assert compare(features, late, segmentation)["n_dates"].unique().tolist() == [1]


def test_too_few_churned_accounts_are_a_reason(history):
    features, labels, segmentation = history
    none = labels.assign(churned=labels["churned"].where(labels["churned"].isna(), False))
    table = compare(features, none, segmentation)
    reason = "no date has 5 churned accounts and as many on dates known by then"
    assert table["reason"].tolist() == [reason]
    assert compare(features, labels.iloc[:0], segmentation)["reason"].tolist() == [reason]


def test_an_empty_column_is_a_reason(history):
    features, labels, segmentation = history
    table = compare(features.assign(plan=None), labels, segmentation).set_index("grouping")
    assert table.loc["plan", "reason"] == "the column is empty or has one value"
    assert np.isnan(table.loc["plan", "gain"])


def test_log_loss_by_hand():
    loss = log_loss(np.array([1.0, 0.0]), np.array([0.5, 0.75]))
    assert loss.tolist() == pytest.approx([np.log(2), np.log(4)])
    assert np.isfinite(log_loss(np.array([1.0]), np.array([0.0]))).all()
