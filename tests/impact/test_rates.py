import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from helpers.errors import ParameterError
from helpers.impact.rates import (
    e_value,
    events_needed,
    rate_ratio,
    risk_difference,
    smallest_ratio,
    survival,
)


def test_a_rate_ratio_by_hand():  # K-10
    ratio, low, high, p_value = rate_ratio((4, 5), (414.0, 326.0))

    assert ratio == pytest.approx(4 / 414 / (5 / 326))
    assert low == pytest.approx(0.1248, abs=1e-3)  # Clopper-Pearson of 4 of 9, as odds
    assert high == pytest.approx(2.927, abs=1e-2)
    assert p_value > 0.4


def test_nothing_happened_tells_nothing():
    assert all(math.isnan(value) for value in rate_ratio((0, 0), (10.0, 10.0)))
    ratio, low, high, _ = rate_ratio((0, 5), (10.0, 10.0))
    assert (ratio, low) == (0.0, 0.0)
    assert 0 < high < 2
    ratio, low, high, _ = rate_ratio((5, 0), (10.0, 10.0))
    assert ratio == high == math.inf
    assert low > 0.5
    with pytest.raises(ParameterError, match="times above 0"):
        rate_ratio((1, 1), (0.0, 1.0))


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        events = rng.poisson(0.7 * 0.01 * 3_000), rng.poisson(0.01 * 2_000)
        _, low, high, _ = rate_ratio((int(events[0]), int(events[1])), (3_000.0, 2_000.0))
        held += low <= 0.7 <= high
    assert held >= 0.95 * 400  # exact intervals hold it more often, never less


def test_the_test_finds_nothing_where_there_is_nothing():
    rng = np.random.default_rng(4)
    p = [rate_ratio((int(a), int(b)), (100.0, 100.0))[3] for a, b in rng.poisson(20, (400, 2))]
    assert np.mean(np.array(p) < 0.05) <= 0.06


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=2, max_size=40))
def test_survival_agrees_with_statsmodels(rows):
    days, left = (np.array(column) for column in zip(*rows, strict=True))
    share, error = survival(days, left, at=20)

    curve = SurvfuncRight(days, left.astype(int))
    before = curve.surv_times <= 20
    if not before.any():
        assert share == 0.0
    else:
        assert 1 - share == pytest.approx(curve.surv_prob[before][-1])
        if curve.surv_prob[before][-1] > 0:
            assert error == pytest.approx(curve.surv_prob_se[before][-1], abs=1e-9)


def test_the_difference_of_two_shares_is_newcombes():
    pair = [
        (hits / n, math.sqrt(hits / n * (1 - hits / n) / n), n) for hits, n in ((56, 70), (48, 80))
    ]
    assert risk_difference(*pair) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_an_arm_that_nobody_left_is_not_certain():
    gap, low, high = risk_difference((0.0, 0.0, 12), (0.25, 0.125, 12))
    assert gap == -0.25
    assert low < -0.25 < 0 < high


def test_power_and_its_inverse():  # K-09
    assert events_needed(0.7) == math.ceil(4 * 7.8489 / math.log(0.7) ** 2)
    for ratio in (0.3, 0.6, 0.9):
        assert smallest_ratio(events_needed(ratio)) == pytest.approx(ratio, abs=0.01)
    assert smallest_ratio(0) == 0.0
    for wrong in (1.0, 0.0):
        with pytest.raises(ParameterError, match="events_needed"):
            events_needed(wrong)


def test_the_e_value_by_hand():
    assert e_value(0.5) == pytest.approx(2 + math.sqrt(2))
    assert e_value(2.0) == e_value(0.5)
    assert e_value(1.0) == 1.0
    assert math.isnan(e_value(math.nan))
