import re

import numpy as np
import pytest

from helpers.actions.plays import GROWTH, PLAYS, plays_table, urgency_of
from helpers.actions.rules import candidates_from_state
from tests.actions.frames import HIGH, state_of

CAUSAL = re.compile(
    r"\b(?:cause[sd]?|because of|leads? to|due to|will churn|will leave|prevents?)\b", re.I
)
RATES = {"base_rate": 0.06, "upgrade_rate": 0.05}


def plays(**changes):
    return candidates_from_state(state_of(a=changes), **RATES).set_index("play")


def test_a_calm_account_calls_for_nothing():
    assert plays().empty


CALLED_FOR = [
    ("rescue", HIGH),
    ("engage", {"churn_band": "medium", "churn_score": 50}),
    ("settle_escalation", HIGH | {"tickets_escalated_open__n": 1.0}),
    ("entered_at_risk", {"segment": "At Risk"}),
    ("new_champion", {"champion_left_90d": 1.0}),
    ("clear_payment", HIGH | {"overdue__n": 2.0}),
    ("high_touch", {"health_score": 30.0, "health_band": "low"}),
    ("renewal_review", HIGH | {"days_to_renewal": 60.0}),
    ("reactivate", {"days_since_last_event": 21.0}),
    ("setup", {"lifecycle_stage": "Onboarding", "setup__share": 0.5, "age_days": 3.0}),
    ("first_core", {"lifecycle_stage": "Adopting", "core_adoption__share_90d": 0.2}),
    ("trial_value", {"is_trial": 1.0}),
    ("expansion_ready", {"segment": "Expansion Ready"}),
    ("propose_plan", {"opportunity_score": 60.0}),
    ("propose_plan", {"upgrade_probability": 0.3}),
    ("widen_use", {"core_adoption__share_90d": 0.2}),
    ("advocacy", {"nps_last": 9.0, "health_score": 75.0, "health_band": "high"}),
]


@pytest.mark.parametrize(("play", "changes"), CALLED_FOR)
def test_each_play_has_a_state_that_calls_for_it(play, changes):
    assert play in plays(**changes).index


def test_every_play_is_reachable():
    told = {play for play, _ in CALLED_FOR}

    assert {name for name, play in PLAYS.items() if not play.routine} == told | {"next_step"}


@pytest.mark.parametrize(
    ("play", "changes"),
    [
        ("renewal_review", HIGH | {"days_to_renewal": 61.0}),
        ("renewal_review", {"days_to_renewal": 10.0}),
        ("reactivate", {"days_since_last_event": 20.0}),
        ("propose_plan", {"opportunity_score": 59.9}),
        ("setup", {"setup__share": 0.5}),
        ("advocacy", {"nps_last": 9.0, "health_score": 70.0}),
        ("high_touch", {"health_score": np.nan, "health_band": None}),
    ],
)
def test_and_a_state_just_short_of_it_does_not(play, changes):
    assert play not in plays(**changes).index


def test_reasons_hold_the_numbers_and_the_direction():
    reason = plays(**HIGH).loc["rescue", "reason"]

    assert reason == (
        "40% likely to churn (score 80 of 100, high, higher = more risk): logins −38% in 30 days"
    )
    found = plays(lifecycle_stage="Onboarding", setup__share=0.5, age_days=3.0)
    assert found.loc["setup", "reason"] == "set-up 50% complete, day 3"


def test_evidence_is_stronger_where_the_whole_interval_speaks_for_it():
    sure = plays(**HIGH).loc["rescue", "evidence"]
    less = plays(**HIGH | {"probability_low": 0.01}).loc["rescue", "evidence"]

    assert sure > less


def test_without_a_model_the_usual_rate_stands_in():
    found = plays(
        churn_probability=np.nan,
        churn_score=None,
        churn_band=None,
        health_score=30.0,
        health_band="low",
    )

    assert found.loc["high_touch", "chance"] == RATES["base_rate"]
    assert "no churn score" in found.loc["high_touch", "reason"]


def test_the_table_of_plays_is_complete_and_claims_no_effect():
    table = plays_table()

    assert table["play"].is_unique
    assert table[["action", "channel", "owner", "first_step"]].map(bool).all().all()
    assert set(table["objective"]) <= {
        "retention",
        "security",
        "onboarding",
        "education",
        *GROWTH,
    }
    for column in ("action", "first_step"):
        assert not table[column].str.contains(CAUSAL).any()


def test_sooner_is_more_urgent():
    weights = [urgency_of(days) for days in (1, 3, 7, 14, 30, 60)]

    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == 6
