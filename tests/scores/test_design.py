import numpy as np
import pandas as pd
import pytest

from helpers.scores.design import fit_design, signals
from helpers.scores.inputs import CHURN_INPUTS

BY_NAME = {item.name: item for item in CHURN_INPUTS}


def test_transforms_are_as_declared():
    inputs = [BY_NAME[n] for n in ("tickets__n_30d", "active_users__change_30d", "nps_last")]
    values = pd.DataFrame(
        {
            "tickets__n_30d": [0.0, 3.0, np.nan],
            "active_users__change_30d": [-0.5, 0.0, 2.0],
            "nps_last": [3.0, 9.0, 10.0],
        }
    )

    found = signals(values, inputs, pd.Series([1, 1, 1]))

    assert found[:, 0] == pytest.approx([0, np.log(4), np.nan], nan_ok=True)
    assert found[:, 1] == pytest.approx(np.arcsinh([-0.5, 0, 2]))
    assert found[:, 2].tolist() == [3, 9, 10]


def test_a_trend_is_relative_to_the_accounts_of_its_date():
    inputs = [BY_NAME["events__slope_90d"]]
    quiet, busy = [0.2 + 0.01 * i for i in range(21)], [0.6 + 0.01 * i for i in range(21)]
    values = pd.DataFrame({"events__slope_90d": quiet + busy})
    dates = pd.Series([1] * 21 + [2] * 21)

    found = signals(values, inputs, dates)[:, 0]

    assert found[:21] == pytest.approx(found[21:])
    assert found[10] == pytest.approx(0)


def test_few_accounts_are_not_compared_with_each_other():
    inputs = [BY_NAME["events__slope_90d"]]
    values = pd.DataFrame({"events__slope_90d": [0.2, 0.9]})

    assert signals(values, inputs, pd.Series([1, 1]))[:, 0].tolist() == [0.2, 0.9]


def test_columns_have_middle_zero_and_spread_one_and_constants_drop_out():
    rng = np.random.default_rng(1)
    given = np.column_stack([rng.normal(5, 2, 500), np.full(500, 3.0), np.full(500, np.nan)])

    design = fit_design(given)
    matrix = design.matrix(given)

    assert design.used.tolist() == [0]
    assert matrix.mean() == pytest.approx(0, abs=0.01)
    assert matrix.std() == pytest.approx(1, abs=0.01)


def test_missing_becomes_the_median_and_a_mark_of_its_own():
    given = np.array([[1.0], [2.0], [9.0], [np.nan]])

    design = fit_design(given)
    matrix = design.matrix(given)

    assert design.source.tolist() == [0, 0]
    assert matrix[3, 0] == matrix[1, 0]  # 2.0 is the median of what is known
    assert matrix[:, 1].tolist() == [-0.25, -0.25, -0.25, 0.75]


def test_rarely_missing_has_no_column_of_its_own():
    given = np.r_[np.arange(200.0), np.nan][:, None]

    assert len(fit_design(given).flagged) == 0


def test_outliers_are_cut():
    given = np.r_[np.zeros(50), np.ones(50)][:, None]

    assert fit_design(given).matrix(np.array([[1e9]]))[0, 0] == 4.0
