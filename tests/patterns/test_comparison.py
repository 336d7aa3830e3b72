import pandas as pd
import pytest

from helpers.patterns.comparison import compare_journeys
from helpers.patterns.sequence_search import mine_sequences
from tests.patterns.made import make_journeys, make_material


def said(rates, n=2_000):
    """What is said where the success, the failure and the other journeys have these rates."""
    material = make_material(journeys=make_journeys(n, rates=rates))
    sequences = mine_sequences(material, min_support=0.05, max_length=7)
    found = compare_journeys(sequences, material.journeys)
    told = sequences[sequences["reported"] & (sequences["outcome"] == "activated")]
    return found, found.headline.format(units="users", **found.measures), told


def test_two_journeys_are_set_against_each_other():
    found, headline, _ = said((0.78, 0.12, 0.45))
    assert headline.startswith(f"{found.measures['success_rate']:.0%} of the ")
    assert "the paths part at step 3, profile completed." in headline


def test_one_certain_journey_is_told_against_the_rate_of_all():
    # who browses and leaves is active less often; all others are alike
    found, headline, told = said((0.90, 0.72, 0.90), n=4_000)
    assert len(told)
    assert set(found.paths) == {"failure"}
    rate, base = found.measures["failure_rate"], found.measures["base_rate"]
    assert headline.startswith(f"{rate:.0%} of the {found.measures['failure_n']:,} users whose")
    assert "no return were active weeks later" in headline
    assert headline.endswith(f"{base:.0%} of all. No first journey lies as clearly above that.")


def test_a_certain_journey_of_few_is_not_denied():
    # one user in fourteen takes the failing path: too few for two journeys side by side
    material = make_material(journeys=make_journeys(4_000, rates=(0.8, 0.2, 0.8), share=0.07))
    sequences = mine_sequences(material, min_support=0.02, max_length=7)
    found = compare_journeys(sequences, material.journeys)
    assert found.paths == {}
    assert found.measures["failure_rate"] == pytest.approx(0.2, abs=0.1)
    assert "of all" in found.headline
    assert found.ratios.empty


@pytest.mark.parametrize("rates", [(0.86, 0.78, 0.86), (0.5, 0.5, 0.5)])
def test_the_headline_never_denies_what_the_table_shows(rates):
    _, headline, told = said(rates, n=6_000)
    denies = headline.startswith("No two first journeys can be told apart")
    assert denies == told.empty
    if len(told):
        assert f"{told['base_rate'].iloc[0]:.0%}" in headline


def test_nobody_to_judge_is_no_error():
    material = make_material(journeys=make_journeys(0))
    sequences = mine_sequences(material, min_support=0.05, max_length=7)
    found = compare_journeys(sequences, material.journeys)
    assert found.headline.startswith("No two first journeys")
    assert isinstance(found.steps, pd.DataFrame)
