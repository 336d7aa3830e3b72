import numpy as np
import pandas as pd
import pytest

from helpers.scores.survival import kaplan_meier, measure_survival

START = pd.Timestamp("2026-01-01")
AS_OF = START + pd.Timedelta(days=210)


def company(n=400, *, seed=2, ratio=4.0):
    """At-risk accounts leave ``ratio`` times as fast; segments are dealt at random and stay."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"a{i:04d}" for i in range(n)])
    risky = rng.random(n) < 0.3
    mrr = np.exp(rng.normal(6, 1, n))
    days = rng.exponential(900 / np.where(risky, ratio, 1.0)).astype(int)
    gone = START + pd.to_timedelta(days, unit="D")
    dates = [START + pd.Timedelta(days=30 * k) for k in range(7)]
    rows = []
    for date in dates:
        live = gone >= date
        rows.append(
            pd.DataFrame(
                {
                    "account_id": ids,
                    "as_of": date,
                    "segment": np.where(
                        live, np.where(risky, "At Risk", "Casual Users"), "Churned"
                    ),
                    "mrr": mrr,
                    "age_days": 200.0 + np.arange(n) % 300 + (date - START).days,
                }
            )
        )
    table = pd.concat(rows, ignore_index=True)
    left = pd.DataFrame({"account_id": ids, "churned_at": gone})
    left = left[left["churned_at"] < AS_OF].sort_values(["churned_at", "account_id"])
    return table[["account_id", "as_of", "segment"]], table.drop(columns="segment"), left


@pytest.fixture(scope="module")
def found():
    return measure_survival(*company(), as_of=AS_OF)


def test_the_curve_by_hand():
    table = kaplan_meier(np.array([5, 5, 8, 10, 10]), np.array([True, False, True, False, False]))

    assert table["day"].tolist() == [0, 5, 8, 10]
    assert table["at_risk"].tolist() == [5, 5, 3, 2]
    assert table["stayed"].tolist() == pytest.approx([1, 4 / 5, 4 / 5 * 2 / 3, 8 / 15], abs=1e-6)
    assert (table["low"] <= table["stayed"]).all()
    assert (table["stayed"] <= table["high"]).all()


def test_the_curve_agrees_with_statsmodels():
    from statsmodels.duration.survfunc import SurvfuncRight

    rng = np.random.default_rng(4)
    days, left = rng.integers(1, 60, 200), rng.random(200) < 0.4
    twin = SurvfuncRight(days.astype(float), left.astype(int))

    ours = kaplan_meier(days, left).set_index("day")["stayed"]

    for day, value in zip(twin.surv_times, twin.surv_prob, strict=True):
        assert ours[day] == pytest.approx(value, abs=1e-6)


def test_nobody_has_left_yet_is_not_certain():
    table = kaplan_meier(np.full(30, 90), np.zeros(30, bool))

    assert table["stayed"].tolist() == [1.0, 1.0]
    assert table["low"].iloc[0] == pytest.approx(0.05 ** (1 / 30), abs=1e-6)


def test_curves_follow_the_segment_of_the_first_day(found):
    assert found.since == START
    assert found.followed_days == 182
    ends = found.curves.groupby("segment")["stayed"].last()
    assert ends["At Risk"] < ends["Casual Users"]
    assert ends["At Risk"] == pytest.approx(np.exp(-182 * 4 / 900), abs=0.1)
    assert set(found.curves["segment"]) == {"At Risk", "Casual Users"}


def test_the_planted_hazard_ratio_is_in_its_interval(found):
    row = found.hazards.set_index("term").loc["At Risk"]

    assert row["against"] == "Casual Users"
    assert row["low"] <= 4.0 <= row["high"]
    assert row["low"] > 1
    noise = found.hazards.set_index("term").loc["monthly revenue, doubled"]
    assert noise["low"] <= 1 <= noise["high"]


def test_where_segments_do_not_matter_none_is_said_to():  # the null
    hits = 0
    for seed in range(8):
        hazards = measure_survival(*company(300, seed=seed, ratio=1.0), as_of=AS_OF).hazards
        row = hazards.set_index("term").loc["At Risk"]
        hits += row["low"] <= 1 <= row["high"]
    assert hits >= 6


def test_later_departures_change_nothing():
    assignments, features, left = company()
    later = pd.concat(
        [left, pd.DataFrame({"account_id": ["a0000"], "churned_at": [AS_OF]})], ignore_index=True
    )

    first = measure_survival(assignments, features, left, as_of=AS_OF)
    second = measure_survival(assignments, features, later, as_of=AS_OF)

    pd.testing.assert_frame_equal(first.curves, second.curves)
    pd.testing.assert_frame_equal(first.hazards, second.hazards)


def test_few_departures_and_short_histories_say_so():
    assignments, features, left = company()
    few = measure_survival(assignments, features, left.head(5), as_of=AS_OF)
    assert few.hazards.empty
    assert not few.curves.empty
    none = measure_survival(assignments, features, left, as_of=START)
    assert none.curves.empty
    assert "no earlier date" in none.reason
