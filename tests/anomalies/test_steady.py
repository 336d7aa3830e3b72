"""What happens to one account, or to the source, is no news of the others."""

from dataclasses import replace

import pandas as pd
import pytest

from helpers.anomalies import Settings, analyse, build_queue
from tests.anomalies.made import make_activity, quiet

KEYS = ["account_id", "kind", "severity", "detected_on"]
GIANT, LOST = 11, 170
PLANTED = ("a0003", "a0010", "a0040", "a0077")


@pytest.fixture(scope="module")
def activity():
    """Eighty accounts, one of them a giant; four stop, of which one is a giant's neighbour."""
    made = make_activity(n_accounts=80, n_users=3, features=("reports", "boards"), seed=8)
    for array in (made.signals.counts, made.features.counts):
        array[:, GIANT] *= 50
    for account, day in ((3, 180), (10, 189), (40, 186), (77, 184)):
        quiet(made, account, slice(day, None))
        made.user_days[3 * account : 3 * account + 3, day:] = 0
    return made


def alerts_of(activity):
    queue = build_queue(analyse(activity, Settings()), per_week=50)
    return queue.alerts[KEYS].sort_values(KEYS, ignore_index=True)


def doubled(activity):
    signals, features = activity.signals.counts.copy(), activity.features.counts.copy()
    people = activity.user_days.copy()
    for array in (signals, features):
        array[:, GIANT] *= 2
    people[3 * GIANT : 3 * GIANT + 3] *= 2
    return with_counts(activity, signals, features, people)


def with_counts(activity, signals, features, people, observed=None):
    return replace(
        activity,
        signals=replace(activity.signals, counts=signals),
        features=replace(activity.features, counts=features),
        user_days=people,
        observed=activity.observed if observed is None else observed,
    )


@pytest.fixture(scope="module")
def before(activity):
    alerts = alerts_of(activity)
    assert set(PLANTED) <= set(alerts["account_id"])
    return alerts


# E07
def test_a_giant_that_doubles_moves_nobody_else(activity, before):
    after = alerts_of(doubled(activity))

    name = f"a{GIANT:04d}"
    pd.testing.assert_frame_equal(
        after[after["account_id"] != name].reset_index(drop=True),
        before[before["account_id"] != name].reset_index(drop=True),
    )


# C15
@pytest.mark.parametrize("day", [120, LOST, 175, 183])
def test_a_day_that_is_lost_for_everybody_is_nobodys_alert(activity, before, day):
    signals, features = activity.signals.counts.copy(), activity.features.counts.copy()
    people, observed = activity.user_days.copy(), activity.observed.copy()
    for array in (signals, features, people):
        array[..., day] = 0
    observed[day] = False

    after = alerts_of(with_counts(activity, signals, features, people, observed))

    both = before.merge(after, on=KEYS[:3], how="right", suffixes=("", "_now"), indicator=True)
    assert (both["_merge"] == "both").all()  # it may hide an alert, and raises none
    assert (both["detected_on_now"] >= both["detected_on"]).all()  # nor one earlier
    assert set(PLANTED) <= set(after["account_id"])
