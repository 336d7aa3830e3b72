import numpy as np
import pytest

from helpers.patterns.families import q_by_family
from helpers.stats import benjamini_hochberg


def selected(p, family, level):
    """The published procedure at one level, word by word."""
    names = sorted(set(family))
    mine = {name: [i for i, f in enumerate(family) if f == name] for name in names}
    simes = [min(benjamini_hochberg([p[i] for i in mine[name]])) for name in names]
    chosen = [n for n, q in zip(names, benjamini_hochberg(simes), strict=True) if q <= level]
    told = set()
    for name in chosen:
        q = benjamini_hochberg([p[i] for i in mine[name]])
        bar = level * len(chosen) / len(names)
        told |= {i for i, value in zip(mine[name], q, strict=True) if value <= bar}
    return told


@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_the_procedure_at_every_level(seed):
    rng = np.random.default_rng(seed)
    p = rng.random(40) ** rng.choice([1, 4], 40)
    family = rng.choice(list("abcd"), 40)
    q = q_by_family(p, family)
    for level in (0.01, 0.05, 0.1, 0.3, 0.8):
        assert {i for i, value in enumerate(q) if value <= level} == selected(p, family, level)


def test_one_family_has_its_usual_q_values():
    p = [0.01, np.nan, 0.04, 0.5]
    np.testing.assert_allclose(q_by_family(p, ["x"] * 4), benjamini_hochberg(p))


def test_many_findings_of_one_search_do_not_lower_the_bar_of_another():
    sure, chance = [1e-9] * 500, [0.03, 0.2, 0.4, 0.6, 0.8]
    family = ["sure"] * 500 + ["chance"] * 5
    assert benjamini_hochberg([*sure, *chance])[500] < 0.05  # in one pot it would be told
    q = q_by_family([*sure, *chance], family)
    assert q[500] > 0.05
    assert (q[:500] < 1e-6).all()


def test_a_search_without_tests_does_not_count_and_none_at_all_is_no_error():
    q = q_by_family([0.01, 0.02, np.nan], ["a", "a", "b"])
    np.testing.assert_allclose(q[:2], benjamini_hochberg([0.01, 0.02]))
    assert np.isnan(q[2])
    assert np.isnan(q_by_family([np.nan], ["a"])).all()
    assert len(q_by_family([], [])) == 0
