import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sources.demo.population import HOSTILE_NAMES, dealt, first_accounts, make_population
from helpers.sources.demo.settings import PLANTED, Scale
from helpers.sources.demo.taxonomy import ADOPTION, FEATURES, POWER, STATES


@given(n=st.integers(0, 400), share=st.floats(0, 1), start=st.integers(0, 10_000))
def test_dealing_keeps_the_share_in_every_stretch(n: int, share: float, start: int) -> None:
    assert abs(dealt(n, share, start).sum() - share * n) <= 3.5


def test_population_is_the_same_for_the_same_seed() -> None:
    one, two = (make_population(Scale(accounts=200, seed=4)) for _ in range(2))
    assert one.names == two.names
    assert (one.adopts == two.adopts).all()
    assert (one.team == two.team).all()


def test_feature_a_brings_feature_b_in_every_state() -> None:
    # 85 % of those who use A use B, and clearly fewer of all
    adopts = make_population(Scale(accounts=3000)).adopts
    a, b = (adopts[:, :, FEATURES.index(name)] for name in ("automations", "workload"))
    for state in range(len(STATES)):
        assert b[state][a[state]].mean() == pytest.approx(PLANTED.feature_a_to_b, abs=0.01)
        assert b[state].mean() < 0.6
    assert (a.mean(axis=1)).tolist() == pytest.approx([0.36, 0.22, 0.48, 0.27], abs=0.04)


def test_adoption_follows_the_table_also_in_a_small_company() -> None:
    adopts = make_population(Scale(accounts=120)).adopts
    for name in ("comments", "reports", "bulk_import", "help_centre"):
        share = adopts[:, :, FEATURES.index(name)].mean(axis=1)
        assert np.abs(share - ADOPTION[name]).max() < 0.02


def test_who_uses_more_keeps_what_was_used() -> None:
    adopts = make_population(Scale(accounts=300)).adopts
    for feature in ("comments", "files", "boards", "sharing", "reports"):
        number = FEATURES.index(feature)
        for state in range(len(STATES)):
            assert (adopts[state][:, number] <= adopts[POWER][:, number]).all()


def test_hostile_names_are_there_once_and_premium_needs_a_plan() -> None:
    population = make_population(Scale(accounts=60))
    assert [population.names.count(name) for name in HOSTILE_NAMES] == [1, 1, 1]
    starter = population.plan == 0
    for name in ("automations", "timeline", "workload"):
        assert not population.adopts[:, starter, FEATURES.index(name)].any()


def test_opted_out_share_is_exact() -> None:
    # E-02
    assert make_population(Scale()).opted_out.sum() == round(0.015 * 600)


@pytest.mark.parametrize("accounts", [50, 600, 100_000])
def test_room_is_left_for_those_who_sign_up(accounts: int) -> None:
    assert 0.25 * accounts < first_accounts(Scale(accounts=accounts)) < 0.5 * accounts
