import numpy as np
import pandas as pd
import pytest

from helpers.errors import GateError
from helpers.scores.evaluate import Judged
from helpers.scores.gates import (
    PEERS,
    SIGNAL_RULE,
    check_leaks,
    enough_to_learn,
    leak_table,
    signal_gate,
)
from helpers.scores.inputs import CHURN_INPUTS
from helpers.scores.panel import build_panel
from tests.scores.made import make_tables

DAY = pd.Timestamp("2026-04-02")


def judged_of(outcome, score, age):
    n = len(outcome)
    rows = pd.DataFrame(
        {
            "account_id": [f"a{i:04d}" for i in range(n)],
            "as_of": DAY,
            "outcome": np.asarray(outcome, float),
            "age_days": np.asarray(age, float),
        }
    )
    chances = {"m": np.full(n, 0.2)}
    return Judged(rows=rows, scores={"m": np.asarray(score)}, probabilities=chances, split="time")


def sample(seed, *, by_score=0.0, by_age=0.0, n=400):
    """Outcomes that follow the score, or the age that the score knows of."""
    rng = np.random.default_rng(seed)
    age, own = rng.normal(size=n), rng.normal(size=n)
    risk = by_score * own + by_age * age
    outcome = rng.random(n) < 1 / (1 + np.exp(-(risk - 2.2)))
    return judged_of(outcome, own * (by_score > 0) + age * (by_age > 0) + 0.01 * own, age)


def test_a_planted_signal_passes():
    found = signal_gate(sample(1, by_score=1.0), "m", k=20)

    assert found.passed
    assert found.reason == ""
    assert found.auc_low > 0.5
    assert found.auc_by_age == pytest.approx(0.5, abs=0.05)
    assert found.p_value < 0.05
    assert found.average_precision > found.base_rate
    assert found.n_positive > 20


def test_noise_rarely_passes():
    verdicts = [
        signal_gate(judged_of(j.rows["outcome"], j.scores["m"], j.rows["age_days"]), "m", k=20)
        for j in (sample(seed) for seed in range(30))
    ]

    assert sum(v.passed for v in verdicts) <= 3
    refused = next(v for v in verdicts if not v.passed)
    assert refused.reason.startswith("no usable signal: ")


def test_the_age_of_an_account_alone_is_no_signal():
    """Young accounts leave more often, and the model has found out nothing else."""
    found = signal_gate(sample(2, by_age=1.3), "m", k=20)

    assert found.auc_low > 0.5
    assert found.auc_by_age == pytest.approx(found.auc, abs=0.03)
    assert not found.passed
    assert "shuffled among accounts of the same age" in found.reason
    assert f"{found.auc_by_age:.2f}" in found.reason


def test_behaviour_beside_age_still_passes():
    assert signal_gate(sample(3, by_score=1.2, by_age=1.2), "m", k=20).passed


def test_the_same_seed_gives_the_same_verdict():
    judged = sample(4, by_score=0.3)

    assert signal_gate(judged, "m", k=20, seed=7) == signal_gate(judged, "m", k=20, seed=7)


def test_without_ages_outcomes_are_shuffled_among_all():
    judged = sample(1, by_score=1.0)
    judged.rows["age_days"] = np.nan

    assert signal_gate(judged, "m", k=20).passed


def test_fault_E02_one_class_on_the_judged_dates_has_no_verdict():
    found = signal_gate(judged_of(np.zeros(50), np.arange(50.0), np.arange(50)), "m", k=5)

    assert not found.passed
    assert found.reason.startswith("no date has both outcomes")
    assert np.isnan(found.auc)


def test_the_rule_is_written_down():
    assert "0.5" in SIGNAL_RULE
    assert "less than 5%" in SIGNAL_RULE
    assert PEERS == 10


@pytest.fixture(scope="module")
def tables():
    return make_tables(300)


def panel_of(features, labels):
    return build_panel(features, labels, inputs=CHURN_INPUTS)


def told(labels, value):
    known = labels["churned"].notna()
    return labels.assign(churned=pd.array([value] * len(labels), dtype="boolean")).assign(
        churned=lambda t: t["churned"].where(known)
    )


def test_fault_E02_nobody_churned(tables):
    features, labels = tables

    reason = enough_to_learn(panel_of(features, told(labels, False)), min_positive=30)

    assert reason == "one class only: no account churned in the labelled history"


def test_fault_E03_everybody_churned(tables):
    features, labels = tables

    reason = enough_to_learn(panel_of(features, told(labels, True)), min_positive=30)

    assert reason == "one class only: every account churned in the labelled history"


def test_fault_E04_few_positives(tables):
    features, labels = tables
    panel = panel_of(features, labels)
    left = panel.rows[panel.labelled()].groupby("account_id")["outcome"].max().sum()

    assert enough_to_learn(panel, min_positive=int(left)) == ""
    reason = enough_to_learn(panel, min_positive=int(left) + 1)
    assert reason == f"too few: {left:.0f} accounts churned, a model needs {left + 1:.0f}"


def test_a_history_without_any_known_outcome_is_too_short(tables):
    features, labels = tables
    reason = enough_to_learn(
        panel_of(features, labels.assign(churned=pd.array([None] * len(labels), dtype="boolean"))),
        min_positive=30,
    )

    assert "the history is too short" in reason


def test_a_panel_without_inputs_says_so(tables):
    features, labels = tables
    panel = build_panel(features, labels, inputs=())

    assert "none of the model's inputs" in enough_to_learn(panel, min_positive=5)


def test_fault_E11_a_feature_that_knows_the_outcome_stops_the_run(tables):
    features, labels = tables
    merged = features.merge(labels[["account_id", "as_of", "churned"]], how="left")
    knows = merged["churned"].fillna(value=False).astype(float)
    noise = np.random.default_rng(1).normal(0, 0.1, len(features))
    leaking = features.assign(account_status=(knows + noise).to_numpy())

    leaks = leak_table(leaking, panel_of(features, labels))

    assert leaks.iloc[0][["feature", "by"]].tolist() == ["account_status", "value"]
    with pytest.raises(GateError, match="1 features know the outcome before it happens") as error:
        check_leaks(leaks, limit=0.95)
    assert "account_status: its value alone tells 'churned'" in str(error.value)
    assert "Take their source columns out of the mapping" in str(error.value)


def test_fault_E11_a_feature_whose_being_missing_knows_the_outcome_stops_the_run(tables):
    features, labels = tables
    merged = features.merge(labels[["account_id", "as_of", "churned"]], how="left")
    knows = merged["churned"].fillna(value=False).to_numpy(dtype=bool)
    leaking = features.assign(
        cancelled_by=np.where(knows, 1.0, np.nan),
        exit_note=pd.Series(np.where(knows, "bye", None), dtype="string"),
    )

    leaks = leak_table(leaking, panel_of(features, labels))

    with pytest.raises(GateError, match="cancelled_by: being missing alone"):
        check_leaks(leaks, limit=0.95)
    assert leaks.set_index(["feature", "by"]).loc[("exit_note", "missing"), "auc"] == 1


def test_fault_E11_a_cancellation_date_and_what_follows_it_are_blocked_by_name(tables):
    features, labels = tables
    merged = features.merge(labels[["account_id", "as_of", "churned", "churned_on"]], how="left")
    gone = merged.groupby("account_id")["churned_on"].transform("max")
    leaving = merged["churned"].fillna(value=False).to_numpy(bool)
    planted = features.assign(
        # also of accounts that leave long after the horizon: its being there alone proves little
        cancelled_at=pd.to_datetime(gone).dt.tz_localize("UTC").to_numpy(),
        offboarding_mails__n=np.where(leaving, 3.0, 0.0),
        signed_on=features["as_of"] - pd.Timedelta(days=100),
    )

    leaks = leak_table(planted, panel_of(features, labels))
    with pytest.raises(GateError, match="2 features know the outcome") as error:
        check_leaks(leaks, limit=0.95)

    assert "cancelled_at: dated on as_of or after it in" in str(error.value)
    assert "offboarding_mails__n: its value alone tells 'churned'" in str(error.value)
    assert "signed_on" not in str(error.value)
    by_missing = leaks.set_index(["feature", "by"])["auc"].get(("cancelled_at", "missing"))
    assert by_missing < 0.95


def test_honest_features_and_few_positives_pass(tables):
    features, labels = tables
    leaks = leak_table(features, panel_of(features, labels))

    check_leaks(leaks, limit=0.95)
    assert leaks["auc"].between(0.5, 1).all()
    assert "is_live" not in set(leaks["feature"])
    few = pd.DataFrame({"feature": ["x"], "by": ["value"], "auc": [1.0], "n_positive": [19]})
    check_leaks(few, limit=0.95)  # 19 positives prove nothing
    with pytest.raises(GateError):
        check_leaks(few.assign(n_positive=20), limit=0.95)
