import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import ParameterError
from helpers.scores.scale import (
    CHURN_DIRECTION,
    CHURN_MEANING,
    HEALTH_DIRECTION,
    HEALTH_MEANING,
    churn_band,
    churn_score,
    health_band,
    round_half_up,
)


def test_churn_bands_at_their_edges():  # P-02, Z-04
    scores = [0, 30, 30.49, 30.5, 31, 70, 70.49, 70.5, 71, 100]

    bands = churn_band(scores).tolist()

    assert bands == ["low"] * 3 + ["medium"] * 4 + ["high"] * 3


def test_health_bands_at_their_edges():  # P-11
    scores = [0, 39.9, 39.94, 39.95, 40, 70, 70.04, 70.05, 70.1, 100]

    bands = health_band(scores).tolist()

    assert bands == ["low"] * 3 + ["medium"] * 4 + ["high"] * 3


@pytest.mark.parametrize("banded", [churn_band, health_band])
@given(score=st.floats(0, 100))
def test_every_score_has_exactly_one_band_and_it_never_falls(banded, score):
    order = ["low", "medium", "high"]

    here, above = banded([score, min(score + 0.5, 100.0)])

    assert order.index(here) <= order.index(above)


def test_missing_scores_have_no_band_and_wrong_ones_are_refused():
    bands = churn_band(pd.Series([np.nan, 50.0], index=[7, 8]))

    assert bands.isna().tolist() == [True, False]
    assert bands.index.tolist() == [7, 8]
    with pytest.raises(ParameterError, match="a churn score lies between 0 and 100, got 101"):
        churn_band([101])
    with pytest.raises(ParameterError, match="a health score lies between 0 and 100, got -1"):
        health_band([-1.0])


def test_directions_and_meanings_are_opposite_and_complete():  # Z-05
    assert "higher = more likely to churn" in CHURN_DIRECTION
    assert "higher = healthier" in HEALTH_DIRECTION
    assert list(CHURN_MEANING) == list(HEALTH_MEANING) == ["low", "medium", "high"]
    assert CHURN_MEANING["high"] == "immediate intervention"
    assert HEALTH_MEANING["low"] == "high-touch intervention"


def test_score_at_its_anchors():
    base = 0.05
    odds = 3 * base / (1 - base)

    scores = churn_score([0.0, base / 2, base, odds / (1 + odds), 1.0], base_rate=base)

    assert scores == pytest.approx([0, 15, 30, 70, 100])


def test_middle_of_the_medium_band_is_the_geometric_mean_of_the_odds():
    odds = np.sqrt(3) * 0.1 / 0.9

    assert churn_score([odds / (1 + odds)], base_rate=0.1) == pytest.approx([50])


@given(
    base=st.floats(0.001, 0.999),
    p=st.floats(0, 1),
    step=st.floats(0, 0.2),
)
def test_score_rises_with_the_probability_and_stays_in_range(base, p, step):
    low, high = churn_score([p, min(p + step, 1.0)], base_rate=base)

    assert 0 <= low <= high + 1e-9 <= 100 + 1e-9


@pytest.mark.parametrize("base", [0.0, 1.0, -0.1, float("nan")])
def test_a_base_rate_without_both_outcomes_is_refused(base):
    with pytest.raises(ParameterError, match="base_rate must lie between 0 and 1"):
        churn_score([0.5], base_rate=base)


def test_probabilities_outside_their_range_are_refused():
    with pytest.raises(ParameterError, match=r"expected probabilities in \[0, 1\], got 1.2"):
        churn_score([0.5, 1.2], base_rate=0.1)


def test_halves_go_up():
    assert round_half_up([0.5, 1.5, 2.5, 2.4999]).tolist() == [1, 2, 3, 2]
    assert round_half_up([39.95, 0.285], decimals=1).tolist() == [40.0, 0.3]
    assert round_half_up([0.285], decimals=2).tolist() == [0.29]
    assert np.isnan(round_half_up([np.nan])).all()
