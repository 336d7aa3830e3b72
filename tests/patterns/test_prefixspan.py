import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import ParameterError
from helpers.patterns.prefixspan import TooManyPatternsError, mine, mine_bounded
from helpers.patterns.sequences import encode, fold_repeats
from tests.patterns import naive_patterns as naive

GAZELLE = Path(__file__).parents[3] / "shared" / "data" / "sequences" / "gazelle.spmf.gz"


def database(sequences):
    tokens = pd.DataFrame(
        [(number, str(token)) for number, tokens in enumerate(sequences) for token in tokens],
        columns=["unit", "token"],
    )
    return encode(tokens, pd.Series(range(len(sequences))))


def as_dict(patterns):
    return {items: patterns.rows_of(index).tolist() for index, items in enumerate(patterns.items)}


def test_by_hand():
    found = mine(database(["abc", "acb", "ab", "c", ""]), min_support=2, max_length=3)
    assert as_dict(found) == {
        ("a",): [0, 1, 2],
        ("b",): [0, 1, 2],
        ("c",): [0, 1, 3],
        ("a", "b"): [0, 1, 2],
        ("a", "c"): [0, 1],
    }
    assert found.support.tolist() == [3, 3, 3, 3, 2]
    assert found.n_sequences == 5


def test_repeated_token_needs_two_occurrences():
    assert ("a", "a") not in as_dict(mine(database(["ab", "ba"]), min_support=1, max_length=2))
    assert as_dict(mine(database(["aba", "ab"]), min_support=1, max_length=2))[("a", "a")] == [0]


def test_a_gap_limit_looks_at_every_match_not_only_the_leftmost():
    # the leftmost a is too far from b, the second one is not
    found = as_dict(mine(database(["axxab", "axxb"]), min_support=1, max_length=2, max_gap=0))
    assert found[("a", "b")] == [0]


def test_anchored_patterns_begin_where_the_sequence_begins():
    found = as_dict(mine(database(["sab", "asb"]), min_support=1, max_length=2, anchored=True))
    assert found[("s", "b")] == [0]
    assert found[("a", "b")] == [1]
    assert ("b",) not in found


words = st.lists(st.text(alphabet="abcd", max_size=7), min_size=1, max_size=7)


@settings(max_examples=150, deadline=None)
@given(
    sequences=words,
    min_support=st.integers(1, 4),
    max_length=st.integers(1, 4),
    max_gap=st.none() | st.integers(0, 3),
    anchored=st.booleans(),
)
def test_agrees_with_naive(sequences, min_support, max_length, max_gap, anchored):
    fast = mine(
        database(sequences),
        min_support=min_support,
        max_length=max_length,
        max_gap=max_gap,
        anchored=anchored,
    )
    assert as_dict(fast) == naive.mine(sequences, min_support, max_length, max_gap, anchored)
    assert len(fast.items) == len(set(fast.items))


@settings(max_examples=30, deadline=None)
@given(sequences=words, shuffle=st.randoms(use_true_random=False))
def test_order_of_sequences_changes_no_count(sequences, shuffle):
    other = list(sequences)
    shuffle.shuffle(other)
    one, two = (mine(database(s), min_support=2, max_length=4) for s in (sequences, other))
    assert one.items == two.items
    assert one.support.tolist() == two.support.tolist()


def random_sequences():
    rng = np.random.default_rng(3)
    return ["".join(rng.choice(list("abcdef"), rng.integers(0, 12))) for _ in range(60)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("BLOCK_TOKENS", 40), ("BLOCK_SEQUENCES", 7), ("BLOCK_TOKENS", 1), ("DENSE_CELLS", 0)],
)
def test_blocks_and_sparse_tables_give_the_same_patterns(monkeypatch, name, value):
    asked = {"min_support": 6, "max_length": 4}
    whole = mine(database(random_sequences()), **asked)
    monkeypatch.setattr(f"helpers.patterns.growth.{name}", value)
    parts = mine(database(random_sequences()), **asked)
    assert as_dict(parts) == as_dict(whole)
    assert parts.items == whole.items
    assert len(whole.items) > 50


def test_small_slices_give_the_same_patterns_under_a_gap_limit(monkeypatch):
    asked = {"min_support": 6, "max_length": 4, "max_gap": 2}
    whole = as_dict(mine(database(random_sequences()), **asked))
    monkeypatch.setattr("helpers.patterns.gapped.SLICE", 50)
    assert as_dict(mine(database(random_sequences()), **asked)) == whole
    assert len(whole) > 40


def test_more_tokens_than_short_integers_are_told_apart():
    sequences = [[f"t{number:05d}"] for number in range(2**16 + 5)]
    found = mine(database([*sequences, *sequences]), min_support=2, max_length=2)
    assert found.items == [tuple(sequence) for sequence in sequences]
    assert found.rows_of(2**16 + 1).tolist() == [2**16 + 1, 2**17 + 6]


@pytest.fixture(scope="module")
def gazelle():
    if not GAZELLE.is_file():
        pytest.skip("the gazelle click-streams are not here")
    text = gzip.decompress(GAZELLE.read_bytes()).decode()
    sequences = [[t for t in line.split() if not t.startswith("-")] for line in text.splitlines()]
    sequences = [sequence for sequence in sequences if sequence]
    assert len(sequences) == 59_601
    return sequences, database(sequences)


@pytest.mark.parametrize("min_support", [1000, 500])
def test_gazelle_against_an_independent_miner(gazelle, min_support):
    sequences, coded = gazelle
    fast = mine(coded, min_support=min_support, max_length=4)
    counts = dict(zip(fast.items, fast.support.tolist(), strict=True))
    assert counts == naive.mine_by_vertical_lists(sequences, min_support, 4)
    assert len(counts) > 10


@pytest.mark.parametrize(
    ("min_support", "n_patterns", "total", "longest"),
    [(300, 201, 140_596, 3), (120, 798, 245_431, 4), (60, 3_991, 489_206, 6)],
)
def test_gazelle_has_as_many_patterns_as_others_find(
    gazelle, min_support, n_patterns, total, longest
):
    # counted with prefixspan 0.5.2, which agrees on the support of every pattern
    found = mine(gazelle[1], min_support=min_support, max_length=50)
    assert (len(found.items), int(found.support.sum())) == (n_patterns, total)
    assert max(len(items) for items in found.items) == longest


def test_an_empty_database_has_no_patterns():
    empty = mine(database([]), min_support=1, max_length=3)
    assert empty.items == []
    assert empty.rows.tolist() == []
    assert mine(database(["", ""]), min_support=1, max_length=3).items == []


def test_limits_out_of_range_are_refused():
    with pytest.raises(ParameterError, match=r"expected min_support >= 1.*got 0, 3 and None"):
        mine(database(["a"]), min_support=0, max_length=3)


def test_too_many_patterns_stop_the_search_and_bounded_search_says_its_support():
    db = database(["abcd", "abcd", "abc", "ab", "a"])
    with pytest.raises(TooManyPatternsError, match="more than 5 patterns occur in at least 2 of 5"):
        mine(db, min_support=2, max_length=4, max_patterns=5)
    bounded = mine_bounded(db, min_support=2, max_patterns=5, max_length=4)
    assert bounded.min_support == 4
    assert bounded.items == [("a",), ("b",), ("a", "b")]


def test_repeats_are_folded_within_a_unit_only():
    tokens = pd.DataFrame({"unit": ["u", "u", "u", "u", "v"], "token": list("aabaa")})
    folded = fold_repeats(tokens)
    assert folded["token"].tolist() == ["a", "b", "a", "a"]
    assert folded["unit"].tolist() == ["u", "u", "u", "v"]
