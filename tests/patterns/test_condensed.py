import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import ParameterError
from helpers.patterns.condensed import closed, maximal, mine_top
from helpers.patterns.prefixspan import TooManyPatternsError, mine
from helpers.patterns.sequences import encode
from tests.patterns import naive_patterns as naive
from tests.patterns.test_prefixspan import as_dict, database, words


def timed(sequences):
    """Sequences of (token, time), coded."""
    rows = [(n, token, at) for n, steps in enumerate(sequences) for token, at in steps]
    tokens = pd.DataFrame(rows, columns=["unit", "token", "time"]).astype({"time": "int64"})
    return encode(tokens, pd.Series(range(len(sequences))))


def test_a_limit_in_time_counts_days_and_not_tokens():
    db = timed([[("a", 0), ("x", 1), ("b", 9)], [("a", 0), ("b", 3)]])
    found = as_dict(mine(db, min_support=1, max_length=2, max_gap_time=8))
    assert found[("a", "b")] == [1]
    assert found[("x", "b")] == [0]  # just eight days


def test_a_window_takes_the_match_that_began_last():
    # a … a b: from the first a it is 20 days, from the second 5
    db = timed([[("a", 0), ("a", 15), ("c", 18), ("b", 20)]])
    asked = {"min_support": 1, "max_length": 3}
    assert ("a", "c", "b") in as_dict(mine(db, **asked, window=5))
    assert ("a", "c", "b") not in as_dict(mine(db, **asked, window=4))


steps = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4)), max_size=6)
maybe = st.none() | st.integers(0, 6)


@settings(max_examples=70, deadline=None)
@given(
    sequences=st.lists(steps, min_size=1, max_size=5),
    gaps=st.tuples(st.none() | st.integers(0, 2), maybe, maybe),
    anchored=st.booleans(),
)
def test_limits_in_time_agree_with_naive(sequences, gaps, anchored):
    clocks = [list(pd.Series([d for _, d in s], dtype="int64").cumsum()) for s in sequences]
    db = timed(
        [
            [(t, at) for (t, _), at in zip(s, c, strict=True)]
            for s, c in zip(sequences, clocks, strict=True)
        ]
    )
    max_gap, max_gap_time, window = gaps
    fast = mine(
        db,
        min_support=1,
        max_length=4,
        anchored=anchored,
        max_gap=max_gap,
        max_gap_time=max_gap_time,
        window=window,
    )
    texts = [[t for t, _ in s] for s in sequences]
    slow = naive.mine(texts, 1, 4, max_gap, anchored, clocks, (max_gap_time, window))
    assert as_dict(fast) == slow


def test_limits_in_time_without_times_are_refused():
    with pytest.raises(ParameterError, match="a column `time`"):
        mine(database(["ab"]), min_support=1, max_length=2, window=3)
    with pytest.raises(ParameterError, match="oldest first"):
        mine(timed([[("a", 3), ("b", 1)]]), min_support=1, max_length=2, max_gap_time=3)


def test_closed_and_maximal_by_hand():
    mined = mine(database(["abc", "abc", "ab", "ad"]), min_support=2, max_length=3)
    assert closed(mined).items == [("a",), ("a", "b"), ("a", "b", "c")]
    assert maximal(mined).items == [("a", "b", "c")]
    assert as_dict(closed(mined))[("a", "b")] == [0, 1, 2]
    assert closed(mined).support.tolist() == [4, 3, 2]


@settings(max_examples=50, deadline=None)
@given(
    sequences=words,
    min_support=st.integers(1, 3),
    max_gap=st.none() | st.integers(0, 1),
)
def test_closed_and_maximal_agree_with_naive(sequences, min_support, max_gap):
    mined = mine(database(sequences), min_support=min_support, max_length=4, max_gap=max_gap)
    found = as_dict(mined)
    assert set(closed(mined).items) == naive.closed(found)
    assert set(maximal(mined).items) == naive.maximal(found)
    assert as_dict(closed(mined)).items() <= found.items()


@settings(max_examples=50, deadline=None)
@given(sequences=words, k=st.integers(1, 12), min_length=st.integers(1, 3))
def test_the_most_frequent_agree_with_naive(sequences, k, min_length):
    top = mine_top(database(sequences), k=k, min_length=min_length, max_length=3)
    every = {p: rows for p, rows in naive.mine(sequences, 1, 3).items() if len(p) >= min_length}
    counts = sorted((len(rows) for rows in every.values()), reverse=True)
    least = counts[min(k, len(counts)) - 1] if counts else 1
    assert as_dict(top) == {p: rows for p, rows in every.items() if len(rows) >= least}


def test_the_most_frequent_stop_where_too_many_would_be_held():
    db = database(["abcd", "abcd", "efgh"])
    assert mine_top(db, k=3, max_length=1).support.tolist() == [2, 2, 2, 2]  # ties stay
    with pytest.raises(TooManyPatternsError, match=r"cannot be had.*2 sequences, too many in 1"):
        mine_top(db, k=20, max_length=4, max_patterns=16)
    with pytest.raises(ParameterError, match="expected k >= 1"):
        mine_top(db, k=0, max_length=1)
