"""Windows of several lengths: the days they need, and how much each of them counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from helpers.anomalies.baseline import Baseline
from helpers.anomalies.cohort import Factors
from helpers.anomalies.detectors import combine, robust_tails
from helpers.anomalies.kinds import usage
from helpers.anomalies.kinds.catalogue import KINDS
from helpers.anomalies.kinds.found import Measure, strongest
from helpers.anomalies.windows import make_plan, plan_counts, totals
from helpers.errors import ParameterError
from tests.anomalies.made import change, make_activity, scene_of


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=40),
    st.lists(st.integers(0, 40), min_size=1, max_size=4, unique=True),
    st.integers(1, 15),
)
def test_totals_agree_with_adding_up_each_window(counts, ends, length):
    ends = np.sort(np.minimum(ends, len(counts)))
    found = totals(np.array([counts], np.float32), ends, length).over(ends, length)

    assert found[0].tolist() == [sum(counts[max(end - length, 0) : end]) for end in ends.tolist()]


@pytest.mark.parametrize(("ends", "length"), [([40, 45], 15), ([46], 14), ([30], 7)])
def test_totals_of_other_days_are_an_error(ends, length):
    days = totals(np.ones((2, 50), np.float32), np.array([40, 45]), 14)

    assert days.over(np.array([40, 45]), 14).tolist() == [[14.0, 14.0]] * 2
    with pytest.raises(ParameterError, match="lies outside"):
        days.over(np.array(ends), length)


@given(
    st.lists(st.integers(0, 9), min_size=60, max_size=90),
    st.lists(st.integers(1, 90), min_size=1, max_size=40, unique=True),
    st.sampled_from([1, 7, 14, 28]),
)
def test_weeks_are_counted_right_in_leaps_and_day_by_day(counts, ends, window_days):
    n_days = len(counts)
    ends = np.unique(np.minimum(ends, n_days))
    alive, observed = np.ones((1, n_days), bool), np.ones(n_days, bool)
    plan = make_plan(alive, observed, ends=ends, window_days=window_days, baseline_days=28)
    window, weeks = plan_counts(np.array([counts], np.float32), plan)

    for at, end in enumerate(ends.tolist()):
        start = end - window_days
        assert window[0, at] == sum(counts[max(start, 0) : end])
        for block in range(4):
            first, last = start - 7 * block - 7, start - 7 * block
            assert plan.valid[block, 0, at] == (first >= 0)
            assert weeks[block, 0, at] == (sum(counts[first:last]) if first >= 0 else 0)


def measured(p, window_days):
    blank = np.full((1, 1), np.nan)
    values = dict.fromkeys(("size", "observed", "expected", "low", "high"), blank)
    return Measure(metric="events", window_days=window_days, p=np.array([[p]]), **values)


def test_a_short_window_counts_less_where_length_weighs():
    holds = np.ones((1, 1), bool)
    short = [(measured(0.001, 7), holds), (measured(0.5, 28), holds)]
    long = [(measured(0.5, 7), holds), (measured(0.001, 28), holds)]

    alike = [strongest("usage_drop", parts).p[0, 0] for parts in (short, long)]
    by_length = [strongest("usage_drop", parts, by_length=True).p[0, 0] for parts in (short, long)]

    assert alike == pytest.approx([0.002, 0.002], rel=1e-3)
    assert by_length == pytest.approx([0.005, 0.00125], rel=1e-3)  # 35/7 and 35/28 times 0.001


def four_weeks(observed, weekly, *, spread, weekly_spread):
    """A window of four weeks after twelve, of one account."""
    cell, weeks = np.ones((1, 1)), np.array(weekly, np.float32)[:, None, None]
    return Baseline(
        observed=cell * observed, expected=cell * 4 * np.mean(weekly), level=cell * np.mean(weekly),
        exposure=12 * cell, spread=cell * spread, weekly_spread=cell * weekly_spread,
        span_weeks=4, n_blocks=12 * cell, weeks=weeks, weekly=weeks,
        factors=Factors(window=4 * cell, blocks=np.ones_like(weeks)), lost=np.zeros(1),
    )  # fmt: skip


def test_the_robust_z_of_four_weeks_by_hand():
    base = four_weeks(280, [90, 110] * 6, spread=0.01, weekly_spread=0.04)
    low, high = robust_tails(base)

    one = 100 + 0.04 * 100**2  # variance of a week, as the dispersion has it
    span = 100 / 4 + 0.01 * 100**2  # of the mean of four
    week = 0.5 * (1.4826 * 10) ** 2 + 0.5 * one
    z = (280 / 4 - 100) / (week * span / one + np.pi / 2 * week / 12) ** 0.5
    assert low[0, 0] == pytest.approx(stats.t.cdf(z, 11))
    assert high[0, 0] == pytest.approx(stats.t.sf(z, 11))


def test_what_a_window_may_differ_by_holds_the_baselines_own_doubt():
    base = four_weeks(400, [100] * 12, spread=0.03, weekly_spread=0.06)

    assert base.relative_spread[0, 0] == pytest.approx(0.03 * (1 + 4 / 12))  # three such spans
    low, high = base.band()
    known = 1 / (100 * 12)
    reach = 1.96 * (400 + (0.04 + known) * 400**2) ** 0.5
    assert (low[0, 0], high[0, 0]) == pytest.approx((400 - reach, 400 + reach))


@pytest.mark.parametrize("find", [usage.usage_drop, usage.pattern_break])
def test_volume_and_rhythm_weigh_windows_by_length(find, monkeypatch):
    seen = []

    def strongest_of(kind, candidates, **rest):
        seen.append((candidates, rest))
        return strongest(kind, candidates, **rest)

    monkeypatch.setattr(usage, "strongest", strongest_of)
    found = find(scene_of(make_activity(n_accounts=60, seed=2)))
    ((candidates, _),) = seen
    weights = [measure.window_days for measure, _ in candidates]

    assert len(set(weights)) > 1
    p = np.stack([measure.p for measure, _ in candidates])
    np.testing.assert_allclose(found.p, combine(p, weights=weights))


def test_the_chance_of_a_share_by_hand():
    """A window of two weeks after twelve that were all alike: binomial and the baseline's doubt."""
    activity = make_activity(n_accounts=1, n_days=196)
    events, off = (activity.signals.of(name) for name in ("events", "off_hours"))
    events[:], off[:] = 10, 2
    off[:, 182:] = 4
    scene = scene_of(activity)
    p = usage._share_p(scene, np.full(scene.shape, 0.4), np.full(scene.shape, 0.2), 14)

    parts = 1 / 140 + 1 / 840  # the weeks differ less than chance: nothing between them
    width = 1 / parts - 1
    tail = stats.beta.sf(0.4 - 0.5 / 140, 0.2 * width, 0.8 * width)
    assert p[0, -1] == pytest.approx(stats.t.cdf(stats.norm.ppf(tail), 17), rel=1e-6)


# N-09: a new rhythm of accounts whose weeks differ
def test_two_weeks_show_a_new_rhythm_that_one_does_not():
    activity = make_activity(n_accounts=200, rate=(15.0, 25.0), seed=3)
    events, off = (activity.signals.of(name) for name in ("events", "off_hours"))
    moved, days = np.arange(10), slice(182, 196)
    late = np.random.default_rng(4).binomial(events[:10, days].astype(int), 0.6)
    off[:10, days] = np.maximum(off[:10, days], late)

    alone = usage.pattern_break(scene_of(activity, windows_days=(7,))).p[:, -1]
    both = usage.pattern_break(scene_of(activity, windows_days=(7, 14))).p[:, -1]

    assert np.median(both[moved]) < 0.01
    assert np.median(alone[moved]) > 0.05
    assert (both[10:] <= 0.01).mean() <= 0.02  # 190 accounts that moved nothing


# N-13: a week that is half as high is chance more often than two such weeks in a row
def test_a_fall_that_lasts_is_surer_than_a_week_of_the_same_size():
    activity = make_activity(n_accounts=200, rate=(40.0, 60.0), seed=5)
    one, two = np.arange(0, 5), np.arange(5, 10)
    for name in ("events", "logins", "active_users", "core_events"):
        change(activity, name, one[:, None], np.arange(189, 196), 0.5)
        change(activity, name, two[:, None], np.arange(182, 196), 0.5)
    p = usage.usage_drop(scene_of(activity)).p[:, -1]

    assert np.median(p[two]) < 0.3 * np.median(p[one])
    assert np.median(p[two]) < 0.02


# N-13: where nothing happened, p <= 0.01 is given to hardly more than 1 in 100
def test_every_kind_gives_small_p_values_as_rarely_as_it_says():
    told = {}
    for seed in range(100, 104):
        activity = make_activity(
            n_accounts=200, n_days=240, seed=seed, n_users=6, features=("f1", "f2", "f3")
        )
        scene = scene_of(activity)
        for kind in (kind for kind in KINDS if kind.statistical):
            p = kind.find(scene).p[:, -1]
            told.setdefault(kind.name, []).append(p[np.isfinite(p)])
    shares = {name: (np.concatenate(p) <= 0.01).mean() for name, p in told.items() if len(p[0])}

    assert len(shares) >= 12
    assert {name: share for name, share in shares.items() if share > 0.025} == {}


@pytest.mark.parametrize(("rate", "most"), [((20.0, 80.0), 0.01), ((3.0, 5.0), 0.02)])
def test_shares_that_wander_from_week_to_week_are_no_new_rhythm(rate, most):
    small = []
    for seed in range(3):
        activity = make_activity(n_accounts=200, n_days=252, rate=rate, seed=seed)
        rng = np.random.default_rng(seed)
        drift = rng.normal(size=(200, 36))
        for week in range(1, 36):  # autocorrelation 0.9
            drift[:, week] = 0.9 * drift[:, week - 1] + 0.19**0.5 * drift[:, week]
        share = (1 / (1 + np.exp(1.7 - drift))).repeat(7, axis=1)
        events = activity.signals.of("events").astype(int)
        activity.signals.of("off_hours")[:] = rng.binomial(events, share)
        p = usage.pattern_break(scene_of(activity)).p[:, -1]
        small.append((p <= 0.01).mean())

    assert np.mean(small) <= most
