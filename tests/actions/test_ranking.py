import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.actions.ranking import due_dates, hold_back, schedule, typical_uplift, value_of
from tests.actions.frames import AS_OF

FRIDAY = pd.Timestamp("2026-07-03")


def candidates(**columns):
    n = max(len(values) for values in columns.values())
    base = {
        "account_id": [f"a{i}" for i in range(n)],
        "chance": [0.5] * n,
        "mrr": [100.0] * n,
        "uplift": [40.0] * n,
        "objective": ["retention"] * n,
        "evidence": [1.0] * n,
        "due_days": [1] * n,
    }
    return pd.DataFrame(base | columns)


def test_value_is_money_times_urgency_times_evidence():  # P-14
    found = value_of(candidates(chance=[0.5, 0.1], due_days=[1, 14], evidence=[1.0, 0.5]))

    assert found["at_stake"].tolist() == [600, 120]
    assert found["urgency"].tolist() == [1.0, 0.5]
    assert found["value"].tolist() == pytest.approx([600, 120 * 0.5 * 0.5])


def test_size_alone_does_not_rank():  # P-14
    found = value_of(candidates(mrr=[1000.0, 200.0], chance=[0.01, 0.4]))

    assert found["value"].idxmax() == 1


def test_growth_counts_the_uplift_not_the_whole_revenue():
    found = value_of(candidates(objective=["expansion", "retention"]))

    assert found["at_stake"].tolist() == [0.5 * 40 * 12, 0.5 * 100 * 12]


def test_unknown_revenue_has_no_impact_but_is_not_forgotten():
    found = value_of(candidates(mrr=[100.0, np.nan, 300.0]))

    assert np.isnan(found["at_stake"][1])
    assert found["value"].tolist() == pytest.approx([600, 1200, 1800])
    nobody = value_of(candidates(mrr=[np.nan, np.nan], chance=[0.1, 0.4]))
    assert nobody["value"][1] > nobody["value"][0] > 0


def test_at_risk_holds_growth_back_and_says_why():  # B-05
    table = candidates(objective=["expansion", "retention", "advocacy", "expansion"]).assign(
        account_id=["a", "a", "a", "b"], play="p", action="x", reason="y"
    )

    kept, held = hold_back(table, pd.Series({"a": "churn band high", "b": ""}))

    assert kept[["account_id", "objective"]].to_numpy().tolist() == [
        ["a", "retention"],
        ["b", "expansion"],
    ]
    assert held["objective"].tolist() == ["expansion", "advocacy"]
    assert held["why"].unique().tolist() == ["at risk: churn band high"]


def queue(n, *, csm="Ana", due=7):
    return pd.DataFrame(
        {
            "account_id": [f"a{i:02d}" for i in range(n)],
            "csm": csm,
            "value": np.arange(n, 0, -1.0),
            "due_days": due,
        }
    )


def test_each_manager_gets_so_many_a_week_highest_value_first():
    best = pd.concat([queue(12), queue(3, csm="Ben").assign(account_id=["b0", "b1", "b2"])])

    planned, waiting = schedule(best, as_of=AS_OF, per_week=2)

    ana = planned[planned["csm"] == "Ana"]
    assert ana.groupby("week").size().tolist() == [2, 2, 2, 2]
    assert ana["account_id"].tolist() == [f"a{i:02d}" for i in range(8)]
    assert waiting["account_id"].tolist() == ["a08", "a09", "a10", "a11"]
    assert planned[planned["csm"] == "Ben"]["week"].tolist() == [1, 1, 2]
    assert planned["priority"].tolist() == list(range(1, 12))
    assert planned["week"].is_monotonic_increasing


def test_what_is_due_within_a_day_is_never_put_off():
    best = queue(6)
    best.loc[5, "due_days"] = 1

    planned, _ = schedule(best, as_of=AS_OF, per_week=2)

    urgent = planned[planned["account_id"] == "a05"].iloc[0]
    assert urgent["week"] == 1
    assert urgent["due_on"] == AS_OF + pd.Timedelta(days=1)
    assert planned.groupby("week").size().to_dict() == {1: 3, 2: 2, 3: 1}
    assert planned["priority"].iloc[0] == 1
    assert planned["account_id"].iloc[0] == "a00"  # worth more, though due later


def test_dates_follow_urgency_and_say_when_capacity_makes_them_late():
    planned, _ = schedule(queue(3, due=7), as_of=AS_OF, per_week=1)

    assert planned["due_on"].tolist() == [AS_OF + pd.Timedelta(days=d) for d in (7, 14, 21)]
    assert planned["late_days"].tolist() == [0, 7, 14]


def test_accounts_without_a_manager_share_one_queue():
    planned, waiting = schedule(queue(9, csm=None), as_of=AS_OF, per_week=2)

    assert len(planned) == 8
    assert planned["csm"].isna().all()
    assert len(waiting) == 1


def test_nothing_to_do_is_fine():
    planned, waiting = schedule(queue(0), as_of=AS_OF, per_week=2)

    assert planned.empty
    assert waiting.empty
    assert {"priority", "due_on", "week", "late_days"} <= set(planned.columns)


@pytest.mark.parametrize(
    ("as_of", "wanted", "due"),
    [
        (AS_OF, FRIDAY, FRIDAY),
        (AS_OF, "2026-07-04", FRIDAY),
        (AS_OF, "2026-07-05", FRIDAY),
        (AS_OF, "2026-07-06", "2026-07-06"),
        ("2026-07-03", "2026-07-04", "2026-07-06"),  # the Friday before would be the run's own day
        ("2026-07-04", "2026-07-05", "2026-07-06"),
    ],
)
def test_weekends_move_to_friday_if_that_is_still_ahead(as_of, wanted, due):
    found = due_dates(pd.Series([pd.Timestamp(wanted)]), pd.Timestamp(as_of))

    assert found.tolist() == [pd.Timestamp(due)]


@given(
    start=st.dates(min_value=pd.Timestamp("2026-01-01").date(), max_value=AS_OF.date()),
    days=st.integers(1, 40),
)
def test_due_dates_are_working_days_ahead(start, days):
    as_of = pd.Timestamp(start)

    due = due_dates(pd.Series([as_of + pd.Timedelta(days=days)]), as_of)[0]

    assert due > as_of
    assert due.day_of_week < 5
    assert abs((due - as_of).days - days) <= 2


def test_typical_uplift_is_the_median_of_past_upgrades():
    outcomes = pd.DataFrame(
        {
            "outcome": ["upgraded", "upgraded", "upgraded", "churned"],
            "mrr_change": [30.0, 50.0, None, -400.0],
        }
    )

    assert typical_uplift(outcomes) == 40
    assert np.isnan(typical_uplift(None))
    assert np.isnan(typical_uplift(outcomes.iloc[3:]))
