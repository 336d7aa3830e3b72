"""First days, recomputed from the raw events as an analyst would."""

import pandas as pd
import pytest

from tests.sources.demo.conftest import Written

CORE = """('project_created', 'task_created', 'task_completed', 'comment_added', 'file_uploaded',
          'board_viewed', 'item_shared')"""
SUCCESS = ["signed_up", "email_verified", "profile_completed", "user_invited", "project_created",
           "task_created"]  # fmt: skip


@pytest.fixture(scope="module")
def people(brightdesk: Written) -> pd.DataFrame:
    """Everyone with a signed_up event: first week in order, next-day login, core use later."""
    found = brightdesk.frame(
        f"""WITH s AS (SELECT u, min(lt) t0 FROM ev WHERE e = 'signed_up' GROUP BY u)
        SELECT s.u, min(t0) t0,
          list(e ORDER BY lt, id) FILTER (lt < t0 + INTERVAL 7 DAY) AS week,
          bool_or(e = 'login' AND d = CAST(t0 AS DATE) + 1) AS back,
          bool_or(e IN {CORE} AND lt >= t0 + INTERVAL 28 DAY
            AND lt < t0 + INTERVAL 56 DAY) AS later,
          max(CASE WHEN e = 'setup_step_completed' AND lt < t0 + INTERVAL 7 DAY
              THEN amount ELSE 0 END) steps
        FROM s JOIN ev USING (u) GROUP BY s.u"""
    ).set_index("u")
    truth = brightdesk.csv("truth/journeys.csv").set_index("user_id")
    return truth.join(found, how="inner")


def follows(week: list[str], steps: list[str]) -> bool:
    rest = iter(week)
    return all(step in rest for step in steps)


def test_everyone_who_signed_up_is_in_the_truth(brightdesk: Written, people: pd.DataFrame) -> None:
    assert len(people) == len(brightdesk.csv("truth/journeys.csv"))
    assert 2500 < people.eligible.sum() < 4500


def test_success_journeys_are_recognisable_and_only_they(people: pd.DataFrame) -> None:
    #
    done = people.week.map(lambda week: follows(list(week), SUCCESS)) & people.back
    assert (done == (people.journey == "success"))[people.eligible].all()
    assert (people.journey == "success").mean() == pytest.approx(0.45, abs=0.02)


def test_failure_journeys_browse_exit_and_do_not_return(people: pd.DataFrame) -> None:
    #
    fails = people[people.journey == "failure"]
    expected = ["signed_up", "email_verified", "features_browsed", "session_ended"]
    assert fails.week.map(lambda week: list(week) == expected).all()
    others = people[people.journey != "failure"]
    assert not others.week.map(lambda week: "features_browsed" in list(week)).any()


def test_activation_in_the_data_is_the_planted_one(people: pd.DataFrame) -> None:
    judged = people[people.eligible]
    assert (judged.later == judged.activated).all()


@pytest.mark.parametrize(
    ("journey", "rate"), [("success", 0.78), ("failure", 0.12), ("mixed", 0.45)]
)
def test_journeys_activate_at_their_rate(
    people: pd.DataFrame, brightdesk: Written, journey: str, rate: float
) -> None:
    # Q-02 Q-03 Q-04
    judged = people[people.eligible & (people.journey == journey)]
    error = (rate * (1 - rate) / len(judged)) ** 0.5
    assert judged.later.mean() == pytest.approx(rate, abs=2.5 * error)
    names = {"success": "Q-02.success_rate", "failure": "Q-03.failure_rate"}
    if journey in names:
        realised = brightdesk.planted.loc[names[journey], "realised"]
        assert realised == pytest.approx(judged.later.mean(), abs=1e-6)


def test_the_wizard_goes_with_fifteen_points(people: pd.DataFrame, brightdesk: Written) -> None:
    # B-02
    judged = people[people.eligible]
    finished = judged.steps == 4
    assert (judged.steps == judged.wizard_steps).all()
    assert judged[finished].later.mean() == pytest.approx(0.60, abs=0.04)
    gap = judged[finished].later.mean() - judged[~finished].later.mean()
    assert gap == pytest.approx(0.15, abs=0.05)
    assert brightdesk.planted.loc["B-02.points", "realised"] == pytest.approx(gap, abs=1e-6)
    assert (judged[~finished].steps == 2).sum() > 100  # half-way: the worked example


def test_activation_does_not_hang_on_the_account_leaving(people: pd.DataFrame) -> None:
    """Who could not be judged because the account left is set apart, not counted as a failure."""
    success = people[people.journey == "success"]
    assert success[~success.eligible].activated.mean() == pytest.approx(0.78, abs=0.09)
