import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import ParameterError
from helpers.scores.anchors import Anchors, weighted_score

RISING = Anchors(((0.0, 0.0), (1.0, 50.0), (4.0, 100.0)))
WEIGHTS = {"a": 0.5, "b": 0.3, "c": 0.2}


def test_ends_and_straight_lines_between():
    values = pd.Series([-1.0, 0.0, 0.5, 1.0, 2.5, 4.0, 9.0, np.nan])

    scores = RISING.scale(values)

    assert scores[:7].tolist() == [0, 0, 25, 50, 75, 100, 100]
    assert np.isnan(scores[7])


def test_a_scale_may_fall():
    assert Anchors(((0, 100), (10, 0))).scale(pd.Series([0.0, 5.0, 10.0])).tolist() == [100, 50, 0]


@pytest.mark.parametrize(
    "points",
    [
        ((1, 0), (0, 100)),
        ((0, 0), (0, 50), (1, 100)),
        ((0, 0), (1, 90)),
        ((0, 0), (1, 60), (2, 40), (3, 100)),
    ],
)
def test_anchors_that_do_not_run_from_end_to_end_are_refused(points):
    with pytest.raises(ParameterError, match="anchors must rise in value and run from 0 to 100"):
        Anchors(points)


def test_the_weight_of_what_is_missing_goes_to_what_is_there():  # Z-18
    parts = pd.DataFrame({"a": [100, np.nan, 100], "b": [0, 60, np.nan], "c": [50, np.nan, np.nan]})

    score, coverage = weighted_score(parts, WEIGHTS, min_coverage=0.5)

    assert score.tolist()[0] == pytest.approx(0.5 * 100 + 0.2 * 50)
    assert np.isnan(score[1])  # only 30 % of the weight is known
    assert score[2] == pytest.approx(100)
    assert coverage.tolist() == [1.0, 0.3, 0.5]


def test_weights_must_sum_to_one():
    with pytest.raises(ParameterError, match=r"weights must sum to 1, got 0\.9000"):
        weighted_score(pd.DataFrame({"a": [1.0]}), {"a": 0.9}, min_coverage=0)


@given(
    st.lists(
        st.tuples(*[st.one_of(st.none(), st.floats(0, 100)) for _ in range(3)]),
        min_size=1,
        max_size=20,
    )
)
def test_a_weighted_score_lies_between_its_parts(rows):
    parts = pd.DataFrame(rows, columns=list("abc"), dtype="float64")

    score, coverage = weighted_score(parts, WEIGHTS, min_coverage=0.2)

    known = score.notna()
    assert (score[known] >= parts[known].min(axis=1) - 1e-6).all()
    assert (score[known] <= parts[known].max(axis=1) + 1e-6).all()
    assert known.equals(coverage >= 0.2 - 1e-9)
