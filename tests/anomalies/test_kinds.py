"""Each kind by hand: the rule holds where it should, and not a step before."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.anomalies.ensemble import q_values
from helpers.anomalies.kinds import features, limits, people, security, usage
from helpers.anomalies.kinds.catalogue import KINDS, kind_of
from helpers.anomalies.plays import PLAYS, play_of
from helpers.anomalies.severity import SINGLE_CRITICAL, severity_of, severity_table
from tests.anomalies.made import change, make_activity, quiet, scene_of

LAST = -1


def hits(found, end=LAST):
    return np.flatnonzero(found.mask[:, end]).tolist()


def with_levels(activity, metric, value, limit, *, column, days=(180, 187, 194)):
    """A metered level of account 0, and what it paid for."""
    levels = pd.DataFrame(
        {"account": 0, "metric": metric, "day": list(days), "value": [float(value)] * len(days)}
    )
    paid = np.full(len(activity.accounts), np.nan)
    paid[0] = limit
    accounts = activity.accounts.assign(**{column: paid})
    return replace(activity, accounts=accounts, levels=levels)


# N-08, N-09, N-15, N-17, N-18, B-06: every kind has a rule, a play and a severity
def test_every_kind_has_a_rule_a_play_and_a_severity():
    kinds = [kind.name for kind in KINDS]

    assert {"sudden_drop", "gradual_decline", "feature_abandonment"} <= set(kinds)
    assert {"user_attrition", "unexpected_spike"} <= set(kinds)
    assert set(PLAYS) == {*kinds, "systemic_incident"}
    for name in PLAYS:
        play = play_of(name)
        assert play.title
        assert play.why
        assert len(play.investigate) >= 2
        assert len(play.options) >= 2
        assert "{account}" in play.message
        assert severity_of(name, size=-0.5)
    assert set(severity_table()["anomaly"]) >= set(kinds) - {
        "sudden_drop",
        "usage_drop",
        "gradual_decline",
    }


def test_an_unknown_kind_is_an_error():
    with pytest.raises(KeyError, match="no kind 'drop'"):
        kind_of("drop")
    with pytest.raises(KeyError):
        play_of("drop")


# Z-14
def test_single_critical_signals_are_a_short_written_list():
    alone = [
        kind.name for kind in KINDS if severity_of(kind.name, size=-1, families=1) == "critical"
    ]

    assert alone == list(SINGLE_CRITICAL)
    assert severity_of("suspicious_activity", detail="with exports by night") == "critical"
    assert severity_of("suspicious_activity") == "medium"


# N-16: fires exactly above 80 %, 90 % and the limit
@pytest.mark.parametrize(
    ("find", "metric", "column", "limit", "at", "above"),
    [
        (limits.near_storage_limit, "storage_gb", "storage_gb_limit", 100.0, 80.0, 80.1),
        (limits.near_seat_limit, "seats", "seats", 50, 45, 46),
        (limits.api_over_limit, "api_calls", "api_calls_limit", 1_000.0, 1_000.0, 1_001.0),
    ],
)
def test_expansion_triggers_fire_exactly_at_their_thresholds(
    find, metric, column, limit, at, above
):
    activity = make_activity(n_accounts=3)
    below = scene_of(with_levels(activity, metric, at, limit, column=column))
    over = scene_of(with_levels(activity, metric, above, limit, column=column))

    assert hits(find(below)) == []
    assert hits(find(over)) == [0]


def test_an_old_reading_says_nothing_about_today():
    activity = make_activity(n_accounts=2)
    old = with_levels(activity, "seats", 50, 50, column="seats", days=(150,))

    assert hits(limits.near_seat_limit(scene_of(old))) == []


def test_without_the_tables_the_kind_is_not_looked_for():
    scene = scene_of(make_activity(n_accounts=2))

    assert limits.near_seat_limit(scene).metrics == ()
    assert people.user_attrition(scene).metrics == ()
    assert security.suspicious_activity(scene).metrics != ()


# N-17
def test_five_integrations_and_three_departments():
    activity = make_activity(n_accounts=2, n_users=3)
    departments = ["Sales", "Legal", "Finance", "Sales", "Sales", "Legal"]
    activity = replace(activity, users=activity.users.assign(department=departments))
    levels = pd.DataFrame(
        {"account": [0, 1], "metric": "integrations", "day": [190, 190], "value": [5.0, 9.0]}
    )

    found = limits.five_integrations_three_departments(scene_of(replace(activity, levels=levels)))

    assert hits(found) == [0]  # account 1 has two departments only


# N-15
def test_premium_features_in_a_trial():
    activity = make_activity(n_accounts=3, features=("automations",))
    activity.features.counts[:] = 0
    activity.features.counts[0, :2, [190, 191, 192]] = 1
    terms = pd.DataFrame(
        {
            "account": [0, 1],
            "from_day": [170, 0],
            "to_day": [400, 150],  # the trial of account 1 is over
            "is_trial": [True, True],
            "seats": [5.0, 5.0],
        }
    )
    activity = replace(activity, premium_features=("automations",), terms=terms)

    assert hits(limits.premium_in_trial(scene_of(activity))) == [0]


# N-15
def test_more_than_a_typical_power_user():
    activity = make_activity(n_accounts=60, spread=0.01)
    change(activity, "events", 9, slice(182, 196), 2.2)

    found = limits.above_typical_power_user(scene_of(activity))

    assert 9 in hits(found)
    assert len(hits(found)) <= 3


# N-15: spread beyond the first departments
def test_a_new_department_must_be_new_and_active():
    activity = make_activity(n_accounts=3, n_users=2)
    departments = ["Sales", "Legal", "Sales", "Legal", "Sales", "Sales"]
    activity = replace(activity, users=activity.users.assign(department=departments))
    activity.user_days[1, :180] = 0  # Legal of account 0 begins in the last weeks

    assert hits(people.new_departments(scene_of(activity))) == [0]


# N-18
def test_a_power_user_gone_quiet_and_an_administrator_absent():
    activity = make_activity(n_accounts=40, n_users=4, rate=(40.0, 60.0))
    activity.user_days[5 * 4 + 1] *= 3
    activity.user_days[5 * 4 + 1, 182:] = 0  # the most active person of account 5
    activity.user_days[8 * 4, 182:] = 0  # the administrator of account 8
    scene = scene_of(activity)

    assert hits(people.power_user_silent(scene)) == [5]
    assert hits(people.admin_absence(scene)) == [8]
    assert kind_of("power_user_silent").find(scene).p[5, LAST] < 0.001


# N-13: confidence is honest only if nobody is counted as asked who was not
def test_only_who_was_there_daily_can_be_missed_and_who_came_is_not_absent():
    activity = make_activity(n_accounts=40, n_users=4, rate=(40.0, 60.0), seed=2)
    activity.user_days[8 * 4, 182:] = 0  # the administrator of account 8 is gone
    activity.user_days[3 * 4, :] = 0
    activity.user_days[3 * 4, ::21] = 1  # that of account 3 came every third week only
    scene = scene_of(activity)
    found = people.admin_absence(scene)

    p = found.p[:, LAST]
    assert np.isnan(p[3])
    assert p[8] < 0.001
    assert np.nanmin(np.delete(p, 8)) > 0.5
    q = q_values(found.p, activity.alive[:, scene.ends - 1])
    assert q[8, LAST] == pytest.approx(p[8] * np.isfinite(p).sum(), rel=1e-6)  # of those asked


# C15
def test_a_lost_day_makes_an_absence_less_surprising():
    activity = make_activity(n_accounts=40, n_users=4, rate=(40.0, 60.0), seed=2)
    activity.user_days[8 * 4, 182:] = 0
    whole = people.admin_absence(scene_of(activity)).p[8, LAST]
    activity.user_days[:, 190:192] = 0
    observed = np.arange(196) // 2 != 95

    lost = people.admin_absence(scene_of(replace(activity, observed=observed))).p[8, LAST]

    assert lost > 1.5 * whole


def test_a_week_off_is_no_absence_of_the_administrator():
    activity = make_activity(n_accounts=10, n_users=4)
    activity.user_days[0, 189:] = 0

    assert hits(people.admin_absence(scene_of(activity))) == []


# N-18
def test_an_emerging_champion_did_little_before():
    activity = make_activity(n_accounts=20, n_users=4, rate=(30.0, 40.0))
    activity.user_days[4 * 3 + 2, :182] = np.arange(182) % 9 == 0
    activity.user_days[4 * 3 + 2, 182:] = 25

    assert hits(people.emerging_champion(scene_of(activity))) == [3]


# N-18
def test_a_team_that_stops_collaborating_while_work_goes_on():
    activity = make_activity(n_accounts=60)
    change(activity, "collaboration", 4, slice(182, 196), 0.0)
    quiet(activity, 6, slice(182, 196), 0.0, names=("events", "logins", "collaboration"))

    assert hits(usage.collaboration_stopped(scene_of(activity))) == [4]


# N-08
def test_a_core_feature_is_abandoned_while_the_rest_is_as_usual():
    activity = make_activity(n_accounts=60, features=("boards", "files", "tasks"))
    activity.features.counts[0, 4, 182:] = 0
    found = features.feature_abandonment(scene_of(activity))

    assert hits(found) == [4]
    number = int(found.measure["metric"][4, LAST])
    assert found.metrics[number] == "feature:boards"


def test_a_feature_used_now_and_then_is_not_abandoned():
    activity = make_activity(n_accounts=30, features=("boards",))
    activity.features.counts[0, 4] = np.arange(196) % 21 == 0

    assert hits(features.feature_abandonment(scene_of(activity))) == []


# N-18
def test_adoption_stalls_two_months_after_sign_up():
    names = tuple(f"feature{number}" for number in range(8))
    activity = make_activity(n_accounts=40, features=names)
    signed = activity.accounts["signed_up_on"].copy()
    signed[7] = activity.days[0] + pd.Timedelta(days=196 - 62)
    activity.features.counts[:, 7] = 0
    activity.features.counts[:2, 7, 140:] = 1  # two of eight features, from the start
    activity = replace(activity, accounts=activity.accounts.assign(signed_up_on=signed))

    found = features.adoption_stalled(scene_of(activity))

    assert hits(found) == [7]


# N-09
def test_actions_that_neither_the_account_nor_its_peers_ever_did():
    activity = make_activity(n_accounts=60, features=("a", "b", "c"))
    rows = [(3, "key_created", 192, 4), (5, "key_created", 193, 2)]
    rows += [(account, "export_run", day, 2) for account in range(40) for day in range(10, 190, 9)]
    rows += [(50, "export_run", 193, 9)]  # new to it, but usual for others
    actions = pd.DataFrame(rows, columns=["account", "event", "day", "n"]).assign(n_night=0)

    found = features.outlier_actions(scene_of(replace(activity, actions=actions)))

    assert hits(found) == [3]


# N-09
def test_failed_logins_and_exports_by_night_are_critical_together():
    activity = make_activity(n_accounts=60)
    activity.signals.of("security")[[4, 5], 193] = 40
    actions = pd.DataFrame(
        {"account": [4], "event": ["export_run"], "day": [193], "n": [15], "n_night": [15]}
    )
    activity = replace(activity, actions=actions, roles={"export": ("export_run",)})
    found = security.suspicious_activity(scene_of(activity))

    assert hits(found) == [4, 5]
    assert found.detail[[4, 5], LAST].tolist() == ["with exports by night", ""]


# N-09
def test_the_same_volume_at_other_times_is_a_pattern_break():
    activity = make_activity(n_accounts=60, rate=(40.0, 80.0))
    events, off = (activity.signals.of(name) for name in ("events", "off_hours"))
    off[4, 186:196] = events[4, 186:196]  # everything at night
    events[6, 187:189] *= 4  # a busy weekend
    off[6, 187:189] = events[6, 187:189]

    assert hits(usage.pattern_break(scene_of(activity))) == [4]


# T-04, Z-09
def test_a_slow_decline_is_found_where_no_week_stands_out():
    activity = make_activity(n_accounts=60, n_days=280, rate=(60.0, 100.0), spread=0.01)
    falling = 0.95 ** np.maximum((np.arange(280) - 140) / 7, 0)
    for name in ("events", "logins", "active_users"):
        activity.signals.of(name)[4] = np.floor(activity.signals.of(name)[4] * falling)
    scene = scene_of(activity)
    found = usage.gradual_decline(scene)

    assert hits(found) == [4]
    slope = scene.trends["logins"].slope[4, LAST]
    assert slope == pytest.approx(-0.05, abs=0.02)


def test_a_new_rhythm_is_a_matter_of_the_share_at_night_and_not_of_the_volume():
    activity = make_activity(n_accounts=60, spread=0.01, rate=(40.0, 80.0))
    events, off = (activity.signals.of(name) for name in ("events", "off_hours"))
    days = slice(182, 196)
    events[4, days], off[4, days] = 2 * events[4, days], 2 * off[4, days]  # more of the same
    events[5, days] = np.floor(0.5 * events[5, days])  # less, but most of it at night
    off[5, days] = np.maximum(off[5, days] // 2, np.floor(0.7 * events[5, days]))

    found = kind_of("pattern_break").find(scene_of(activity))

    assert found.p[4, -1] > 0.05
    assert found.p[5, -1] < 1e-4
    assert hits(found) == [5]
