"""P-16: what earlier runs said, against what happened."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from helpers.artifacts import Run
from helpers.audit.drift import earlier_runs
from helpers.scores.hindsight import predicted_and_actual, range_of_counts
from tests.company import make_config

THEN = pd.Timestamp("2026-03-01")
NOW = pd.Timestamp("2026-07-01")


def publish(reports, run_id, as_of, probability, *, company="Muster GmbH"):
    folder = reports / run_id
    tables = folder / "tables" / "06_churn_model"
    tables.mkdir(parents=True)
    n = len(probability)
    pd.DataFrame(
        {
            "account_id": [f"a{i:03d}" for i in range(n)],
            "churn_probability": probability,
            "churn_band": np.where(np.asarray(probability) > 0.3, "high", "low"),
        }
    ).to_parquet(tables / "predictions.parquet", index=False)
    (folder / "settings.json").write_text(json.dumps({"analysis": {"horizon_days": 90}}))
    manifest = {"company": company, "as_of": str(as_of.date())}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def departures(n, day):
    return pd.DataFrame({"account_id": [f"a{i:03d}" for i in range(n)], "churned_at": day})


def test_counts_that_the_probabilities_allow_by_hand():
    chances = np.array([0.2, 0.5, 0.9])
    exact = np.zeros(4)
    for ways in product([0, 1], repeat=3):
        exact[sum(ways)] += np.prod([p if w else 1 - p for p, w in zip(chances, ways, strict=True)])
    low, high = range_of_counts(chances)

    assert exact[:low].sum() <= 0.025 < exact[: low + 1].sum()
    assert exact[high + 1 :].sum() <= 0.025 + 1e-9
    assert range_of_counts(np.full(40, 0.1)) == (
        binom.ppf(0.025, 40, 0.1),
        binom.ppf(0.975, 40, 0.1),
    )
    assert range_of_counts(np.zeros(0)) == (0, 0)


def test_a_finished_run_is_held_against_who_left(tmp_path):  # P-16
    folder = publish(tmp_path, "spring", THEN, [0.5] * 20 + [0.01] * 80)
    left = departures(10, THEN + pd.Timedelta(days=40))
    ids = pd.Series([f"a{i:03d}" for i in range(100)])

    table = predicted_and_actual([(folder, THEN)], left, ids, as_of=NOW).set_index("band")

    assert table.loc["high", ["n", "left"]].tolist() == [20, 10]
    assert table.loc["high", "expected"] == pytest.approx(10)
    assert table.loc["all", "expected"] == pytest.approx(10.8)
    assert table["over"].all()
    assert (table["verdict"] == "as expected").all()
    assert table.loc["all", "auc"] == pytest.approx((10 * 80 + 10 * 10 * 0.5) / (10 * 90))


def test_a_model_that_cries_wolf_is_told_so(tmp_path):
    folder = publish(tmp_path, "spring", THEN, [0.6] * 50)
    ids = pd.Series([f"a{i:03d}" for i in range(50)])

    few = predicted_and_actual(
        [(folder, THEN)], departures(3, THEN + pd.Timedelta(days=5)), ids, as_of=NOW
    )
    many = predicted_and_actual(
        [(folder, THEN)], departures(48, THEN + pd.Timedelta(days=5)), ids, as_of=NOW
    )

    assert few.set_index("band").loc["all", "verdict"] == "fewer than expected"
    assert many.set_index("band").loc["all", "verdict"] == "more than expected"


def test_an_unfinished_run_is_held_against_so_many_days(tmp_path):
    newer = NOW - pd.Timedelta(days=30)
    folder = publish(tmp_path, "june", newer, [0.271] * 60)
    after = departures(6, NOW)  # on the day of this run: not known yet

    table = predicted_and_actual(
        [(folder, newer)], after, pd.Series([f"a{i:03d}" for i in range(60)]), as_of=NOW
    ).set_index("band")

    assert table["days"].unique().tolist() == [30]
    assert not table["over"].any()
    assert table.loc["all", "expected"] == pytest.approx(60 * 0.1, abs=0.01)  # 1 - 0.729 ** (1/3)
    assert table.loc["all", "left"] == 0


def test_who_opted_out_since_is_left_out_and_other_companies_too(tmp_path):
    config = make_config()
    name = config.company.name
    publish(tmp_path, "mine", THEN, [0.5] * 10, company=name)
    publish(tmp_path, "theirs", THEN, [0.5] * 10, company="Another Ltd")
    stage = tmp_path / ".staging" / "now"
    stage.mkdir(parents=True)
    found = earlier_runs(Run(tmp_path, "now", stage), config.with_as_of(NOW.date()))

    table = predicted_and_actual(
        found, departures(0, NOW), pd.Series(["a000", "a001"]), as_of=NOW
    ).set_index("band")

    assert [folder.name for folder, _ in found] == ["mine"]
    assert table.loc["all", "n"] == 2


def test_without_an_earlier_run_or_scores_there_is_an_empty_table(tmp_path):
    folder = publish(tmp_path, "bare", THEN, [np.nan] * 5)
    (folder / "settings.json").write_text("{")

    assert predicted_and_actual([], departures(0, NOW), pd.Series([], dtype="str"), as_of=NOW).empty
    assert predicted_and_actual(
        [(folder, THEN)], departures(0, NOW), pd.Series(["a000"]), as_of=NOW
    ).empty
