"""Windows of several lengths: the days they need, and how much each of them counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.anomalies.kinds import usage
from helpers.anomalies.kinds.catalogue import KINDS
from helpers.anomalies.kinds.found import Measure, strongest
from helpers.anomalies.windows import totals
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


def test_totals_that_do_not_reach_back_far_enough_are_an_error():
    days = totals(np.ones((2, 50), np.float32), np.array([40, 45]), 14)

    assert days.over(np.array([40, 45]), 14).tolist() == [[14.0, 14.0]] * 2
    with pytest.raises(ParameterError, match="ask totals\\(\\) for a longer reach"):
        days.over(np.array([40, 45]), 15)


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


# N-13: where nothing happened, a p-value of 1 in 100 is given to 1 in 100
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
