import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.scores.inputs import CHURN_INPUTS
from helpers.scores.panel import N_FOLDS, build_panel
from tests.scores.made import AS_OF, HORIZON, make_tables


@pytest.fixture(scope="module")
def tables():
    return make_tables(120, n_dates=6)


@pytest.fixture(scope="module")
def panel(tables):
    return build_panel(*tables, inputs=CHURN_INPUTS)


def test_rows_are_live_accounts_with_what_became_of_them(tables, panel):
    features, labels = tables

    assert len(panel.rows) == features["is_live"].sum()
    assert panel.outcome[panel.labelled()].sum() == labels["churned"].sum()
    assert panel.horizon_days == HORIZON
    assert panel.newest == AS_OF


def test_an_outcome_is_known_only_when_its_window_is_over(panel):
    date = panel.as_ofs[-1]

    known = panel.rows[panel.known_at(date)]
    a_day_before = panel.rows[panel.known_at(date - pd.Timedelta(days=1))]

    assert (known["as_of"] + pd.Timedelta(days=HORIZON) <= date).all()
    assert known["as_of"].max() == date - pd.Timedelta(days=HORIZON)
    assert a_day_before["as_of"].max() < known["as_of"].max()


def test_censored_rows_have_no_outcome(panel):
    recent = panel.rows[panel.rows["as_of"] > AS_OF - pd.Timedelta(days=HORIZON)]

    assert recent["outcome"].isna().all()
    assert len(recent) > 0


def test_an_account_has_one_fold_and_folds_are_even(panel):
    folds = panel.rows.groupby("account_id")["fold"].agg(["min", "max"])
    sizes = panel.rows.drop_duplicates("account_id")["fold"].value_counts()

    assert (folds["min"] == folds["max"]).all()
    assert sorted(sizes.index) == list(range(N_FOLDS))
    assert sizes.max() - sizes.min() <= 1


def test_names_and_order_of_rows_do_not_matter(tables, panel):
    features, _ = tables
    names = sorted(features["account_id"].unique())
    other = dict(zip(names, reversed([f"z{n}" for n in range(len(names))]), strict=True))
    renamed = [
        table.assign(account_id=table["account_id"].map(other)).sample(frac=1, random_state=2)
        for table in tables
    ]

    found = build_panel(*renamed, inputs=CHURN_INPUTS)
    back = {new: old for old, new in other.items()}
    rows = found.rows.assign(account_id=found.rows["account_id"].map(back))
    rows = rows.sort_values(["as_of", "account_id"], ignore_index=True)

    pd.testing.assert_frame_equal(rows, panel.rows, check_dtype=False)


def test_later_dates_change_no_fold(tables, panel):
    features, labels = tables
    cut = features["as_of"] <= panel.as_ofs[2]

    earlier = build_panel(features[cut], labels, inputs=CHURN_INPUTS)

    same = panel.rows[panel.rows["as_of"] <= panel.as_ofs[2]].reset_index(drop=True)
    pd.testing.assert_series_equal(same["fold"], earlier.rows["fold"])


def test_unknown_outcomes_and_double_labels_are_refused(tables):
    features, labels = tables
    with pytest.raises(ParameterError, match="labels have no column 'left'"):
        build_panel(features, labels, inputs=CHURN_INPUTS, target="left")
    with pytest.raises(ParameterError, match="expected one row an account and as_of"):
        build_panel(features, pd.concat([labels, labels]), inputs=CHURN_INPUTS)


def test_no_rows_are_a_panel_too(tables):
    features, labels = tables

    panel = build_panel(features.iloc[:0], labels.iloc[:0], inputs=CHURN_INPUTS)

    assert len(panel.rows) == 0
    assert panel.as_ofs == []
    assert panel.horizon_days == 0
    assert panel.signals.shape == (0, 0)
    assert not np.any(panel.labelled())
