"""Next steps of 04 in the plan: offered to who is young or growing, promised to nobody."""

from dataclasses import replace

import pandas as pd
import pytest

from helpers.actions.from_steps import candidates_from_steps, setup_pattern, step_patterns
from helpers.actions.next_actions import next_best_actions
from helpers.actions.plan import plan_actions
from tests.actions.frames import AS_OF, FAMILIES, HIGH, inputs_of, state_of
from tests.scores.made import make_tables
from tests.scores.run_of import write_run

STEPS = pd.DataFrame(
    [
        ("Adopting", 1, "uses bulk_import", 0.8, 0.6, 84, True, "Of 84 Adopting accounts: A."),
        ("Adopting", 2, "contact training", 0.7, 0.6, 50, True, "Of 50 Adopting accounts: B."),
        ("Adopting", 3, "uses api", 0.9, 0.5, 9, False, "Of 9."),
        ("Established", 1, "colleague invited", 0.9, 0.8, 200, True, "Of 200 Established: C."),
    ],
    columns=[
        *("lifecycle_stage", "place", "step", "outcome_rate", "rate_without", "n_accounts"),
        *("reported", "reads_as"),
    ],
)
YOUNG = {"lifecycle_stage": "Adopting", "age_days": 45.0}
GROWING = {"segment": "Expansion Ready", "segment_before": "Expansion Ready"}


def open_steps(**steps):
    """Return who has not taken which steps, by account: places of its stage."""
    rows = [
        {"account_id": account, **STEPS.iloc[number][["lifecycle_stage", "place", "step"]]}
        for account, numbers in steps.items()
        for number in numbers
    ]
    return pd.DataFrame(rows).assign(action="Show it; leave every second one out.")


def offered(accounts, steps, at_risk=()):
    state = state_of(**accounts)
    why = pd.Series({name: "churn band high" if name in at_risk else "" for name in state.index})
    return candidates_from_steps(
        STEPS, steps, state, families=FAMILIES, at_risk=why, base_rate=0.06
    ).set_index("account_id")


def test_the_first_step_not_taken_is_offered_with_both_rates():
    found = offered({"a": YOUNG, "b": YOUNG}, open_steps(a=[1, 0], b=[1]))

    assert found["action"].tolist() == [
        "Offer the step that alike accounts took next: uses bulk import",
        "Offer the step that alike accounts took next: contact training",
    ]
    assert found.loc["a", "reason"] == (
        "not taken yet: uses bulk import; of 84 accounts in the stage Adopting that took it next, "
        "80% stood well later, of the others 60%"
    )
    assert found["chance"].tolist() == [0.02, 0.02]


@pytest.mark.parametrize(
    ("changes", "steps", "offers"),
    [
        (YOUNG, [0], 1),
        ({"lifecycle_stage": "Established"}, [3], 0),  # neither young nor growing
        (GROWING, [3], 1),
        (YOUNG, [2], 0),  # not reported
        (YOUNG, [3], 0),  # of another stage than the account's
    ],
)
def test_it_is_for_young_and_growing_accounts(changes, steps, offers):
    assert len(offered({"a": changes}, open_steps(a=steps))) == offers


def test_nobody_at_risk_is_offered_more():
    assert offered({"a": YOUNG}, open_steps(a=[0]), at_risk=["a"]).empty


def plan_of(accounts, steps):
    given = replace(inputs_of(accounts), next_steps=STEPS, next_step_accounts=steps)
    return next_best_actions(
        given, as_of=AS_OF, per_week=5, base_rate=0.06, upgrade_rate=0.05, uplift=50.0,
        currency="EUR",
    )  # fmt: skip


def test_the_plan_holds_it_with_its_pattern_and_without_money():  # B-01, B-07, Z-22
    plan = plan_of({"a": YOUNG, "b": YOUNG | HIGH}, open_steps(a=[0], b=[0]))

    mine = plan.actions[plan.actions["play"] == "next_step"]
    assert mine["account_id"].tolist() == ["a"]  # b is at risk
    row = mine.iloc[0]
    assert row["pattern"] == "Of 84 Adopting accounts: A."
    assert pd.isna(row["expected_impact"])
    assert row["impact_note"] == "no money is counted"
    assert "leave every second such account out" in row["first_step"]
    assert row["segment"] == "Casual Users"
    assert "next_step" in set(plan.plans.loc[plan.plans["account_id"] == "a", "play"])


def test_what_presses_more_comes_first():
    plan = plan_of({"a": YOUNG | {"setup__share": 0.5}}, open_steps(a=[0]))

    assert plan.actions["play"].tolist() == ["setup"]
    assert plan.plans["play"].tolist()[:2] == ["setup", "next_step"]


SETUP = pd.DataFrame(
    {
        "steps_done": [0, 2, 4],
        "finished": [False, False, True],
        "n_units": [100, 100, 200],
        "outcome_rate": [0.35, 0.55, 0.60],
        "low": [0.27, 0.45, 0.53],
        "high": [0.45, 0.64, 0.67],
    }
)


def test_the_gain_of_a_set_up_is_in_points_with_its_formula():  # Z-13
    text = setup_pattern(SETUP)["setup", "finished"]

    assert text == (
        "of 200 people who finished the set-up, 60% were active later (53% to 67%), of 200 who "
        "did not, 45%: +15 percentage points (60% less 45%), seen side by side, no promise"
    )
    assert "33%" not in text  # what 0.60 over 0.45 would be
    fewer = SETUP.assign(outcome_rate=[0.7, 0.7, 0.6])
    assert "−10 percentage points (60% less 70%)" in setup_pattern(fewer)["setup", "finished"]


@pytest.mark.parametrize("setup", [None, SETUP.iloc[:0], SETUP.iloc[:2], SETUP.iloc[2:]])
def test_with_one_group_only_there_is_nothing_to_compare(setup):
    assert setup_pattern(setup) == {}


def test_a_new_user_on_day_three_gets_a_letter_about_the_set_up():  # B-01, B-02, Z-13
    new = {
        "segment": "New Users", "segment_before": None, "lifecycle_stage": "Onboarding",
        "setup__share": 0.5, "age_days": 3.0,
    }  # fmt: skip
    plan = next_best_actions(
        inputs_of({"a": new}), as_of=AS_OF, per_week=5, base_rate=0.06, upgrade_rate=0.05,
        uplift=50.0, currency="EUR", patterns=setup_pattern(SETUP),
    )  # fmt: skip

    row = plan.actions.iloc[0]
    assert row["segment"] == "New Users"
    assert row["reason"] == "set-up 50% complete, day 3"
    assert row["action"] == "Send a personal e-mail that helps with the next step of the set-up"
    assert row["channel"].startswith("e-mail")
    assert "60% were active later" in row["pattern"]
    assert "+15 percentage points (60% less 45%)" in row["pattern"]
    assert "not a promise" in row["impact_note"]


def test_risk_and_readiness_get_three_actions_each_that_differ():  # B-08
    risk = HIGH | {"segment": "At Risk", "tickets_escalated_open__n": 1.0}
    ready = GROWING | {"opportunity_score": 80.0}
    plan = next_best_actions(
        inputs_of({"a": risk, "b": ready}), as_of=AS_OF, per_week=5, base_rate=0.06,
        upgrade_rate=0.05, uplift=50.0, currency="EUR",
        touches={"At Risk": "open tickets first", "Expansion Ready": "the plan that lifts it"},
    )  # fmt: skip

    mine, other = (plan.plans[plan.plans["account_id"] == name] for name in "ab")
    assert len(mine) == len(other) == 3
    assert not set(mine["action"]) & set(other["action"])
    assert mine["within_days"].max() < other["within_days"].min()  # how soon
    assert set(mine["channel"]) != set(other["channel"])  # by which kind of content
    assert "business review" in set(other["channel"])
    assert "named CSM with support lead" in set(mine["owner"])  # who is called in
    assert set(other["owner"]) & {"account manager"}
    assert mine["reason"].is_unique
    assert other["reason"].is_unique


@pytest.mark.parametrize("steps", [None, STEPS.iloc[:0]])
def test_without_reported_steps_nothing_is_offered(steps):
    found = candidates_from_steps(
        steps, open_steps(a=[0]), state_of(a=YOUNG), families={}, at_risk=pd.Series({"a": ""}),
        base_rate=0.06,
    )  # fmt: skip

    assert found.empty
    assert step_patterns(steps) == {}


def test_a_run_hands_the_tables_of_04_to_the_plan(tmp_path):
    from tests.actions.test_plan import scores_of

    features, labels = make_tables(300)
    run = write_run(tmp_path, features, labels)
    scores = scores_of(features, labels)
    assignments = run.read("03_segmentation", "assignments")
    young = assignments["lifecycle_stage"].replace("Established", "Adopting")
    run.write("03_segmentation", "assignments", assignments.assign(lifecycle_stage=young))
    before = plan_actions(run, *scores)
    calm = assignments.loc[
        (assignments["as_of"] == features["as_of"].max())
        & (assignments["lifecycle_stage"] == "Established"),
        "account_id",
    ]
    names = "04_sequence_association_mining"
    run.write(names, "next_steps", STEPS)
    run.write(names, "next_step_accounts", open_steps(**{name: [0] for name in calm}))

    plan = plan_actions(run, *scores)

    assert "next_step" not in set(before.plans["play"])
    offers = plan.plans[plan.plans["play"] == "next_step"]
    assert 0 < len(offers) <= len(calm)
    assert (
        offers["action"].eq("Offer the step that alike accounts took next: uses bulk import").all()
    )
