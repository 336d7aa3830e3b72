import gzip
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlxtend.frequent_patterns import fpgrowth

from helpers.errors import ParameterError
from helpers.patterns.itemsets import frequent_sets

RETAIL = Path(__file__).parents[3] / "shared" / "data" / "sequences" / "fimi_retail.dat.gz"


def table_of(rows, n_items):
    table = np.zeros((len(rows), n_items), bool)
    for number, row in enumerate(rows):
        table[number, list(row)] = True
    return table


rows = st.lists(st.sets(st.integers(0, 5), max_size=6), min_size=1, max_size=80)


@settings(max_examples=100, deadline=None)
@given(rows=rows, min_count=st.integers(1, 5), max_length=st.none() | st.integers(1, 4))
def test_agrees_with_counting_every_set(rows, min_count, max_length):
    counted = Counter(
        items
        for row in rows
        for size in range(1, 7 if max_length is None else max_length + 1)
        for items in combinations(sorted(row), size)
    )
    found = list(frequent_sets(table_of(rows, 6), min_count=min_count, max_length=max_length))
    assert dict(found) == {items: n for items, n in counted.items() if n >= min_count}
    assert len(found) == len(dict(found))


def test_agrees_with_mlxtend_on_a_table_of_several_words():
    rng = np.random.default_rng(0)
    table = rng.random((5_000, 24)) < np.linspace(0.4, 0.01, 24)
    table[:, 20] |= table[:, 3] & (rng.random(5_000) < 0.4)
    theirs = fpgrowth(pd.DataFrame(table), min_support=0.01)
    counts = (theirs["support"] * 5_000).round().astype(int)
    keys = [tuple(sorted(items)) for items in theirs["itemsets"]]
    assert dict(frequent_sets(table, min_count=50)) == dict(zip(keys, counts, strict=True))
    assert len(keys) > 200


def test_nothing_frequent_and_nothing_at_all():
    assert list(frequent_sets(np.zeros((5, 3), bool), min_count=1)) == []
    assert list(frequent_sets(np.zeros((0, 0), bool), min_count=1)) == []
    with pytest.raises(ParameterError, match=r"expected min_count >= 1.*got 0 and None"):
        frequent_sets(np.zeros((1, 1), bool), min_count=0)


@pytest.fixture(scope="module")
def retail():
    """88,162 baskets of a Belgian supermarket; items that fewer than 176 baskets hold left out."""
    if not RETAIL.is_file():
        pytest.skip("the retail baskets are not here")
    lines = gzip.decompress(RETAIL.read_bytes()).decode().splitlines()
    baskets = [line.split() for line in lines]
    count = Counter(item for basket in baskets for item in set(basket))
    names = sorted(item for item, n in count.items() if n >= 176)
    place = {name: number for number, name in enumerate(names)}
    return table_of([[place[i] for i in basket if i in place] for basket in baskets], len(names))


@pytest.mark.parametrize(
    ("min_count", "n_sets", "total", "longest"),
    [(1764, 55, 342_694, 4), (882, 159, 467_857, 4), (441, 580, 717_785, 5)],
)
def test_retail_baskets_have_as_many_sets_as_others_find(retail, min_count, n_sets, total, longest):
    # counted with mlxtend 0.25 (fpgrowth) and efficient-apriori 2.0.6, which agree on every set
    found = dict(frequent_sets(retail, min_count=min_count))
    assert (len(found), sum(found.values())) == (n_sets, total)
    assert max(len(items) for items in found) == longest


def test_retail_baskets_have_the_sets_that_mlxtend_finds(retail):
    columns = np.flatnonzero(retail.sum(axis=0) >= 1764)
    table = retail[:, columns]
    theirs = fpgrowth(pd.DataFrame(table), min_support=(1764 - 0.5) / len(table))
    counts = (theirs["support"] * len(table)).round().astype(int)
    keys = [tuple(sorted(items)) for items in theirs["itemsets"]]
    assert dict(frequent_sets(table, min_count=1764)) == dict(zip(keys, counts, strict=True))
