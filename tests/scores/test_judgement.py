import numpy as np
import pandas as pd
import pytest

from helpers.scores.calibration import calibration_table
from helpers.scores.evaluate import Judged
from helpers.scores.judgement import fairness_table, gains_table

DAY = pd.Timestamp("2026-04-02")


def make(n=200, *, dates=(DAY,), seed=1):
    rng = np.random.default_rng(seed)
    p = np.tile(np.round(rng.beta(1, 8, n), 3), len(dates))
    rows = pd.DataFrame(
        {
            "account_id": [f"a{i:03d}" for i in range(n)] * len(dates),
            "as_of": np.repeat(dates, n),
            "outcome": (rng.random(len(p)) < p).astype(float),
            "age_days": 100.0,
        }
    )
    return Judged(
        rows=rows,
        scores={"m": p, "base rate": np.zeros(len(p))},
        probabilities={"m": p, "base rate": np.full(len(p), p.mean())},
        split="rolling",
    )


def test_groups_of_equal_size_hold_everybody_once():
    judged = make()

    table = calibration_table(judged, "m", n_bins=5)

    assert table["n"].sum() == 200
    assert table["n_positive"].sum() == judged.rows["outcome"].sum()
    assert table["predicted"].is_monotonic_increasing
    assert (table["low"] <= table["observed"]).all()
    assert (table["observed"] <= table["high"]).all()
    assert table["bin"].tolist() == list(range(1, len(table) + 1))


def test_equal_probabilities_are_never_split():
    table = calibration_table(make(), "base rate", n_bins=5)

    assert len(table) == 1
    assert table["n"].tolist() == [200]


def test_few_rows_make_few_groups():
    assert len(calibration_table(make(31), "m", n_bins=8)) <= 2


def test_a_random_order_is_the_diagonal_and_the_ends_are_fixed():
    judged = make(100, dates=(DAY, DAY + pd.Timedelta(days=30)))

    table = gains_table(judged, ["m", "base rate", "absent"], k=25)

    lot = table[table["model"] == "base rate"]
    assert lot["share_found"].to_numpy() == pytest.approx(lot["share_called"].to_numpy())
    for _, mine in table.groupby("model"):
        assert mine["share_found"].iloc[[0, -1]].tolist() == pytest.approx([0, 1])
        assert mine["share_found"].is_monotonic_increasing
        assert mine.loc[mine["at_capacity"], "share_called"].tolist() == [0.25]
    assert "absent" not in set(table["model"])


def test_gains_by_hand():
    judged = make(4)
    judged.rows["outcome"] = [1.0, 0.0, 1.0, 0.0]
    judged.scores["m"] = np.array([4.0, 3.0, 2.0, 1.0])

    table = gains_table(judged, ["m"], k=1).set_index("share_called")["share_found"]

    assert table[0.25] == pytest.approx(0.5)
    assert table[0.5] == pytest.approx(0.5)
    assert table[1.0] == 1


def test_fairness_counts_by_hand():
    judged = make(6)
    judged.rows["outcome"] = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0]
    judged.scores["m"] = np.array([6.0, 1.0, 5.0, 2.0, 4.0, 3.0])
    features = judged.rows[["account_id", "as_of"]].assign(
        region=["N", "N", "N", "S", "S", None], employees=[10, 10, 60, 60, 300, np.nan]
    )

    table = fairness_table(judged, "m", features, k=3).set_index(["grouping", "group"])

    north = table.loc[("region", "N")]
    assert (north["n"], north["n_churned"]) == (3, 2)
    assert north["capture"] == 0.5  # of a000 and a001 only a000 is among the first three
    assert north["false_alarm"] == 1.0  # a002 is named and stayed
    assert table.loc[("region", "S"), "capture"] == 1.0
    assert table.loc[("region", "not known"), "n"] == 1
    assert np.isnan(table.loc[("region", "not known"), "capture"])
    assert table.loc[("size", "below 50 employees"), "n"] == 2
    assert table.loc[("size", "50 to 249 employees"), "n"] == 2
    assert table.loc[("size", "250 employees and more"), "n"] == 1
    everybody = table.loc[("everybody", "everybody")]
    assert everybody["capture"] == pytest.approx(2 / 3)
    assert everybody["false_alarm"] == pytest.approx(1 / 3)
    assert everybody["capture_low"] < everybody["capture"] < everybody["capture_high"]


def test_a_group_that_is_passed_over_is_named_and_chance_is_not():  # E-03
    rng = np.random.default_rng(2)
    judged = make(400)
    judged.rows["outcome"] = (rng.random(400) < 0.3).astype(float)
    plan = np.where(np.arange(400) % 2, "Pro", "Team")
    features = judged.rows[["account_id", "as_of"]].assign(plan=plan)
    judged.scores["m"] = judged.rows["outcome"].to_numpy() + rng.random(400)
    fair = fairness_table(judged, "m", features, k=60)
    judged.scores["m"] = judged.scores["m"] - 2.0 * (plan == "Pro")
    unfair = fairness_table(judged, "m", features, k=60).set_index("group")

    assert (fair["stands_out"] == "").all()
    assert "found less often" in unfair.loc["Pro", "stands_out"]
    assert "found more often" in unfair.loc["Team", "stands_out"]
    assert unfair.loc["Pro", "capture_q"] < 0.05
    assert unfair.loc["everybody", "stands_out"] == ""


def test_without_regions_only_everybody_is_counted():
    judged = make(30)

    table = fairness_table(judged, "m", judged.rows[["account_id", "as_of"]], k=5)

    assert table["grouping"].tolist() == ["everybody"]


def test_nothing_judged_gives_empty_tables_with_their_columns():
    tables = (
        calibration_table(None, "m"),
        gains_table(None, ["m"], k=3),
        fairness_table(None, "m", pd.DataFrame(), k=3),
    )

    assert all(table.empty and len(table.columns) for table in tables)
