import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.segments.rfm import RFM_RULES, quintile_scores, rfm_cells, rfm_scores, rfm_segment

CELLS = rfm_cells().set_index(["recency", "frequency", "money"])["segment"]
PUBLISHED = [
    ("Champions", (5, 5), (5, 5), (5, 5)),
    ("Loyal", (4, 5), (4, 5), (3, 4)),
    ("Potential Loyalists", (4, 5), (2, 3), (2, 3)),
    ("At Risk", (2, 3), (3, 4), (3, 4)),
    ("Can't Lose Them", (1, 2), (4, 5), (4, 5)),
    ("Hibernating", (1, 2), (1, 2), (3, 5)),
    ("Lost", (1, 1), (1, 1), (1, 1)),
]


def test_every_one_of_the_125_cells_has_exactly_one_name():  # G-13, Z-03
    assert len(CELLS) == 125
    assert CELLS.index.is_unique
    assert CELLS.notna().all()
    assert set(CELLS) == {rule.segment for rule in RFM_RULES}


@pytest.mark.parametrize(("segment", "recency", "frequency", "money"), PUBLISHED)
def test_the_published_cells_keep_their_names(segment, recency, frequency, money):  # G-12
    ranges = [range(low, high + 1) for low, high in (recency, frequency, money)]
    for cell in itertools.product(*ranges):
        if cell == (2, 4, 4):
            continue  # two rows claim it: the decision is tested below
        assert CELLS[cell] == segment, cell


def test_the_cell_with_two_names_goes_to_the_more_urgent_one():  # Z-03
    assert CELLS[(2, 4, 4)] == "Can't Lose Them"


def test_recent_and_frequent_accounts_never_fall_into_a_lost_segment():
    # public tables call (4,4,1), (4,4,2) and (4,3,2) "Other", or even "Churned"
    for cell, segment in CELLS.items():
        if cell[0] >= 4:
            assert segment in ("Champions", "Loyal", "Potential Loyalists"), cell
    assert CELLS[(5, 5, 5)] == "Champions"


def test_the_decision_record_shows_the_same_125_cells():
    record = next(Path("docs/decisions").glob("*rfm-cells.md")).read_text(encoding="utf-8")
    for (recency, frequency), cells in CELLS.groupby(level=[0, 1]):
        row = " | ".join([f"{recency}", f"{frequency}", *cells.tolist()])
        assert f"| {row} |" in record


def test_quintiles_by_hand():
    assert quintile_scores(pd.Series(range(10), dtype=float)).tolist() == [
        1, 1, 2, 2, 3, 3, 4, 4, 5, 5,
    ]  # fmt: skip


def test_fault_E09_ties_never_split_and_never_empty_the_scale():
    mostly_zero = pd.Series([0.0] * 90 + list(range(1, 11)))
    scores = quintile_scores(mostly_zero)
    assert scores[:90].unique().tolist() == [1]  # a pile at the bottom is the bottom
    assert scores.iloc[-1] == 5
    assert scores.nunique() >= 2
    mostly_best = pd.Series([-30.0, -20.0, -10.0] + [0.0] * 97)
    assert quintile_scores(mostly_best).tolist()[3:] == [5] * 97  # today is as recent as can be
    assert quintile_scores(pd.Series([7.0] * 4)).tolist() == [3] * 4  # nothing is known


def test_quintiles_within_groups_and_missing_values():
    values = pd.Series([1.0, 2.0, np.nan, 100.0, 200.0])
    groups = pd.Series(["a", "a", "a", "b", "b"])
    assert quintile_scores(values, groups).tolist() == [1, 5, pd.NA, 1, 5]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40))
def test_quintiles_never_decrease_with_the_value(numbers):
    values = pd.Series(numbers, dtype=float)
    scores = quintile_scores(values).astype(int)
    assert scores.between(1, 5).all()
    ordered = scores[values.sort_values(kind="stable").index]
    assert ordered.is_monotonic_increasing
    assert scores.groupby(values).nunique().max() == 1


def test_scores_of_an_account_no_longer_live_are_missing(planted):
    features, _ = planted
    rows = features.reset_index(drop=True)
    rows.loc[0, "is_live"] = False
    scores = rfm_scores(rows)
    assert scores.loc[0].isna().all()
    assert scores.loc[1:].notna().all().all()
    assert rfm_segment(scores).isna().tolist() == [True] + [False] * (len(rows) - 1)


def test_money_is_what_was_invoiced_or_else_the_revenue(planted):
    features, _ = planted
    rows = features.reset_index(drop=True)
    rows["mrr"] = range(len(rows))
    billed = rfm_scores(rows)["money"]
    unbilled = rfm_scores(rows.assign(invoice_amount__sum_365d=np.nan))["money"]
    assert billed.equals(quintile_scores(rows["invoice_amount__sum_365d"]).rename("money"))
    assert unbilled.equals(quintile_scores(rows["mrr"].astype(float)).rename("money"))
