import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import fisher_exact, t

from helpers.errors import ParameterError
from helpers.patterns.contrast import contrast, exposures, fisher_two_sided
from helpers.stats import benjamini_hochberg, shuffled
from tests.patterns import naive_patterns as naive


def test_by_hand_lift_and_relative_risk_are_two_numbers():  # Z-12 A-07
    outcome = [True] * 8 + [False] * 2 + [True] * 2 + [False] * 28
    found = contrast(exposures([range(10)]), outcome, range(40)).iloc[0]
    assert found["n_units"] == 10
    assert found["n_hits"] == 8
    assert found["n_accounts"] == 10
    assert found["support"] == 0.25
    assert found["outcome_rate"] == 0.8
    assert found["base_rate"] == 0.25
    assert found["rate_without"] == pytest.approx(2 / 30)
    assert found["lift"] == pytest.approx(3.2)
    assert found["relative_risk"] == pytest.approx(12.0)
    assert found["low"] == pytest.approx(0.4902, abs=1e-4)  # Wilson 8 of 10
    assert found["high"] == pytest.approx(0.9433, abs=1e-4)


@pytest.mark.parametrize(("share", "risk"), [(0.05, 3.6), (0.10, 4.2), (0.20, 7.1), (0.30, 56.0)])
def test_a_lift_of_3_2_is_another_relative_risk_for_each_exposed_share(share, risk):  # Z-12
    n, hits = 100_000, 10_000
    exposed = int(n * share)
    both = int(3.2 * 0.1 * exposed)
    outcome = np.zeros(n, bool)
    outcome[:both] = True
    outcome[exposed : exposed + hits - both] = True
    found = contrast(exposures([range(exposed)]), outcome, range(n)).iloc[0]
    assert found["lift"] == pytest.approx(3.2)
    assert found["relative_risk"] == pytest.approx(risk, rel=0.02)


def test_nobody_else_had_the_outcome_gives_no_relative_risk():
    found = contrast(exposures([range(10)]), [True] * 10 + [False] * 20, range(30)).iloc[0]
    assert np.isnan(found["relative_risk"])
    assert found["lift"] == 3.0


def test_two_sided_fisher_is_twice_the_smaller_side():
    both, exposed = np.array([8, 1, 3]), np.array([10, 12, 12])
    expected = [
        min(
            1.0,
            2
            * min(
                fisher_exact([[b, e - b], [10 - b, 30 - e + b]], alternative=side)[1]
                for side in ("greater", "less")
            ),
        )
        for b, e in zip(both, exposed, strict=True)
    ]
    assert_allclose(fisher_two_sided(both, exposed, 10, 40), expected)


def test_rows_of_one_account_do_not_count_as_many():
    # twenty copies of four accounts: the plain test sees 80 units, the honest one 4 accounts
    accounts = np.repeat(range(8), 10)
    outcome = np.isin(accounts, [0, 1, 2, 4])
    found = contrast(exposures([np.flatnonzero(accounts < 4)]), outcome, accounts).iloc[0]
    plain = fisher_two_sided(np.array([30]), np.array([40]), 40, 80)[0]
    assert plain < 1e-4
    assert found["p_value"] > 0.1
    assert found["high"] - found["low"] > 0.5
    assert found["n_accounts"] == 4


def test_cluster_test_agrees_with_the_sum_written_out():
    rng = np.random.default_rng(5)
    clusters = rng.integers(0, 25, 200)
    outcome = rng.random(200) < 0.2 + 0.4 * (clusters % 2)
    exposed = rng.random(200) < 0.2 + 0.5 * (clusters % 3 == 0)
    difference, variance = naive.difference_variance(
        outcome.tolist(), clusters.tolist(), exposed.tolist()
    )
    n_accounts = len(np.unique(clusters))
    by_accounts = 2 * t.sf(abs(difference) / variance**0.5, n_accounts - 1)
    plain = fisher_two_sided(
        np.array([(outcome & exposed).sum()]), np.array([exposed.sum()]), outcome.sum(), 200
    )[0]
    found = contrast(exposures([np.flatnonzero(exposed)]), outcome, clusters).iloc[0]
    assert found["p_value"] == pytest.approx(max(by_accounts, plain))


def test_too_few_units_are_not_tested_and_everybody_is_no_contrast():
    outcome = np.arange(40) % 2 == 0
    found = contrast(exposures([range(9), range(40), []]), outcome, range(40))
    assert found["p_value"].isna().all()
    assert np.isnan(found["rate_without"].iloc[1])
    assert found["outcome_rate"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("size", [0, 1, 2])
def test_tiny_samples_give_rows_without_a_test(size):
    found = contrast(exposures([range(size)]), [True] * size, range(size))
    assert found["p_value"].isna().all()
    assert len(found) == 1


def test_shuffled_outcomes_find_nothing():
    rng = np.random.default_rng(11)
    clusters = np.repeat(range(150), 4)
    patterns = [np.flatnonzero(rng.random(600) < rng.uniform(0.05, 0.6)) for _ in range(300)]
    outcome = rng.random(600) < 0.3
    runs = [
        contrast(exposures(patterns), shuffled(outcome, seed=seed), clusters)["p_value"]
        for seed in range(10)
    ]
    found = [(benjamini_hochberg(p_values) < 0.05).sum() for p_values in runs]
    assert sum(n > 0 for n in found) <= 1  # one run in twenty may find something
    assert np.mean([p_values.lt(0.05).mean() for p_values in runs]) < 0.05


def test_names_of_accounts_and_order_of_rows_do_not_matter():
    rng = np.random.default_rng(2)
    clusters, outcome = rng.integers(0, 30, 100), rng.random(100) < 0.4
    exposed = rng.random(100) < 0.5
    order = rng.permutation(100)
    one = contrast(exposures([np.flatnonzero(exposed)]), outcome, clusters)
    two = contrast(
        exposures([np.flatnonzero(exposed[order])]),
        outcome[order],
        [f"acct-{99 - c}" for c in clusters[order]],
    )
    assert_allclose(one.to_numpy(float), two.to_numpy(float), rtol=1e-12)


def test_exposure_can_be_cut_to_some_units_and_patterns():
    cut = exposures([[0, 2, 4], [1], [3, 4]]).only(np.array([True, False, True, False, True]))
    assert [cut[i].tolist() for i in range(3)] == [[0, 1, 2], [], [2]]
    assert [e.tolist() for e in map(cut.take([2, 0]).__getitem__, range(2))] == [[2], [0, 1, 2]]


def test_each_unit_needs_an_account():
    with pytest.raises(ParameterError, match="expected one account per unit, got 1 for 2 units"):
        contrast(exposures([[0]]), [True, False], ["a"])
