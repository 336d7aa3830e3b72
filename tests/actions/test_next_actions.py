import numpy as np
import pandas as pd
import pytest

from helpers.actions.next_actions import load_note, next_best_actions, record
from tests.actions.frames import AS_OF, HIGH, inputs_of

PATTERNS = {
    ("churn_band", "high"): "of 80 account-dates with a high churn score, 29% churned",
    ("alert", "critical"): "of 30 account-dates with a critical alert, 20% churned",
    ("everybody", "churned"): "of 900 account-dates of live accounts, 6% churned",
    ("everybody", "upgraded"): "of 900 account-dates of live accounts, 5% upgraded",
}
GROWING = {
    "opportunity_score": 90.0,
    "upgrade_probability": 0.5,
    "reasons": ["95% of seats in use"],
}


def plan_of(accounts, alerts=(), **options):
    settings = {
        "as_of": AS_OF,
        "per_week": 5,
        "base_rate": 0.06,
        "upgrade_rate": 0.05,
        "uplift": 50.0,
        "patterns": PATTERNS,
        "touches": {"Casual Users": "the next core feature"},
        "currency": "EUR",
    }
    return next_best_actions(inputs_of(accounts, alerts), **settings | options)


def test_a_record_has_segment_pattern_state_action_and_impact():  # B-01
    first = plan_of({"a": HIGH}).actions.iloc[0]

    assert first["segment"] == "Casual Users"
    assert first["pattern"] == PATTERNS["churn_band", "high"]
    assert "churn score 80 (higher = more risk)" in first["state"]
    assert "health 65 (higher = healthier)" in first["state"]
    assert first["action"] == "Call the sponsor and agree on a recovery plan"
    assert first["expected_impact"] == round(0.4 * 100 * 12)
    assert (
        first["impact_note"] == "at stake, not a promise: 40% x 100 EUR revenue x 12 months"
    )  # Z-22
    assert first["due_on"] == AS_OF + pd.Timedelta(days=2)  # Saturday moves to Friday
    assert first["csm"] == "Ana"
    assert first["name"] == "Company a"


def test_contract_columns_and_one_action_an_account():
    plan = plan_of({"a": HIGH | {"overdue__n": 1.0}, "b": GROWING, "c": {}})

    assert list(plan.actions.columns[:7]) == [
        "account_id",
        "csm",
        "priority",
        "action",
        "reason",
        "expected_impact",
        "due_on",
    ]
    assert sorted(plan.actions["account_id"]) == ["a", "b"]
    assert plan.actions["priority"].tolist() == [1, 2]


def test_money_times_urgency_times_evidence_decides_the_order():  # P-14
    accounts = {
        "big": {"churn_band": "medium", "churn_score": 40, "churn_probability": 0.08, "mrr": 900.0},
        "small": HIGH | {"mrr": 150.0},
        "huge but calm": {"mrr": 9000.0},
    }

    plan = plan_of(accounts)

    assert plan.actions["account_id"].tolist() == ["small", "big"]
    assert plan.actions["value"].is_monotonic_decreasing


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (HIGH, "churn band high"),
        ({"segment": "At Risk", "segment_before": "At Risk"}, "segment or lifecycle at risk"),
        ({"lifecycle_stage": "Dormant"}, "segment or lifecycle at risk"),
        ({"health_band": "low", "health_score": 30.0}, "health below 40"),
    ],
)
def test_at_risk_suppresses_upsell(changes, why):  # B-05
    plan = plan_of({"a": GROWING | changes})

    assert not plan.plans["objective"].isin(["expansion", "advocacy"]).any()
    assert plan.held_back["why"].tolist() == [f"at risk: {why}"]
    for text in plan.actions["held_back"]:
        assert text == f"upsell held back: at risk: {why}"


def test_a_severe_alert_suppresses_upsell_too():  # B-05
    plan = plan_of({"a": GROWING}, alerts=[{"account_id": "a", "severity": "critical"}])

    assert plan.actions["objective"].tolist() == ["retention"]
    assert plan.held_back["why"].tolist() == ["at risk: severe alert"]


def test_entering_a_segment_at_risk_is_an_urgent_task():  # B-05
    plan = plan_of({"a": {"segment": "At Risk"}, "b": GROWING | {"mrr": 10.0}})

    entered = plan.actions[plan.actions["account_id"] == "a"].iloc[0]
    assert entered["play"] == "entered_at_risk"
    assert entered["due_on"] <= AS_OF + pd.Timedelta(days=3)
    assert "Casual Users → At Risk" in entered["reason"]


def test_expansion_ready_notifies_the_account_team():  # B-05
    plan = plan_of({"a": {"segment": "Expansion Ready"}})

    assert plan.actions["owner"].tolist() == ["account manager"]
    assert "case studies" in plan.actions["action"][0]
    assert plan.held_back.empty


def test_three_actions_for_thirty_days_each_with_its_reason():  # B-07
    plan = plan_of({"a": HIGH | {"overdue__n": 1.0, "days_to_renewal": 20.0}, "b": {}})

    for _, mine in plan.plans.groupby("account_id"):
        assert mine["step"].tolist() == [1, 2, 3]
        assert mine["action"].is_unique
        assert mine["reason"].str.len().gt(0).all()
        assert mine["within_days"].le(30).all()
    calm = plan.plans[plan.plans["account_id"] == "b"]
    assert calm["action"].iloc[0] == "Next touch of the segment: the next core feature"
    assert calm["expected_impact"].isna().all()
    pressed = plan.plans[plan.plans["account_id"] == "a"]
    assert pressed["play"].tolist() == ["rescue", "clear_payment", "renewal_review"]


def test_critical_alerts_come_this_week_whatever_the_capacity():
    accounts = {f"a{i:02d}": HIGH for i in range(8)} | {"z": {"mrr": 1.0}}
    alert = {"account_id": "z", "severity": "critical", "play": "Call today"}

    plan = plan_of(accounts, alerts=[alert], per_week=2)

    urgent = plan.actions[plan.actions["account_id"] == "z"].iloc[0]
    assert (urgent["week"], urgent["action"]) == (1, "Call today")
    assert urgent["pattern"] == PATTERNS["alert", "critical"]
    assert plan.actions.groupby("week").size().tolist() == [3, 2, 2, 2]


def test_capacity_bounds_the_list_and_the_rest_waits():
    plan = plan_of({f"a{i:02d}": HIGH for i in range(30)}, per_week=5)

    assert len(plan.actions) == 20
    assert len(plan.waiting) == 10
    assert "due_on" not in plan.waiting.columns
    assert load_note(plan) == (
        "20 accounts have an action in the next 4 weeks, 15 of them later than the play wants; "
        "10 more wait beyond the team's capacity."
    )


def test_who_opted_out_gets_no_action():
    plan = plan_of(
        {"a": HIGH, "private": HIGH | {"opted_out": True}},
        alerts=[{"account_id": "private", "severity": "critical"}],
    )

    for table in (plan.actions, plan.plans, plan.waiting, plan.held_back):
        assert "private" not in set(table["account_id"])


def test_unknown_money_is_said_not_made_up():
    plan = plan_of({"a": HIGH | {"mrr": np.nan}})

    assert plan.actions["expected_impact"].isna().all()
    assert plan.actions["impact_note"].tolist() == ["not known: no monthly revenue on record"]


def test_without_any_outcome_on_record_actions_still_rank():
    blank = {"churn_probability": np.nan, "churn_score": None, "churn_band": None}
    blank |= {"upgrade_probability": np.nan, "health_score": 30.0, "health_band": "low"}
    plan = plan_of({"a": blank, "b": blank | {"mrr": 900.0}}, base_rate=np.nan, upgrade_rate=np.nan)

    assert plan.actions["account_id"].tolist() == ["b", "a"]
    assert plan.actions["impact_note"].unique().tolist() == ["not known: no outcome on record yet"]


def test_order_of_rows_changes_nothing():
    accounts = {f"a{i}": HIGH | {"mrr": 100.0 + i % 3} for i in range(9)} | {"g": GROWING}

    first = plan_of(accounts)
    second = plan_of(dict(reversed(accounts.items())))

    pd.testing.assert_frame_equal(first.actions, second.actions)
    pd.testing.assert_frame_equal(first.plans, second.plans)


def test_the_first_action_as_a_record():
    table = record(plan_of({"a": HIGH}).actions).set_index("field")["content"]

    assert table["account"] == "Company a"
    assert table["expected impact"].startswith("at stake, not a promise")
    assert "held back" not in table.index
    assert record(plan_of({"a": {}}).actions).empty


def test_a_record_leaves_out_what_no_source_tells():
    actions = plan_of({"a": HIGH}).actions
    actions["csm"] = pd.array([None] * len(actions), dtype="string")
    assert "by" not in set(record(actions)["field"])


@pytest.mark.parametrize("accounts", [{}, {"a": {}}, {"a": {"is_live": False}}])
def test_nothing_to_do_gives_empty_tables_with_their_columns(accounts):
    plan = plan_of(accounts) if accounts else plan_of({"x": {"is_live": False}})

    assert plan.actions.empty
    assert {"account_id", "priority", "due_on", "expected_impact"} <= set(plan.actions.columns)
    assert plan.held_back.empty
