"""Small groups cannot be worked out from what is shown."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.report.suppress import hidden_cells, hidden_groups, hide

K = 10
COUNTS = st.lists(st.integers(0, 60), min_size=2, max_size=6)


def test_a_single_small_group_takes_the_next_smallest_with_it():  # H10
    counts = pd.DataFrame({"now": [4, 30, 12, 90]})
    assert hidden_groups(counts, k=K).tolist() == [True, False, True, False]


def test_groups_that_are_small_together_are_not_enough():
    counts = pd.DataFrame({"now": [3, 4, 50, 20]})
    assert hidden_groups(counts, k=K).tolist() == [True, True, False, True]


def test_a_group_small_at_one_date_is_hidden_at_both():
    counts = pd.DataFrame({"now": [40, 30, 20], "before": [4, 30, 20]})
    assert hidden_groups(counts, k=K).tolist() == [True, False, True]


def test_one_account_with_nearly_all_the_money_is_as_good_as_a_name():
    counts = pd.DataFrame({"now": [40, 30, 20]})
    hidden = hidden_groups(counts, k=K, top_share=pd.Series([0.1, 0.9, np.nan]))
    assert hidden.tolist() == [False, True, True]


def test_large_groups_stay_and_an_empty_one_tells_of_nobody():
    assert not hidden_groups(pd.DataFrame({"now": [0, 10, 400]}), k=K).any()


@given(COUNTS)
@settings(max_examples=60, deadline=None)
def test_no_total_gives_a_small_group_away(counts):  # H10
    """An attacker who knows the total, and that hidden groups are not empty, finds no group."""
    hidden = hidden_groups(pd.DataFrame({"now": counts}), k=K)
    values = np.array(counts)
    assert not ((values > 0) & (values < K) & ~hidden).any()
    secret = values[hidden & (values > 0)]
    if len(secret) and not hidden.all():
        assert len(secret) >= 2
        assert secret.sum() >= K


@given(st.lists(st.lists(st.sampled_from([0, 2, 5, 9, 12, 25, 60]), min_size=3, max_size=3),
                min_size=2, max_size=3))  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_row_and_column_totals_give_no_cell_away(rows):  # H10
    """Slow twin: look through every other table with the same totals and the same shown cells."""
    table = pd.DataFrame(rows)
    hidden = hidden_cells(table, k=K)
    values = table.to_numpy()
    assert not ((values > 0) & (values < K) & ~hidden).any()
    if hidden[values > 0].all():
        return  # nothing is left to hide with
    for row, column in np.argwhere(hidden):
        assert _another(values, hidden, row, column), (rows, row, column)


def _another(values, hidden, row, column):
    """Tell whether moving accounts around a ring of hidden cells changes this one."""
    others_r = [r for r in range(len(values)) if r != row]
    others_c = [c for c in range(values.shape[1]) if c != column]
    for n in (1, 2):
        for rs in itertools.permutations(others_r, n):
            for cs in itertools.permutations(others_c, n):
                ring = [(row, column)]
                for r, c in zip(rs, cs, strict=True):
                    ring += [(ring[-1][0], c), (r, c)]
                ring.append((ring[-1][0], column))
                if all(hidden[cell] for cell in ring):
                    return True
    return False


def test_hiding_blanks_only_what_is_asked():
    table = pd.DataFrame({"segment": ["a", "b"], "n": [3, 30], "text": [["x"], ["y"]]})
    shown = hide(table, np.array([True, False]), ["n", "text"])
    assert shown["segment"].tolist() == ["a", "b"]
    assert shown["n"].isna().tolist() == [True, False]
    assert shown["text"].isna().tolist() == [True, False]
    assert table["n"].tolist() == [3, 30]


@pytest.mark.parametrize("matrix", [[[50, 3], [40, 60]], [[3, 0], [0, 90]]])
def test_a_lonely_small_cell_gets_company_where_there_is_any(matrix):
    hidden = hidden_cells(pd.DataFrame(matrix), k=K)
    values = np.array(matrix)
    assert hidden[values == 3].all()
    assert hidden[values > 0].sum() >= min(4, (values > 0).sum())
