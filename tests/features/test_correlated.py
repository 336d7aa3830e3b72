"""Which of two features that say the same is dropped."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from helpers.errors import ParameterError
from helpers.features import drop_correlated


@pytest.fixture
def frame():
    rng = np.random.default_rng(5)
    x, y = rng.lognormal(size=400), rng.normal(size=400)
    return pd.DataFrame(
        {
            "x": x,
            "cube": x**3,  # another scale, the same ranks
            "less": -x + 0.02 * y,
            "y": y,
            "flat": 1.0,
            "nothing": np.nan,
            "text": "t",
        }
    )


def test_the_earlier_feature_is_kept_and_the_pair_is_told(frame):  # F-22
    kept, dropped = drop_correlated(frame, threshold=0.9)
    assert kept == ["x", "y"]
    assert dropped["feature"].tolist() == ["cube", "less", "flat", "nothing"]
    assert dropped["kept_instead"].tolist()[:2] == ["x", "x"]
    assert dropped["correlation"].tolist()[0] == 1.0
    assert dropped["correlation"].tolist()[1] < -0.9
    assert dropped["reason"].tolist() == ["correlated", "correlated", "constant", "empty"]
    assert dropped["n_rows"].tolist() == [400, 400, 400, 0]
    assert dropped["threshold"].eq(0.9).all()


def test_the_order_given_decides(frame):
    kept, dropped = drop_correlated(frame, threshold=0.9, columns=["cube", "x", "y"])
    assert kept == ["cube", "y"]
    assert dropped["feature"].tolist() == ["x"]


def test_no_pair_above_the_threshold_remains_and_each_dropped_one_had_a_twin():
    rng = np.random.default_rng(8)
    base = rng.normal(size=(300, 4))
    mixed = base @ rng.normal(size=(4, 12)) + 0.3 * rng.normal(size=(300, 12))
    frame = pd.DataFrame(mixed, columns=[f"f{i}" for i in range(12)])
    kept, dropped = drop_correlated(frame, threshold=0.7)
    exact = pd.DataFrame(spearmanr(frame).statistic, frame.columns, frame.columns).abs()
    among = exact.loc[kept, kept].to_numpy() - np.eye(len(kept))
    assert among.max() <= 0.7
    for row in dropped.itertuples():
        assert row.correlation == pytest.approx(
            spearmanr(frame[row.feature], frame[row.kept_instead]).statistic, abs=1e-6
        )
        assert abs(row.correlation) > 0.7
    assert sorted(kept + dropped["feature"].tolist()) == sorted(frame.columns)


def test_pairs_are_compared_where_both_are_known(frame):
    frame = frame[["x", "cube"]].copy()
    frame.loc[:199, "cube"] = np.nan
    _, dropped = drop_correlated(frame, threshold=0.9)
    assert dropped["n_rows"].tolist() == [200]
    assert dropped["correlation"].iloc[0] > 0.99
    frame.loc[:394, "cube"] = np.nan  # five common rows say nothing
    assert drop_correlated(frame, threshold=0.9)[0] == ["x", "cube"]


def test_independent_features_all_stay():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(500, 20))).rename(columns=str)
    kept, dropped = drop_correlated(frame, threshold=0.5)
    assert kept == list(frame.columns)
    assert dropped.empty


def test_the_order_of_rows_changes_nothing(frame):
    shuffled = frame.sample(frac=1, random_state=2)
    kept, dropped = drop_correlated(frame, threshold=0.9)
    again, told = drop_correlated(shuffled, threshold=0.9)
    assert kept == again
    assert dropped.equals(told)


def test_wrong_input_is_refused(frame):
    with pytest.raises(ParameterError, match=r"\(0, 1\], got 1.5"):
        drop_correlated(frame, threshold=1.5)
    with pytest.raises(ParameterError, match=r"not numeric columns.*'text', 'unknown'"):
        drop_correlated(frame, threshold=0.9, columns=["x", "text", "unknown"])
