import numpy as np
import pandas as pd
import pytest

from helpers.errors import GateError
from helpers.scores import evidence
from helpers.scores.champion import decide
from helpers.scores.disagreement import past_disagreement
from helpers.scores.evaluate import BASE_RATE
from helpers.scores.health import health_scores
from helpers.scores.lead_time import measure_lead_time
from helpers.scores.predictions import predict
from helpers.scores.study import (
    AGE,
    CHALLENGER,
    HEALTH,
    LOGIN,
    MODEL,
    USE,
    churn_baselines,
    churn_study,
    team_capacity,
)
from helpers.scores.upgrades import score_expansion
from tests.company import make_config
from tests.scores.made import make_tables
from tests.scores.run_of import make_dictionary, make_outcomes
from tests.scores.test_predictions import study_of


@pytest.fixture(scope="module")
def tables():
    return make_tables(320)


@pytest.fixture(scope="module")
def study(tables):
    features, labels = tables
    return churn_study(
        features,
        labels,
        make_dictionary(features),
        health_scores(features),
        config=make_config(),
        n_draws=100,
    )


def test_every_baseline_is_judged_on_the_same_accounts(study):
    table = study.evaluation

    time = table[table["split"] == "time"]
    assert set(time["model"]) == {MODEL, CHALLENGER, HEALTH, LOGIN, AGE, BASE_RATE}
    assert len(set(time["n"])) == 1
    assert set(table["split"]) == {"time", "rolling"}
    assert table.loc[table["split"] == "rolling", "n"].iloc[0] > time["n"].iloc[0]
    assert (table["k"] == study.k).all()


def test_where_logins_are_not_known_the_last_use_is_not_called_a_login(tables):
    features, _ = tables
    health = health_scores(features)
    unknown = features.assign(
        days_since_last_login=np.nan, days_since_last_event=np.arange(len(features), dtype=float)
    )

    named = churn_baselines(unknown, health)

    assert set(named) == {HEALTH, USE, AGE}
    assert named[USE]["value"].tolist() == unknown["days_since_last_event"].tolist()
    assert set(churn_baselines(features, health)) == {HEALTH, LOGIN, AGE}


def test_capacity_is_that_of_the_whole_team(tables):
    features, _ = tables

    assert team_capacity(features, make_config()) == 2 * 5  # Ana and Ben, five a week each
    assert team_capacity(features.drop(columns="csm"), make_config()) == 5


def test_a_leaking_feature_stops_the_study(tables):
    features, labels = tables
    merged = features.merge(labels[["account_id", "as_of", "churned"]], how="left")
    leaking = features.assign(
        offboarding__n=merged["churned"].fillna(False).astype(float).to_numpy()
    )

    with pytest.raises(GateError, match="offboarding__n: its value alone tells 'churned'"):
        study_of(leaking, labels)


def test_a_leak_that_the_dictionary_does_not_allow_is_no_leak(tables):
    features, labels = tables
    merged = features.merge(labels[["account_id", "as_of", "churned"]], how="left")
    marked = features.assign(region=merged["churned"].fillna(False).astype(float).to_numpy())

    assert "region" not in set(study_of(marked, labels).leaks["feature"])


def test_a_company_without_signal_is_told_so():
    """Nothing but noise: over several companies hardly any gets scores."""
    passed = [study_of(*make_tables(260, strength=0.0, base=-2.0, seed=s)).signal for s in range(8)]

    assert sum(signal.passed for signal in passed) <= 1
    refused = [signal for signal in passed if not signal.passed]
    assert all(signal.reason.startswith("no usable signal") for signal in refused)


def test_too_short_a_back_test_says_so():
    features, labels = make_tables(400, n_dates=4, base=-1.5)

    found = study_of(features, labels)

    assert not found.signal.passed
    assert found.signal.reason.startswith("no date has both a known outcome and enough")
    assert found.evaluation.empty
    assert found.judged is None


@pytest.fixture(scope="module")
def parts(tables, study):
    features, labels = tables
    health = health_scores(features)
    _, upgrades = score_expansion(
        features, labels, make_dictionary(features), config=make_config(), n_draws=20
    )
    leads = measure_lead_time(
        study, health, None, make_outcomes(labels), labels, time_zone="UTC", n_draws=50
    )
    return features, health, upgrades, leads


def test_the_tables_of_evidence_hold_what_the_contract_promises(study, parts):
    features, _, upgrades, leads = parts

    tables = evidence.tables(study, upgrades, leads, features)

    assert {"model", "metric", "value", "low", "high", "split"} <= set(tables["evaluation"])
    assert set(tables["evaluation"]["outcome"]) == {"churned"}
    assert len(tables["model"]) > 3
    assert tables["gains"]["model"].nunique() == 4
    assert tables["indicators"]["indicator"].nunique() == 7
    assert (tables["back_test"]["scored"]).sum() >= 3
    assert tables["calibration"]["n"].sum() == tables["fairness"].iloc[0]["n"]
    assert {"region", "size", "plan"} <= set(tables["fairness"]["grouping"])  # E-03
    cards = tables["model_card"].groupby("model")["topic"].agg(set)
    assert {"assumes", "limits", "groups"} <= set.intersection(*cards)  # P-17
    assert len(cards) == 2
    error = tables["calibration_error"].set_index("model").loc[study.model]
    assert error["low"] <= error["error"] <= error["high"] + 0.02


def test_the_headline_has_its_numbers(study, parts):
    from helpers.report import Finding

    features, health, upgrades, leads = parts
    predictions, _ = predict(study, n_refits=5)
    mrr = features[features["as_of"] == features["as_of"].max()].set_index("account_id")["mrr"]

    aside = {
        "champion": decide(study, None)[1],
        "past_disagreement": past_disagreement(study, health),
    }
    facts = evidence.facts(study, upgrades, leads, predictions, mrr)
    finding = Finding(
        stage="06_churn_model",
        headline=evidence.headline(study),
        values=facts | {"currency": "EUR", "n_actions": 3},
        caveats=evidence.caveats(study, leads, aside),
        missing=evidence.gaps(study, health, None, None),
    )

    high = predictions[predictions["churn_band"] == "high"]
    assert facts["n_high"] == len(high)
    assert facts["mrr_high"] == pytest.approx(mrr.loc[high["account_id"]].sum())
    assert finding.text.startswith(f"{len(high)} of {len(predictions)} live accounts")
    assert f"{facts['capture']:.0%}" in finding.text
    assert any("not an action" in note or "not what an action" in note for note in finding.caveats)
    assert (
        "removal of team members: not looked at, because no source tells of it" in finding.missing
    )
    assert any(gap.startswith("lead time of alerts") for gap in finding.missing)
    assert any("(first: no earlier run has left a model)" in note for note in finding.caveats)
    assert any("health calm, churn model worried:" in note for note in finding.caveats)


def test_the_comparison_reads_as_value_and_interval(study):
    table = evidence.comparison(study)

    assert table["model"].tolist()[0] == MODEL
    assert table["roc_auc"].str.fullmatch(r"\d\.\d\d \(\d\.\d\d\u00a0to\u00a0\d\.\d\d\)").all()


def test_the_card_states_assumptions_limits_and_the_verdict(study):  # P-17
    card = evidence.model_card(study).set_index("topic")["statement"]

    assert {"purpose", "not for", "assumes", "limits", "verdict", "groups"} <= set(card.index)
    assert "Area under the curve" in card["verdict"]
    assert "90 days" in card["outcome"]
    assert f"{study.fitted.base_rate:.1%}" in card["score"]
    assert "Not available" in card["looks at"]
    assert "one direction only" in card["method"]
    assert "A person decides; nothing is sent by itself" in card["purpose"]  # E-04
    assert all(len(text) > 40 for text in card)


def test_views_for_people(study, parts):
    leads = parts[3]
    predictions, _ = predict(study, n_refits=5)
    assert evidence.top_risks(predictions)["churn_probability"].is_monotonic_decreasing
    assert evidence.early(leads)["method"].tolist() == ["churn model", "alerts", "health score"]
    assert evidence.early(leads)["gain over health"].iloc[-1] == "–"


def test_nothing_judged_still_gives_every_table():
    features, labels = make_tables(20, n_dates=2)
    study = study_of(features, labels)
    expansion, upgrades = score_expansion(
        features, labels, make_dictionary(features), config=make_config(), n_draws=20
    )
    leads = measure_lead_time(
        study, health_scores(features), None, None, labels, time_zone="UTC", n_draws=20
    )

    tables = evidence.tables(study, upgrades, leads, features)
    facts = evidence.facts(study, upgrades, leads, predict(study)[0], pd.Series(dtype="float64"))

    assert tables["evaluation"].empty
    assert {"model", "metric", "value", "low", "high", "split"} <= set(tables["evaluation"])
    assert tables["lead_time"].empty
    assert np.isnan(facts["capture"])
    assert evidence.comparison(study).empty
    assert len(evidence.early(leads)) == 3
    assert evidence.model_card(study)["statement"].str.contains("No scores:").any()
    assert len(expansion) == features["is_live"].sum()
