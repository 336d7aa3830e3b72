import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from helpers.anomalies.baseline import learn_baseline, robust_level
from helpers.anomalies.windows import cumulative, make_plan, sums
from helpers.errors import ParameterError
from tests.anomalies import naive_baseline
from tests.anomalies.made import make_activity


def plan_for(activity, end, *, window_days=7, baseline_days=90):
    return make_plan(
        activity.alive,
        activity.observed,
        ends=np.array([end]),
        window_days=window_days,
        baseline_days=baseline_days,
    )


def learn(activity, end, **lengths):
    plan = plan_for(activity, end, **lengths)
    cohorts = np.zeros(len(activity.accounts), int)
    return learn_baseline(activity.signals.of("events"), plan, cohorts=cohorts), plan


def test_a_window_excludes_its_end_and_days_before_the_first_count_nothing():
    total = cumulative(np.array([[1.0, 2.0, 4.0, 8.0]], np.float32))

    assert sums(total, np.array([3, 1]), 2).tolist() == [[6.0, 1.0]]


def test_a_plan_wants_four_whole_weeks_and_ends_inside_the_days():
    alive, observed = np.ones((1, 60), bool), np.ones(60, bool)

    with pytest.raises(ParameterError, match="at least 28 days"):
        make_plan(alive, observed, ends=np.array([60]), baseline_days=20)
    with pytest.raises(ParameterError, match="1 to 60"):
        make_plan(alive, observed, ends=np.array([61]))


def test_an_account_is_judged_only_when_it_was_there_for_window_and_four_weeks():
    alive = np.ones((3, 100), bool)
    alive[1, :66] = False  # 34 days old: a week and less than four before it
    alive[2, 97:] = False  # left within the window

    plan = make_plan(alive, np.ones(100, bool), ends=np.array([100]))

    assert plan.usable[:, 0].tolist() == [True, False, False]
    assert plan.n_blocks[:, 0].tolist() == [12, 3, 12]


# N-01
@pytest.mark.parametrize(("window_days", "seed"), [(7, 1), (14, 2), (28, 3)])
def test_agrees_with_the_naive_baseline(window_days, seed):
    activity = make_activity(n_accounts=40, seed=seed, rate=(0.3, 200.0), spread=0.2)
    activity.alive[3, :120] = False  # a young account: fewer weeks, outside the panel
    fast, _ = learn(activity, 190, window_days=window_days)

    level, expected, spread = naive_baseline.learn(
        activity.signals.of("events").astype(float).tolist(),
        activity.alive.tolist(),
        end=190,
        window_days=window_days,
        n_blocks=12,
    )

    assert_allclose(fast.level[:, 0], level, rtol=1e-4)
    assert_allclose(fast.expected[:, 0], expected, rtol=1e-4)
    assert_allclose(fast.spread[:, 0], spread, rtol=1e-3)


# N-01: weekly and monthly patterns, seasons
def test_what_the_cohort_did_is_taken_out():
    summer = np.ones(196)
    summer[189:] = 0.6  # everybody works less in the last week
    activity = make_activity(n_accounts=80, day_factor=summer, spread=0.01)

    base, _ = learn(activity, 196)

    assert 0.95 < np.median(base.ratio) < 1.05
    assert np.median(base.observed / base.level) < 0.7


def test_a_cohort_has_its_own_normal():
    activity = make_activity(n_accounts=120, spread=0.01)
    cohorts = np.arange(120) % 2
    counts = activity.signals.of("events")
    counts[cohorts == 1, 189:] = np.floor(counts[cohorts == 1, 189:] * 0.5)  # a regional holiday
    plan = plan_for(activity, 196)

    together = learn_baseline(counts, plan, cohorts=np.zeros(120, int))
    apart = learn_baseline(counts, plan, cohorts=cohorts)

    assert np.median(together.ratio[cohorts == 1]) < 0.75
    assert np.median(apart.ratio[cohorts == 1]) > 0.8


def test_fault_E07_one_giant_account_does_not_move_the_others():
    activity = make_activity(n_accounts=50, rate=(5.0, 50.0))
    counts = activity.signals.of("events")
    counts[7] *= 1_000  # nearly all events of the company
    before, _ = learn(activity, 196)
    counts[7] *= 10
    counts[7, 189:] = 0  # and it falls silent in the last week

    after, _ = learn(activity, 196)

    others = np.arange(50) != 7
    assert_allclose(after.expected[others], before.expected[others], rtol=0.03)


def test_fault_C15_a_day_without_any_row_lowers_expectation_not_the_account():
    activity = make_activity(n_accounts=60, spread=0.01)
    activity.signals.of("events")[:, 192] = 0  # the source delivered nothing that Thursday
    activity.observed[192] = False

    base, _ = learn(activity, 196)

    assert 0.95 < np.median(base.ratio) < 1.05


def test_the_baseline_ends_where_the_window_begins():
    activity = make_activity(n_accounts=30)
    base, _ = learn(activity, 150)
    activity.signals.of("events")[:, 150:] *= 50  # the future

    again, _ = learn(activity, 150)

    assert_allclose(again.expected, base.expected, rtol=0)
    assert_allclose(again.spread, base.spread, rtol=0)


def test_odd_weeks_are_cut_back():
    weekly = np.full((12, 1, 1), 100.0, np.float32)
    weekly[4] = 4_000.0  # an earlier spike

    level = robust_level(
        weekly, np.full((1, 1), 12), mean=np.full((1, 1), 425.0), spread=np.full((1, 1), 0.02)
    )

    assert 100 <= level[0, 0] < 107


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(12)))
def test_row_order_does_not_matter(order):
    activity = make_activity(n_accounts=12, seed=5)
    base, _ = learn(activity, 196)
    cohorts = np.zeros(12, int)
    shuffled = learn_baseline(
        activity.signals.of("events")[list(order)], plan_for(activity, 196), cohorts=cohorts
    )

    assert_allclose(shuffled.expected[:, 0], base.expected[list(order), 0], rtol=1e-6)


def test_dispersion_is_found_again():
    calm, _ = learn(make_activity(n_accounts=200, rate=(40.0, 80.0), spread=0.01), 196)
    wild, _ = learn(make_activity(n_accounts=200, rate=(40.0, 80.0), spread=0.25), 196)

    by_visits = 0.035  # 4 visits a day and account, each of 12 events: 1 / (4 * 7)
    assert np.median(calm.spread) == pytest.approx(0.01 + by_visits, abs=0.015)
    assert np.median(wild.spread) == pytest.approx(0.25 + by_visits, abs=0.06)
