"""Intervals and tests against other implementations, by hand and at their edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from helpers.errors import ParameterError
from helpers.stats import (
    benjamini_hochberg,
    bootstrap,
    cauchy_combination,
    fisher_exact_greater,
    mad_scale,
    safe_ratio,
    shuffled,
    wilson,
)


@given(st.integers(1, 400), st.floats(0, 1))
def test_wilson_agrees_with_scipy(n, share):
    hits = round(share * n)
    low, high = wilson(hits, n)
    expected = scipy_stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert low == pytest.approx(expected.low, abs=1e-9)
    assert high == pytest.approx(expected.high, abs=1e-9)
    assert 0 <= low <= hits / n <= high <= 1


def test_wilson_of_nothing_knows_nothing():
    low, high = wilson([0, 3], [0, 3])
    assert low[0] == 0
    assert high.tolist() == [1, 1]


def test_wilson_refuses_more_hits_than_trials():
    with pytest.raises(ParameterError, match="0 <= hits <= n"):
        wilson(4, 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_benjamini_hochberg_agrees_with_scipy(p_values):
    expected = scipy_stats.false_discovery_control(p_values)
    assert benjamini_hochberg(p_values) == pytest.approx(expected)


def test_benjamini_hochberg_does_not_count_tests_not_made():
    q_values = benjamini_hochberg([0.01, np.nan, 0.02])
    assert q_values[[0, 2]].tolist() == [0.02, 0.02]
    assert np.isnan(q_values[1])
    assert benjamini_hochberg([]).shape == (0,)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_fisher_agrees_with_scipy(both, exposed_only, hit_only, neither):
    table = [[both, exposed_only], [hit_only, neither]]
    n = sum(map(sum, table))
    ours = fisher_exact_greater(both, both + exposed_only, both + hit_only, n)
    assert ours == pytest.approx(scipy_stats.fisher_exact(table, "greater").pvalue, abs=1e-9)


def test_cauchy_combination_keeps_a_single_test_and_ignores_tests_not_made():
    p_values = np.array([[0.03, np.nan], [np.nan, np.nan], [0.03, 0.03]])
    combined = cauchy_combination(p_values)
    assert combined[[0, 2]] == pytest.approx([0.03, 0.03])
    assert np.isnan(combined[1])


def test_cauchy_combination_is_uniform_under_the_null():
    rng = np.random.default_rng(1)
    combined = cauchy_combination(rng.uniform(size=(20_000, 5)))
    assert (combined < 0.01).mean() == pytest.approx(0.01, abs=0.003)


def test_weights_of_a_cauchy_combination_by_hand():
    p_values, weights = np.array([0.01, 0.5, np.nan]), [1.0, 3.0, 9.0]
    score = (1 * np.tan(0.49 * np.pi) + 3 * np.tan(0.0)) / 4  # the third test was not made
    combined = cauchy_combination(p_values, weights=weights)
    assert combined == pytest.approx(0.5 - np.arctan(score) / np.pi)
    assert cauchy_combination(p_values, weights=[2.0, 2.0, 2.0]) == cauchy_combination(p_values)


def test_a_weighted_cauchy_combination_is_uniform_under_the_null():
    rng = np.random.default_rng(2)
    combined = cauchy_combination(rng.uniform(size=(4, 20_000)), axis=0, weights=[7, 7, 14, 28])
    assert (combined < 0.01).mean() == pytest.approx(0.01, abs=0.003)


def test_bootstrap_draws_groups_and_covers_the_mean():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(60), 5)
    values = np.repeat(rng.normal(size=60), 5)  # rows of a group are copies: 60 facts, not 300
    low, high = bootstrap(lambda rows: values[rows].mean(), groups, n_draws=400)
    naive = 1.96 * values.std() / np.sqrt(300)
    assert low < values.mean() < high
    assert (high - low) / 2 > 1.8 * naive


def test_bootstrap_of_undefined_statistics_is_nan():
    low, high = bootstrap(lambda _: float("nan"), [1, 2])
    assert np.isnan([low, high]).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_mad_scale_agrees_with_scipy(values):
    expected = scipy_stats.median_abs_deviation(values, scale="normal")
    assert mad_scale(values) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_safe_ratio_is_never_infinite():
    ratio = safe_ratio([1, 0, 1, np.inf], [0, 0, np.nan, 2])
    assert np.isnan(ratio).all()
    assert safe_ratio(3, 2) == 1.5


def test_shuffled_depends_on_the_seed_only():
    values = np.arange(50)
    assert shuffled(values, seed=1).tolist() == shuffled(values, seed=1).tolist()
    assert shuffled(values, seed=1).tolist() != shuffled(values, seed=2).tolist()
    assert sorted(shuffled(values, seed=1)) == values.tolist()
