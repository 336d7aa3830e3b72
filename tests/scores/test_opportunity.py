import numpy as np
import pandas as pd
import pytest

from helpers.scores.opportunity import PARTS, expansion_scores, part_table
from helpers.scores.upgrades import RULE, UPGRADE_MODEL, score_expansion
from tests.company import make_config
from tests.scores.made import AS_OF, make_tables
from tests.scores.run_of import make_dictionary


def one(**features):
    row = {"account_id": "a", "as_of": AS_OF, "is_live": True} | features
    return expansion_scores(pd.DataFrame([row])).iloc[0]


def test_the_six_parts_of_the_seed():  # P-06
    assert [part.name for part in PARTS] == [
        "limit_proximity",
        "premium_interest",
        "usage_growth",
        "company_growth",
        "engagement",
        "satisfaction",
    ]
    assert part_table()["weight"].sum() == pytest.approx(1)


def test_the_indicators_of_the_seed_are_read():  # P-07
    read = {name for part in PARTS for name, _, _ in part.signals}

    assert {
        "storage__share",
        "seats__share",
        "api__share",
        "premium_features_used__n_30d",
        "users_added__n_30d",
        "events__change_30d",
        "csat__mean_90d",
        "funding_180d",
    } <= read


def test_the_strongest_known_signal_of_a_part_counts():
    found = one(
        seats__share=0.5,
        storage__share=0.8,
        api__share=np.nan,
        events__change_30d=0.5,
        nps_last=10.0,
    )

    assert found["limit_proximity"] == 60
    assert found["usage_growth"] == 100
    assert found["satisfaction"] == 100
    assert found["coverage"] == pytest.approx(0.25 + 0.20 + 0.10)
    expected = (0.25 * 60 + 0.2 * 100 + 0.1 * 100) / 0.55
    assert found["opportunity_score"] == pytest.approx(expected, abs=0.05)


def test_reasons_tell_the_number_strongest_first():
    found = one(seats__share=0.95, events__change_30d=0.6, nps_last=5.0)

    assert found["reasons"] == ["95% of seats in use", "use +60%"]


def test_little_known_gives_no_score():
    found = one(nps_last=10.0)

    assert np.isnan(found["opportunity_score"])
    assert found["coverage"] == pytest.approx(0.1)


def test_accounts_that_left_are_not_scored():
    rows = [
        {"account_id": name, "as_of": AS_OF, "is_live": live, "seats__share": 1.0}
        for name, live in (("a", True), ("b", False))
    ]

    assert expansion_scores(pd.DataFrame(rows))["account_id"].tolist() == ["a"]


def with_upgrades(n=320, seed=5):
    """Accounts that invite many upgrade: planted, and unknown to the written score's seats."""
    features, labels = make_tables(n, seed=seed, strength=0.0, base=-6.0)
    rng = np.random.default_rng(seed)
    invites = rng.poisson(1.0, len(features)) + 8 * (rng.random(len(features)) < 0.1)
    features = features.assign(invites__n_30d=invites.astype(float))
    merged = labels.merge(features[["account_id", "as_of", "invites__n_30d"]])
    chance = np.where(merged["invites__n_30d"] > 5, 0.6, 0.03)
    upgraded = pd.Series(rng.random(len(merged)) < chance, dtype="boolean")
    labels = labels.assign(upgraded=upgraded.where(labels["churned"].notna()))
    return features, labels


def test_planted_upgrades_are_found_and_beat_the_written_score():
    features, labels = with_upgrades()

    expansion, study = score_expansion(
        features, labels, make_dictionary(features), config=make_config(), n_draws=100
    )

    assert study.signal.passed
    auc = study.evaluation.query("metric == 'roc_auc' and split == 'rolling'")
    auc = auc.set_index("model")["value"]
    assert auc[UPGRADE_MODEL] > max(0.7, auc[RULE])
    newest = expansion[expansion["as_of"] == AS_OF].merge(
        features[["account_id", "as_of", "invites__n_30d"]]
    )
    many = newest["invites__n_30d"] > 5
    assert newest.loc[many, "upgrade_probability"].mean() > 0.3
    assert newest.loc[~many, "upgrade_probability"].mean() < 0.12
    assert expansion.loc[expansion["as_of"] < AS_OF, "upgrade_probability"].isna().all()


def test_without_upgrades_there_is_a_score_but_no_probability():
    features, labels = make_tables(60, n_dates=5)

    expansion, study = score_expansion(
        features, labels, make_dictionary(features), config=make_config(), n_draws=20
    )

    assert not study.signal.passed
    assert study.signal.reason == "one class only: no account upgraded in the labelled history"
    assert expansion["upgrade_probability"].isna().all()
    assert expansion["opportunity_score"].notna().any()
