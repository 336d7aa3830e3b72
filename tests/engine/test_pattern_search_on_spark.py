"""The searches of the patterns room on Spark: equal to those in this process."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.patterns import mine_rules, mine_sequences
from helpers.patterns.itemsets import frequent_sets
from helpers.patterns.on_spark import SparkSearch, searching
from helpers.patterns.prefixspan import TooManyPatternsError, mine
from tests.patterns.made import make_baskets, make_journeys, make_material
from tests.patterns.test_prefixspan import as_dict, database, random_sequences


@pytest.fixture(scope="module")
def session(spark):
    with searching(spark) as found:
        yield found


@pytest.mark.parametrize("anchored", [False, True])
def test_sequences_are_those_found_here(session, anchored):
    db = database(["", *random_sequences(), "aab"])
    asked = {"min_support": 9, "max_length": 3, "anchored": anchored}
    here, there = mine(db, **asked), mine(db, spark=session, **asked)
    assert there.items == here.items  # in the same order
    assert as_dict(there) == as_dict(here)
    assert there.support.tolist() == here.support.tolist()
    assert np.diff(there.row_starts).sum() == len(there.rows)
    assert len(here.items) > 4


def test_sets_are_those_found_here(session):
    rng = np.random.default_rng(0)
    table = rng.random((120, 7)) < 0.4
    table[:9] = False  # empty baskets count too
    for asked in ({"min_count": 20}, {"min_count": 12, "max_length": 2}, {"min_count": 119}):
        there = list(SparkSearch(session).frequent_sets(table, **asked))
        assert there == list(frequent_sets(table, **asked))


def test_the_questions_are_answered_alike(session):
    material = make_material(journeys=make_journeys(150), baskets=make_baskets(300))
    there = replace(material, spark=session)
    one, two = (mine_sequences(m, min_support=0.3, max_length=2) for m in (material, there))
    pd.testing.assert_frame_equal(one, two)
    one, two = (
        mine_rules(m, min_support=0.05, max_antecedents=1).searched for m in (material, there)
    )
    pd.testing.assert_frame_equal(one, two)


def test_what_spark_cannot_is_refused_and_nothing_found_is_nothing(session):
    db = database(["ab", "ab", ""])
    with pytest.raises(ParameterError, match="knows no limits on gaps and time"):
        mine(db, min_support=1, max_length=2, max_gap=0, spark=session)
    with pytest.raises(TooManyPatternsError, match="more than 1 patterns"):
        mine(db, min_support=1, max_length=2, max_patterns=1, spark=session)
    assert mine(db, min_support=3, max_length=2, spark=session).items == []
    assert mine(database([]), min_support=1, max_length=2, spark=session).items == []
    with pytest.raises(ParameterError, match="expected min_count >= 1"):
        list(SparkSearch(session).frequent_sets(np.ones((1, 1), bool), min_count=0))
