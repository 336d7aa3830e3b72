import numpy as np
import pandas as pd
import pytest

from helpers.segments.levels import Yardstick, levels_of, readings_of, yardstick_of
from helpers.segments.names import count_names, name_accounts, name_clusters, name_profile
from helpers.segments.playbooks import PLAYBOOKS, playbook_of, playbook_table
from helpers.segments.vocabulary import FAMILY_NAMES, NAME_RULES, family_of
from tests.segments.frames import NAMES, make_features

VOCABULARY = [  # G-10
    "Silent Churners",
    "Power Users",
    "Struggling Adopters",
    "Self-Sufficient Power Users",
    "Expansion Ready",
    "Growing",
    "Onboarding",
    "Champions",
    "At Risk",
    "Scaling Champions",
    "Silent Strugglers",
    "Mature Optimizers",
    "Power Users at Risk of Feature Fatigue",
    "Growing Accounts with Untapped Potential",
    "Casual Users",
    "New Users",
]

EXAMPLES = {  # one profile that earns each name: every rule can fire
    "Onboarding": {"age_days": 29},
    "New Users": {"age_days": 30},
    "Power Users at Risk of Feature Fatigue": {"change": -0.3, "days_per_week": 4.5},
    "Silent Churners": {"change": -0.3, "days_per_week": 0.3, "tickets": 0.0},
    "At Risk": {"change": -0.18},
    "Scaling Champions": {"change": 0.3, "days_per_week": 3, "adoption": 0.5},
    "Expansion Ready": {"limit_share": 0.9, "days_per_week": 3},
    "Growing Accounts with Untapped Potential": {"change": 0.3, "adoption": 0.1},
    "Growing": {"change": 0.2, "days_per_week": 1},
    "Power Users": {"days_per_week": 4.5, "adoption": 0.4},
    "Champions": {"days_per_week": 4, "adoption": 0.85, "nps": 72},
    "Self-Sufficient Power Users": {"days_per_week": 4, "adoption": 0.85, "tickets": 0.1},
    "Mature Optimizers": {"days_per_week": 3, "age_days": 400},
    "Struggling Adopters": {"adoption": 0.2, "tickets": 3.0},
    "Silent Strugglers": {"adoption": 0.2, "days_per_week": 0.2, "tickets": 0.1},
    "Casual Users": {"days_per_week": 1, "adoption": 0.4},
}


def test_vocabulary_holds_every_published_name():  # G-10
    names = [rule.name for rule in NAME_RULES]
    assert set(VOCABULARY) <= set(names)
    assert len(names) == len(set(names))
    assert {rule.family for rule in NAME_RULES} == set(FAMILY_NAMES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_rule_can_fire(name):  # G-08
    assert name_profile(EXAMPLES[name]) == name


def test_every_name_of_the_vocabulary_has_an_example():
    assert set(EXAMPLES) == set(VOCABULARY)


def test_worked_profiles_are_named_as_published():  # G-09
    champions = {"days_per_week": 4, "adoption": 0.85, "tickets": 0.3, "nps": 72}
    at_risk = {"change": -0.35, "adoption": 0.23, "tickets_change": 1.5}
    assert name_profile(champions) == "Champions"
    assert name_profile(at_risk) == "At Risk"


@pytest.mark.parametrize(
    ("reading", "aspect", "below", "cut"),
    [
        ("age_days", "stage", "first month", 30),
        ("age_days", "stage", "new", 90),
        ("age_days", "stage", "established", 365),
        ("days_per_week", "use", "rare", 0.48),
        ("days_per_week", "use", "weekly", 2.24),
        ("days_per_week", "use", "frequent", 4.5),
        ("adoption", "breadth", "narrow", 0.3),
        ("adoption", "breadth", "middling", 0.6),
        ("change", "direction", "steady", 0.2),
        ("tickets", "support", "low", 0.8),
        ("tickets", "support", "usual", 1.5),
        ("nps", "mood", "unhappy", 0),
        ("nps", "mood", "mixed", 50),
        ("limit_share", "limits", "far", 0.85),
    ],
)
def test_levels_change_at_their_cut(reading, aspect, below, cut):
    assert levels_of({reading: cut - 1e-6})[aspect].iloc[0] == below
    assert levels_of({reading: cut})[aspect].iloc[0] != below


@pytest.mark.parametrize(
    ("reading", "at", "above"),
    [("change", -0.18, -0.179), ("declining_share", 0.5, 0.49), ("silent_share", 0.5, 0.49)],
)
def test_any_of_three_signs_means_falling(reading, at, above):
    assert levels_of({reading: at, "age_days": 1})["direction"].iloc[0] == "falling"
    assert levels_of({reading: above, "age_days": 1})["direction"].iloc[0] != "falling"


def test_an_unknown_level_satisfies_no_condition():
    levels = levels_of({"age_days": 500})
    assert (
        levels[["direction", "use", "breadth", "support", "mood", "limits"]].eq("").all(axis=None)
    )
    assert name_profile({"age_days": 500}) == "Casual Users"


def test_a_product_used_once_a_week_has_power_users_too():
    payroll = Yardstick(deep=1.0, frequent=0.8, rare=0.2, wide=0.3, narrow=0.1)
    top = {"days_per_week": 1.1, "adoption": 0.35, "change": 0.0, "age_days": 500}
    assert name_profile(top) == "Casual Users"
    assert name_profile(top, payroll) == "Power Users"
    heavy = Yardstick(deep=6.0, frequent=5.0, rare=3.0, wide=0.9, narrow=0.7)
    assert name_profile(top, heavy) == "Casual Users"  # absolute cuts hold where use is high


def test_clusters_get_unique_names_and_say_why():  # G-08
    readings = pd.DataFrame(
        {
            "n_accounts": [40, 30, 20],
            "age_days": [500.0, 500.0, 500.0],
            "days_per_week": [1.0, 1.2, 1.1],
            "change": [0.0, 0.01, -0.4],
        },
        index=pd.Index([1, 2, 3], name="cluster"),
    )
    centres = pd.DataFrame(
        {"activity": [0.0, 0.1, -1.0], "satisfaction": [0.0, -2.0, 0.0]}, index=readings.index
    )
    named = name_clusters(readings, centres, Yardstick())
    assert named["segment"].tolist() == [
        "Casual Users",
        "Casual Users (low satisfaction)",
        "At Risk",
    ]
    assert named.loc[3, "rule"] == "direction: falling"
    assert "use -40% in 30 days" in named.loc[3, "because"]
    assert count_names(readings, Yardstick()) == 2


def test_a_second_cluster_of_a_kind_takes_a_variant_of_the_same_family():
    deep = {"days_per_week": 5.0, "adoption": 0.8, "nps": 60.0, "age_days": 500.0}
    readings = pd.DataFrame(
        [{"n_accounts": 10} | deep, {"n_accounts": 50} | deep],
        index=pd.Index([1, 2], name="cluster"),
    )
    centres = pd.DataFrame({"activity": [2.0, 1.0]}, index=readings.index)
    named = name_clusters(readings, centres, Yardstick())
    assert named["segment"].tolist() == ["Champions", "Power Users"]  # the larger keeps the first


def test_accounts_can_be_named_one_by_one():
    features = make_features(120).reset_index(names="kind")
    readings = readings_of(features, pd.Series(features.index, index=features.index))
    names = name_accounts(readings, yardstick_of(features))
    expected = features["kind"].map(NAMES)
    assert (names == expected).mean() > 0.85
    assert set(names) <= set(FAMILY_NAMES.values())


def test_naming_no_account_at_all():
    features = make_features(20).iloc[:0].reset_index(drop=True)
    readings = readings_of(features, pd.Series(features.index, index=features.index))
    assert name_accounts(readings, Yardstick()).tolist() == []


def test_readings_by_hand():
    features = pd.DataFrame(
        {
            "as_of": pd.Timestamp("2026-07-01"),
            "is_live": True,
            "age_days": [10.0, 20.0, 900.0],
            "stickiness_30d": [1.0, 0.5, np.nan],
            "active_days__n_30d": [30.0, 30.0, 3.0],
            "nps_last": [9.0, 6.0, np.nan],
            "tickets__n_90d": [3.0, 0.0, 6.0],
            "active_users__n_90d": [1.0, 4.0, 0.0],
            "days_since_last_event": [0.0, 1.0, 40.0],
        }
    )
    found = readings_of(features, pd.Series([1, 1, 2]))
    assert found.loc[1, "n_accounts"] == 2
    assert found.loc[1, "age_days"] == 15
    assert found.loc[1, "days_per_week"] == pytest.approx(7 * 0.75)
    assert found.loc[2, "days_per_week"] == pytest.approx(0.7)  # the account's own days
    assert found.loc[1, "nps"] == 0  # one promoter, one detractor
    assert np.isnan(found.loc[2, "nps"])
    assert found.loc[1, "tickets"] == pytest.approx(0.5)  # (3 / 1 + 0 / 4) / 2, a month of three
    assert found.loc[2, "tickets"] == pytest.approx(2.0)  # nobody active counts as one person
    assert found["silent_share"].tolist() == [0.0, 1.0]


def test_every_name_has_a_complete_playbook_of_its_own():  # B-03, B-04
    table = playbook_table()
    assert set(table["segment"]) == {rule.name for rule in NAME_RULES}
    assert (table.drop(columns="segment").map(len) > 3).all(axis=None)
    assert not table.drop(columns="segment").duplicated().any()
    assert set(table["objective"]) == {
        "onboarding", "retention", "expansion", "advocacy", "education",
    }  # fmt: skip


def test_published_cadences_are_in_the_playbooks():  # B-04
    assert "weekly educational touch" in PLAYBOOKS["Struggling Adopters"].touch
    assert "office hours" in PLAYBOOKS["Struggling Adopters"].channel
    assert "quarterly strategic review" in PLAYBOOKS["Self-Sufficient Power Users"].touch
    assert "beta" in PLAYBOOKS["Self-Sufficient Power Users"].content
    assert PLAYBOOKS["Champions"].objective == "advocacy"
    assert "upsell" in PLAYBOOKS["Power Users"].content
    assert PLAYBOOKS["Casual Users"].objective == "education"
    assert PLAYBOOKS["New Users"].objective == "onboarding"
    assert "no upsell" in PLAYBOOKS["At Risk"].content


def test_a_qualified_name_keeps_family_and_playbook():
    assert family_of("At Risk (high support load)") == "at risk"
    assert playbook_of("At Risk (high support load)") == PLAYBOOKS["At Risk"]
