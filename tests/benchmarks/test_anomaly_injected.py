"""Faults that are put into series are of the size that they say, and touch nothing else."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.anomaly_injected_draw import REVIEW_DAYS, able, cut, draw_faults
from benchmarks.anomaly_injected_faults import KINDS, SIZES, Fault, inject
from benchmarks.anomaly_injected_score import (
    ALERTS,
    NOTHING,
    REVIEW,
    Results,
    natural_rate,
    recall_table,
    threshold,
)
from helpers.anomalies.signals import Activity, Cube

N_ACCOUNTS, N_USERS, N_DAYS, DAY = 6, 5, 210, 190
FEATURES = ("call", "edit", "note")


@pytest.fixture(scope="module")
def activity():
    """Six accounts of five people and three features, every table counted from the same events."""
    rng = np.random.default_rng(3)
    days = pd.date_range("2026-01-05", periods=N_DAYS)
    shape = (N_ACCOUNTS, N_USERS, len(FEATURES), N_DAYS, 2)  # the last: by day, at night
    events = rng.poisson(np.array([1.5, 0.3]), shape)
    by_feature = events.sum(axis=(1, 4)).transpose(1, 0, 2)
    people, night = events.sum(axis=(2, 4)), events[..., 1].sum(axis=1)
    total = people.sum(axis=1)
    counts = {
        "events": total,
        "active_users": (people > 0).sum(axis=1),
        "features_used": (by_feature > 0).sum(axis=0),
        "collaboration": by_feature[2],
        "off_hours": np.where(days.day_of_week >= 5, total, night.sum(axis=1)),
    }
    account, feature, day = np.nonzero(by_feature.transpose(1, 0, 2))
    actions = pd.DataFrame({"account": account, "day": day, "event": np.array(FEATURES)[feature]})
    actions["n"] = by_feature[feature, account, day]
    actions["n_night"] = night[account, feature, day]
    users = pd.DataFrame({"account": np.repeat(range(N_ACCOUNTS), N_USERS)})
    return Activity(
        accounts=pd.DataFrame({"account_id": [f"a{n}" for n in range(N_ACCOUNTS)]}),
        days=days,
        alive=np.ones((N_ACCOUNTS, N_DAYS), bool),
        observed=np.ones(N_DAYS, bool),
        signals=Cube(names=tuple(counts), counts=np.stack(list(counts.values())).astype("f4")),
        features=Cube(names=FEATURES, counts=by_feature.astype("f4")),
        users=users.assign(user_id=[f"u{n}" for n in range(len(users))]),
        user_days=people.reshape(-1, N_DAYS).astype("f4"),
        actions=actions,
        roles={"collaboration": ("note",)},
    )


def make_fault(kind, size, account=2):
    target = {"people stay away": (10, 11), "feature abandoned": (1,)}.get(kind, ())
    return Fault(account=account, kind=kind, size=size, day=DAY, target=target)


@pytest.mark.parametrize("kind", KINDS)
def test_every_count_stays_in_keeping_and_nothing_else_is_touched(activity, kind):
    after = inject(activity, [make_fault(kind, SIZES[kind][1])], seed=1)

    mine = np.zeros((N_ACCOUNTS, N_DAYS), bool)
    mine[2, DAY:] = True
    for cube in ("signals", "features"):
        before, now = getattr(activity, cube).counts, getattr(after, cube).counts
        assert (before[:, ~mine] == now[:, ~mine]).all()
    owner = activity.users["account"].to_numpy()
    others = ~mine[owner]
    assert (activity.user_days[others] == after.user_days[others]).all()
    assert not np.array_equal(activity.signals.counts, after.signals.counts)

    events = after.signals.of("events")
    people = after.user_days.reshape(N_ACCOUNTS, N_USERS, N_DAYS)
    assert (people.sum(axis=1) == events).all()
    assert (after.features.counts.sum(axis=0) == events).all()
    assert (after.signals.of("active_users") == (people > 0).sum(axis=1)).all()
    assert (after.signals.of("features_used") == (after.features.counts > 0).sum(axis=0)).all()
    assert (after.signals.of("collaboration") == after.features.of("note")).all()
    told = after.actions.groupby(["account", "day"])[["n", "n_night"]].sum()
    assert told["n"].sum() == events.sum()
    weekday = activity.days.day_of_week < 5
    at = pd.MultiIndex.from_product([range(N_ACCOUNTS), range(N_DAYS)])
    night = told["n_night"].reindex(at, fill_value=0).to_numpy().reshape(N_ACCOUNTS, N_DAYS)
    assert (after.signals.of("off_hours")[:, weekday] == night[:, weekday]).all()
    assert (after.actions["n_night"] <= after.actions["n"]).all()


def test_the_share_taken_away_is_the_one_asked_for(activity):
    for kind in ("fewer visits", "less per visit"):
        faults = [make_fault(kind, 0.65, account) for account in range(N_ACCOUNTS)]
        left = inject(activity, faults, seed=4).signals.of("events")[:, DAY:].sum()
        before = activity.signals.of("events")[:, DAY:].sum()
        assert left / before == pytest.approx(0.35, abs=0.05)


def test_a_visit_is_dropped_whole_and_work_within_one_in_part(activity):
    was = activity.user_days[10:15, DAY:]
    dropped = inject(activity, [make_fault("fewer visits", 0.4)], seed=2).user_days[10:15, DAY:]
    thinned = inject(activity, [make_fault("less per visit", 0.4)], seed=2).user_days[10:15, DAY:]
    assert ((dropped == 0) | (dropped == was)).all()
    assert ((thinned > 0) & (thinned < was)).any()


def test_a_decline_grows_and_a_spike_lasts_a_day(activity):
    fault = Fault(account=2, kind="slow decline", size=0.2, day=N_DAYS - 63)
    drops = [inject(activity, [fault], seed=seed).signals.of("events")[2] for seed in range(20)]
    ratio = np.mean(drops, axis=0)[-63:].reshape(9, 7).sum(axis=1)
    ratio /= activity.signals.of("events")[2, -63:].reshape(9, 7).sum(axis=1)
    assert ratio == pytest.approx(0.8 ** (np.arange(9) + 0.5), abs=0.08)

    spike = inject(activity, [make_fault("spike", 10.0)], seed=1).signals.of("events")[2]
    usual = activity.signals.of("events")[2, DAY - 56 : DAY].mean()
    changed = np.flatnonzero(spike != activity.signals.of("events")[2])
    assert changed.tolist() == [DAY]
    assert spike[DAY] == pytest.approx(10 * usual, rel=0.2)


def test_what_is_taken_away_is_what_was_named(activity):
    no_feature = inject(activity, [make_fault("feature abandoned", 3.0)], seed=1)
    assert no_feature.features.of("edit")[2, DAY:].sum() == 0
    for name in ("call", "note"):
        assert (no_feature.features.of(name) == activity.features.of(name)).all()
    no_people = inject(activity, [make_fault("people stay away", 0.5)], seed=1)
    assert no_people.user_days[[10, 11], DAY:].sum() == 0
    assert (no_people.user_days[12:] == activity.user_days[12:]).all()
    nights = inject(activity, [make_fault("nights instead of days", 0.9)], seed=1)
    assert (nights.signals.of("events") == activity.signals.of("events")).all()
    assert (
        nights.signals.of("off_hours")[2, DAY:].sum()
        > activity.signals.of("off_hours")[2, DAY:].sum()
    )


def test_the_same_seed_gives_the_same_and_another_one_does_not(activity):
    faults = [make_fault("less per visit", 0.4)]
    first, again, other = (inject(activity, faults, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.signals.counts, again.signals.counts)
    pd.testing.assert_frame_equal(first.actions, again.actions)
    assert not np.array_equal(first.signals.counts, other.signals.counts)


def test_without_people_orders_are_dropped_whole(activity):
    signals = Cube(names=("events", "sessions"), counts=np.stack([
        activity.signals.of("events"), np.ones((N_ACCOUNTS, N_DAYS), "f4")]))  # fmt: skip
    shop = cut(activity, np.arange(N_ACCOUNTS), 0, N_DAYS)
    shop = type(shop)(**{**vars(shop), "signals": signals, "users": activity.users[:0],
                         "user_days": activity.user_days[:0]})  # fmt: skip
    after = inject(shop, [make_fault("fewer visits", 0.65)], seed=1).signals
    before = shop.signals.of("events")
    kept = after.of("sessions")[2, DAY:] == 1
    assert 0 < kept.sum() < N_DAYS - DAY
    assert (after.of("events")[2, DAY:] == np.where(kept, before[2, DAY:], 0)).all()


def test_faults_are_drawn_for_some_accounts_one_each(activity):
    accounts = able(activity, per_week=7, weeks=6)
    faults = draw_faults(activity, accounts, np.random.default_rng(0))
    assert len(faults) == 2
    assert len({fault.account for fault in faults}) == 2
    for fault in faults:
        if fault.kind != "slow decline":
            assert N_DAYS - REVIEW_DAYS <= fault.day <= N_DAYS - 14


def test_recall_counts_only_alarms_after_the_beginning_at_the_rate_allowed():
    quiet = np.arange(20.0)
    score = np.zeros((32, 4))
    score[:20, 1] = quiet  # one in twenty may alarm: the one with 19
    score[20] = [0, 0, 50, 0]  # found on the day it began
    score[21] = [50, 0, 0, 0]  # alarmed before it began: not found
    score[22] = [0, 0, 0, 50]  # found a day later
    score[23] = [0, 0, 18, 18]  # not enough
    score[24:] = np.tile(score[20:24], (2, 1))
    rows = [(f"q{n}", "", np.nan, 0) for n in range(20)]
    rows += [(f"f{n}", "fewer visits", 0.4, 2) for n in range(12)]
    results = Results()
    results.truth.append(pd.DataFrame(rows, columns=["account_id", "kind", "size", "begins"]))
    for direction in ("worse", "more"):
        results.add(REVIEW, "", direction, score)
        results.add(ALERTS, "", direction, (score > 18).astype(float))
        results.add("other", "none", direction, np.zeros((32, 4)))

    assert threshold(quiet, 0.05) == 18
    table = recall_table(results, rate=0.05).set_index("kind")

    raised = recall_table(results, rate=None).set_index("kind")

    assert natural_rate(results, "worse") == 0.05
    assert raised.loc["fewer visits", ALERTS] == 0.5
    assert table.loc["fewer visits", REVIEW] == 0.5
    assert table.loc["fewer visits", "other"] == 0
    assert table.loc["fewer visits", "days"] == 0.5
    assert table.loc[NOTHING, REVIEW] == 0.05
