import numpy as np
import pandas as pd
import pytest

from helpers.scores.calibration import calibration_summary, clustered_share
from helpers.scores.evaluate import Judged
from helpers.scores.metrics import calibration_errors, equal_groups
from helpers.stats import wilson

DAY = pd.Timestamp("2026-04-02")


def make(n=800, *, dates=2, tilt=0.0, seed=3):
    """Probabilities that are right, or a tilt too high; each account stands at every date."""
    rng = np.random.default_rng(seed)
    p = np.tile(rng.beta(1, 8, n), dates)
    lots = np.tile(rng.random(n), dates)
    rows = pd.DataFrame(
        {
            "account_id": [f"a{i:04d}" for i in range(n)] * dates,
            "as_of": np.repeat([DAY + pd.Timedelta(days=30 * d) for d in range(dates)], n),
            "outcome": (lots < np.clip(p - tilt, 0, 1)).astype(float),
        }
    )
    return Judged(rows=rows, scores={}, probabilities={"m": p}, split="rolling")


def test_the_error_by_hand():
    p = np.r_[np.full(20, 0.1), np.full(20, 0.6)]
    outcome = np.r_[np.ones(4), np.zeros(16), np.ones(12), np.zeros(8)]

    found = calibration_errors(p, outcome[None, :], np.ones((1, 40)), n_groups=2)

    assert found[0] == pytest.approx((20 * abs(0.2 - 0.1) + 20 * abs(0.6 - 0.6)) / 40)


def test_groups_agree_with_the_naive_twin():
    p = np.round(np.random.default_rng(1).beta(1, 6, 300), 2)
    got = equal_groups(p, 8)
    order = sorted(range(len(p)), key=lambda i: p[i])
    place = {row: number * 8 // len(p) for number, row in enumerate(order)}
    for value in set(p):
        mine = [i for i in range(len(p)) if p[i] == value]
        assert {got[i] for i in mine} == {min(place[i] for i in mine)}


def test_right_probabilities_err_by_chance_only_and_tilted_ones_do_not():
    right = calibration_summary(make(), n_draws=200).iloc[0]
    wrong = calibration_summary(make(tilt=0.05), n_draws=200).iloc[0]

    assert right["error"] <= right["by_chance_high"]
    assert wrong["error"] > wrong["by_chance_high"]
    assert wrong["error"] == pytest.approx(0.05, abs=0.02)
    assert right["low"] <= right["high"]
    assert right["n"] == 1600


def test_chance_errs_as_the_average_of_right_companies_does():
    errors = [calibration_summary(make(seed=s), n_draws=2).iloc[0]["error"] for s in range(20)]
    told = calibration_summary(make(), n_draws=200).iloc[0]["by_chance"]

    assert np.mean(errors) == pytest.approx(told, abs=0.004)


def test_accounts_that_stand_at_many_dates_are_no_more_tries():
    hits = np.tile(np.r_[np.ones(6), np.zeros(44)], 4)
    accounts = np.tile(np.arange(50).astype(object), 4)
    low, high = clustered_share(hits, accounts)
    alone_low, alone_high = wilson([6], [50])
    many_low, many_high = wilson([24], [200])

    assert (low, high) == pytest.approx((alone_low[0], alone_high[0]), abs=0.01)
    assert high - low > 1.5 * (many_high[0] - many_low[0])


def test_a_group_nobody_left_is_not_certain():
    low, high = clustered_share(np.zeros(60), np.repeat(np.arange(20), 3).astype(object))

    assert low == 0
    assert high == pytest.approx(wilson([0], [20])[1][0])
    assert clustered_share(np.zeros(0), np.zeros(0, object)) == (0.0, 1.0)


def test_nothing_judged_gives_an_empty_table():
    assert calibration_summary(None).empty
    assert "by_chance_high" in calibration_summary(None).columns
