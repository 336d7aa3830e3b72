import numpy as np
import pytest

from helpers.errors import ParameterError
from helpers.patterns.alike import among_alike


def test_what_the_strata_explain_is_no_difference():
    """In each stratum the outcome is as frequent with as without, over all it is not."""
    strata = np.repeat([0, 1], 200)
    exposed = np.concatenate([np.arange(200) < 40, np.arange(200) < 160])
    outcome = np.concatenate([np.arange(200) % 10 < 1, np.arange(200) % 10 < 7])
    found = among_alike(exposed, outcome, strata, np.arange(400))
    assert (found.n, found.n_hits) == (200, 4 + 112)
    assert found.expected == pytest.approx(40 * 0.1 + 160 * 0.7)
    assert found.ratio == pytest.approx(1.0)
    assert found.p_value > 0.9
    assert among_alike(exposed, outcome, np.zeros(400), np.arange(400)).p_value < 1e-8


def test_one_busy_account_proves_nothing():
    rng = np.random.default_rng(0)
    exposed = np.repeat([True, False], 300)
    outcome = np.where(exposed, rng.random(600) < 0.8, rng.random(600) < 0.3)
    account = np.where(exposed, 0, np.arange(600))
    assert among_alike(exposed, outcome, np.zeros(600), np.arange(600)).p_value < 1e-10
    assert among_alike(exposed, outcome, np.zeros(600), account).p_value > 0.01


def test_the_null_is_kept():
    """Of 400 tests without any difference about one in twenty has p < 0.05."""
    rng = np.random.default_rng(1)
    account, strata = np.repeat(np.arange(60), 5), np.tile(np.arange(3), 100)
    kind = rng.random(60)  # accounts differ in how often they are exposed, and in the outcome
    p = []
    for _ in range(400):
        other = rng.permutation(kind)
        exposed = rng.random(300) < kind[account]
        p.append(among_alike(exposed, rng.random(300) < other[account], strata, account).p_value)
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.09


def test_nothing_to_compare_is_said_as_such():
    empty = among_alike([], [], [], [])
    assert (empty.n, empty.p_value) == (0, 1.0)
    assert np.isnan(empty.ratio)
    assert among_alike([True, True], [True, False], [0, 0], ["a", "b"]).p_value == 1.0
    with pytest.raises(ParameterError, match="same length"):
        among_alike([True], [True, False], [0], ["a"])
