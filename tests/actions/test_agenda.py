"""The agenda of a business review: B-10."""

from dataclasses import replace

import pandas as pd

from helpers.actions.agenda import NOT_KNOWN, NOT_MARKED, NOTHING_LEFT
from helpers.actions.hand_over import TASK_COLUMNS
from helpers.actions.next_actions import next_best_actions, record
from tests.actions.frames import AS_OF, HIGH, inputs_of

READY = {"segment": "Expansion Ready", "segment_before": "Expansion Ready"}
ADVANCED = pd.DataFrame(
    [
        ("a", 2, "workload", True, 2, 25, 9, 0.36, 0.21),
        ("a", 1, "time_line", True, 0, 25, 14, 0.56, 0.31),
    ],
    columns=[
        *("account_id", "place", "feature", "marked", "own_days"),
        *("n_alike", "n_using", "share", "base_rate"),
    ],
)


def plan_of(accounts, advanced):
    return next_best_actions(
        replace(inputs_of(accounts), advanced_features=advanced),
        as_of=AS_OF,
        per_week=5,
        base_rate=0.06,
        upgrade_rate=0.05,
        uplift=50.0,
    )


def test_readiness_is_a_business_review_with_the_features_that_alike_accounts_use():  # B-10
    plan = plan_of({"a": READY, "b": READY}, ADVANCED)
    first, second = plan.actions.sort_values("account_id").to_dict("records")

    assert first["channel"] == "business review"
    assert first["action"].startswith("Hold a business review")
    assert first["agenda"] == [
        "time line: not used here; 14 of the 25 accounts most alike use it (56%), of all 31%",
        (
            "workload: tried on 2 days in a quarter; 9 of the 25 accounts most alike use it "
            "(36%), of all 21%"
        ),
    ]
    assert second["agenda"] == [NOTHING_LEFT]
    assert "agenda" in TASK_COLUMNS
    told = record(plan.actions).set_index("field")["content"]
    assert told["agenda"] == "; ".join(plan.actions["agenda"].iloc[0])


def test_a_catalogue_that_marks_nothing_is_said():  # B-10
    plan = plan_of({"a": READY}, ADVANCED.assign(marked=False))
    assert plan.actions["agenda"].iloc[0][-1] == NOT_MARKED


def test_without_what_04_found_nothing_is_made_up():  # B-10
    for absent in (None, ADVANCED.iloc[:0]):
        assert plan_of({"a": READY}, absent).actions["agenda"].iloc[0] == [NOT_KNOWN]


def test_a_review_about_the_plan_has_an_agenda_and_other_plays_have_none():  # B-10
    plan = plan_of({"a": {"opportunity_score": 80.0}, "b": HIGH}, ADVANCED)

    found = plan.plans.set_index(["account_id", "action"])["agenda"].map(len)
    reviews = found.index.get_level_values("action").str.contains("business review")
    assert found[reviews].tolist() == [2]
    assert found[~reviews].eq(0).all()


def test_no_review_where_the_account_is_at_risk():  # B-05 B-10
    plan = plan_of({"a": READY | HIGH}, ADVANCED)
    assert not plan.plans["action"].str.contains("business review").any()
    assert plan.held_back["play"].tolist() == ["expansion_ready"]
