import numpy as np
import pandas as pd
import pytest

from helpers.patterns.mining import (
    SEQUENCE_COLUMNS,
    common_path,
    contrast_patterns,
    corrected,
    ranked,
    restating,
)
from helpers.patterns.prefixspan import mine
from helpers.patterns.sequences import encode
from helpers.stats import shuffled
from tests.patterns.made import FAILURE, SUCCESS, make_journeys


def contrasted(journeys, *, outcome=None, newest=None, **options):
    units = journeys.judged
    firsts = journeys.tokens.drop_duplicates(["unit", "token"])
    found = mine(encode(firsts, units["unit"]), min_support=80, max_length=7, anchored=True)
    return contrast_patterns(
        found,
        units["activated"] if outcome is None else outcome,
        units["account_id"],
        outcome_name="activated",
        unit="user",
        newest=newest,
        **options,
    )


def row_of(table, pattern):
    return table[table["pattern"].map(tuple) == pattern].iloc[0]


@pytest.fixture(scope="module")
def journeys():
    return make_journeys()


@pytest.fixture(scope="module")
def table(journeys):
    return contrasted(journeys)


def test_planted_journeys_are_recovered(table):  # Q-02 Q-03
    success, failure = row_of(table, SUCCESS), row_of(table, FAILURE)
    assert success["outcome_rate"] == pytest.approx(0.78, abs=0.04)
    assert failure["outcome_rate"] == pytest.approx(0.12, abs=0.03)
    assert success["low"] < 0.78 < success["high"]
    assert success["q_value"] < 1e-20
    assert failure["lift"] < 0.3
    assert tuple(table.columns) == SEQUENCE_COLUMNS


def test_what_is_told_is_short_and_holds_both_journeys(table):
    told = ranked(table)
    assert 2 <= len(told) <= 12
    assert not told["same_units"].duplicated().any()
    best = told[told["lift"] > 1].iloc[0]
    assert best["n_units"] == row_of(table, SUCCESS)["n_units"]
    assert FAILURE in {tuple(p) for p in told["pattern"]}


def test_patterns_of_the_same_units_are_one_class_told_by_its_longest(table):
    same = table[table["same_units"] == row_of(table, FAILURE)["same_units"]]
    assert len(same) > 1
    assert len(set(same["q_value"])) == 1
    told = ranked(table)
    mine = told[told["same_units"] == row_of(table, FAILURE)["same_units"]].iloc[0]
    assert mine["length"] == same["length"].max()


def test_a_step_that_adds_nothing_is_redundant(table):
    # logins are noise: the rate of those who also logged in is the same
    noisy = row_of(table, ("signed_up", "email_verified", "features_browsed", "login"))
    assert noisy["redundant"]
    assert not row_of(table, FAILURE)["redundant"]


def test_shuffled_outcomes_tell_nothing(journeys):
    told = [
        len(ranked(contrasted(journeys, outcome=shuffled(journeys.judged["activated"], seed=s))))
        for s in range(6)
    ]
    assert sum(n > 0 for n in told) <= 1


def test_a_pattern_that_is_the_outcome_in_other_words_is_refused(journeys):
    units = journeys.judged
    outcome = units["unit"].isin(
        journeys.tokens.loc[journeys.tokens["token"] == "user_invited", "unit"]
    )
    table = contrasted(journeys, outcome=outcome)
    stating = row_of(table, ("signed_up", "user_invited"))
    assert stating["outcome_rate"] == 1.0
    assert stating["restates"]
    assert not any("user_invited" in p for p in ranked(table)["pattern"] if len(p) == 2)


def test_restating_needs_both_directions():
    tested = pd.DataFrame({"outcome_rate": [1.0, 0.96, 0.5], "n_hits": [50, 98, 100]})
    assert restating(tested, 100).tolist() == [False, True, False]


def test_what_the_newest_units_refute_is_not_told(journeys):
    units = journeys.judged
    newest = (np.arange(len(units)) >= 0.6 * len(units)).astype(bool)
    broken = units["activated"].to_numpy(bool).copy()
    broken[newest] = shuffled(broken[newest], seed=1)
    held = contrasted(journeys, newest=newest)
    lost = contrasted(journeys, outcome=broken, newest=newest)
    assert row_of(held, SUCCESS)["replicated"]
    assert row_of(lost, SUCCESS)["q_value"] < 0.05
    assert not row_of(lost, SUCCESS)["replicated"]
    assert ranked(lost).empty
    assert not ranked(held).empty


def test_corrections_count_every_class_of_every_search_once(table):
    both = corrected(pd.concat([table, table.assign(outcome="other", p_value=0.9, q_value=0.9)]))
    assert both["pattern_no"].is_unique
    mine = both.loc[both["outcome"] == "activated", "q_value"].to_numpy()
    alone = table["q_value"].to_numpy()
    tested = ~np.isnan(alone)
    assert (mine[tested] >= alone[tested] * (1 - 1e-9)).all()  # more searched, never surer
    assert (mine[tested] > alone[tested]).any()
    assert np.isnan(mine[~tested]).all()


def test_common_path_keeps_what_all_agree_on():
    paths = [["s", "x", "a", "b", "c"], ["s", "a", "b", "x", "c"], ["s", "a", "b", "c", "y", "x"]]
    assert common_path(paths) == ["s", "a", "b", "c"]
    assert common_path([["a", "b"], ["b", "a"]], keep=["b"]) == ["b"]
    assert common_path([]) == []
    assert common_path([["a", "b"]]) == ["a", "b"]


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_units_are_not_tested(n):
    journeys = make_journeys(n)
    units = journeys.judged
    found = mine(encode(journeys.tokens, units["unit"]), min_support=1, max_length=2)
    table = contrast_patterns(
        found, units["activated"], units["account_id"], outcome_name="activated", unit="user"
    )
    assert table["p_value"].isna().all()
    assert ranked(table).empty
    assert tuple(table.columns) == SEQUENCE_COLUMNS
