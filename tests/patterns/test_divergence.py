import pandas as pd
import pytest

from helpers.patterns.divergence import (
    best_and_worst,
    divergence,
    journey_ratio,
    setup_contrast,
)
from helpers.patterns.journeys import Journeys
from helpers.patterns.paths import path_of
from tests.patterns.made import FAILURE, SUCCESS, make_journeys
from tests.patterns.test_mining import contrasted


def by_hand(paths, active):
    n = len(paths)
    units = pd.DataFrame(
        {
            "unit": range(n),
            "account_id": [f"a{i}" for i in range(n)],
            "started_on": pd.Timestamp("2026-01-01"),
            "follow_up": "complete",
            "activated": pd.array(active, dtype="boolean"),
            "setup_done": 0,
        }
    )
    tokens = pd.DataFrame(
        [(unit, token) for unit, path in enumerate(paths) for token in path],
        columns=["unit", "token"],
    )
    return Journeys(
        units=units, tokens=tokens, unit_kind="user", journey_days=7, definition="", setup_steps=0
    )


def test_shares_of_either_outcome_by_hand():
    journeys = by_hand(
        ["sab", "sab", "sb", "sa", "s", "sx"], [True, True, True, False, False, False]
    )
    found = divergence(journeys, {"success": ["s", "a", "b"]})
    assert found["step"].tolist() == ["s", "a", "b"]
    assert found["success_share"].tolist() == pytest.approx([1, 2 / 3, 2 / 3])
    assert found["failure_share"].tolist() == pytest.approx([1, 1 / 3, 0])
    assert found["gap"].tolist() == pytest.approx([0, 1 / 3, 2 / 3])
    assert found["gap_change"].tolist() == pytest.approx([0, 1 / 3, 1 / 3])
    assert found["diverges"].tolist() == [False, True, False]  # the first of equals


def test_steps_out_of_order_do_not_count():
    journeys = by_hand(["sba", "sab"], [True, False])
    found = divergence(journeys, {"success": ["s", "a", "b"]})
    assert found["success_share"].tolist() == [1, 1, 0]


def test_planted_journeys_part_at_the_third_step():  # Q-02 Q-03 Q-05
    journeys = make_journeys()
    paths = best_and_worst(contrasted(journeys), journeys)
    assert tuple(paths["success"]) == SUCCESS
    assert tuple(paths["failure"]) == FAILURE
    found = divergence(journeys, paths).set_index(["path", "step_no"])
    assert found.loc[("success", 3), "diverges"]
    assert found.loc[("failure", 3), "diverges"]
    assert found.loc[("failure", 3), "gap"] < -0.3


def test_ratio_of_journeys_says_what_it_is_and_one_step_is_estimated_alone():  # Q-04 Z-11
    journeys = make_journeys(6_000)
    ratio = journey_ratio(
        journeys, {"success": list(SUCCESS), "failure": list(FAILURE)}, single=("user_invited",)
    )
    whole, single = ratio.iloc[0], ratio.iloc[1]
    assert whole["ratio"] == pytest.approx(0.78 / 0.12, rel=0.15)
    assert whole["reads_as"] == "ratio of two observed rates; the journeys differ in several steps"
    assert len(whole["differing_steps"]) == 8
    # alone: (45 % x 0.78 + a third of 25 % x 0.45) against the rest
    invited = (0.45 * 0.78 + 0.25 / 3 * 0.45) / (0.45 + 0.25 / 3)
    others = (0.30 * 0.12 + 0.5 / 3 * 0.45) / (0.30 + 0.5 / 3)
    assert single["ratio"] == pytest.approx(invited / others, rel=0.1)
    assert single["differing_steps"] == ["user_invited"]
    assert single["ratio"] < whole["ratio"] / 1.5


def test_nested_paths_and_steps_that_all_took_give_no_ratio():
    journeys = by_hand(["sab", "sab", "sa"], [True, False, True])
    ratio = journey_ratio(
        journeys, {"success": ["s", "a"], "failure": ["s", "a", "b"]}, single=("s", "zzz", "b")
    )
    assert ratio["comparison"].tolist() == ["b / no b"]


def test_nothing_certain_gives_no_paths_and_empty_tables():
    journeys = make_journeys(40)
    paths = best_and_worst(contrasted(journeys), journeys)
    assert paths == {}
    assert divergence(journeys, paths).empty
    assert journey_ratio(journeys, paths).empty


def test_path_of_a_pattern_holds_the_pattern():
    paths = [["s", "x", "h"], ["s", "h", "x"], ["s", "y"]]
    assert path_of(["s", "h"], paths) == ["s", "h"]


def test_setup_is_compared_by_steps_done():  # B-02
    journeys = make_journeys(3_000)
    found = setup_contrast(journeys)
    assert found["steps_done"].tolist() == [0, 1, 2]
    assert found["finished"].tolist() == [False, False, True]
    assert found["outcome_rate"].tolist() == pytest.approx([0.78, 0.12, 0.45], abs=0.06)
    assert found["n_units"].sum() == 3_000
    assert setup_contrast(by_hand(["s"], [True])).empty
