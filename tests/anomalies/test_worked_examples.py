"""The examples that the method is meant to reproduce, with their numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.anomalies.alerts import build_queue
from helpers.anomalies.changes import changes_of
from helpers.anomalies.plays import play_of
from helpers.anomalies.severity import severity_of
from tests.anomalies.made import change, make_activity, make_users, quiet, run, steady


def weekly(*counts):
    """Daily counts whose calendar weeks add up to the counts given."""
    days = [divmod(count, 7) for count in counts]
    return np.concatenate([np.full(7, low) + (np.arange(7) < rest) for low, rest in days])


def by_metric(changes):
    return changes.set_index("metric")


def newest_changes(analysis):
    """What every signal of the first account did, as of its newest flagged risk."""
    flags = analysis.flags[analysis.flags["direction"] == "risk"]
    newest = flags[(flags["account"] == 0) & (flags["day"] == len(analysis.activity.days))].iloc[0]
    return changes_of(newest["watched"], analysis.activity.signals.names, newest["backing"])


@pytest.fixture(scope="module")
def twelve_weeks():
    """Weeks 1-8 against 9-12: logins, projects, integrations, tickets, and the administrator."""
    tickets = weekly(0, 1, 0, 0, 0, 1, 0, 0, 2, 1, 2, 2)
    activity = steady(
        {
            "events": weekly(*[900] * 8, *[560] * 4),
            "logins": weekly(*[450] * 8, *[280] * 4),
            "core_events": weekly(*[85] * 8, *[52] * 4),  # projects created
            "integrations": weekly(*[12] * 8, *[8] * 4),
            "tickets": tickets,
        }
    )
    users = make_users(1, 2)
    admin, member = weekly(*[7] * 10, 0, 0), weekly(*[200] * 12)
    activity = replace(
        activity, users=users, user_days=np.stack([admin, member]).astype(np.float32)
    )
    return run(activity)


# N-06
def test_the_worked_account_shows_the_changes_with_their_sizes(twelve_weeks):
    changes = by_metric(newest_changes(twelve_weeks))

    logins, projects = changes.loc["logins"], changes.loc["core_events"]
    assert (round(logins["baseline_per_week"]), logins["recent_per_week"]) == (450, 280)
    assert logins["change"] == pytest.approx(-0.38, abs=0.02)
    assert projects["change"] == pytest.approx(-0.39, abs=0.02)
    assert (logins["worse"], projects["worse"]) == (True, True)


# N-06, Z-23: tickets 2 in 8 weeks against 7 in 4
def test_the_worked_account_shows_the_rise_of_tickets_as_a_rate(twelve_weeks):
    tickets = by_metric(newest_changes(twelve_weeks)).loc["tickets"]

    assert tickets["window_days"] == 28
    assert tickets["baseline_per_week"] == pytest.approx(0.25, abs=0.03)
    assert tickets["recent_per_week"] == 1.75
    assert tickets["p_value"] < 0.02
    assert tickets["worse"]


# N-06: the administrator's absence is critical by itself (Z-14), and the account's risk is high
def test_the_worked_account_is_one_alert_of_high_risk(twelve_weeks):
    alerts = build_queue(twelve_weeks, per_week=5).alerts

    assert len(alerts) == 1
    alert = alerts.iloc[0]
    assert alert["kind"] == "admin_absence"
    assert "usage_drop" in alert["also_kinds"]
    assert (alert["severity"], alert["risk"], alert["route"]) == ("critical", "high", "at once")
    assert alert["evidence"].startswith("administrators: 7 active days a week → none in 14 days")
    assert {"logins", "core_events", "tickets"} <= set(alert["metrics"])
    assert "2 to 3" not in alert["play"]


# N-06, Z-10: eight weeks are under the minimum of 60 days: marked, not refused
def test_the_worked_accounts_baseline_is_marked_as_short(twelve_weeks):
    flags = twelve_weeks.flags
    late = flags[(flags["kind"] == "usage_drop") & (flags["window_days"] == 28)]

    assert len(late)
    assert late["short_baseline"].all()
    assert (late["confidence"] <= 0.8).all()
    assert (late["severity"] == "high").all()  # Z-08: 38 % with corroboration is high


# N-05, N-04
def test_logins_alone_are_not_high_with_features_and_errors_they_are():
    alone = make_activity(n_accounts=80, spread=0.01, rate=(200.0, 400.0))
    change(alone, "logins", 3, slice(189, 196), 0.3)
    together = make_activity(n_accounts=80, spread=0.01, rate=(200.0, 400.0))
    change(together, "logins", 3, slice(189, 196), 0.3)
    change(together, "features_used", 3, slice(189, 196), 0.4)
    change(together, "core_events", 3, slice(189, 196), 0.4)
    change(together, "errors", 3, slice(189, 196), 6.0)

    severities = []
    for activity in (alone, together):
        alerts = build_queue(run(activity), per_week=5).alerts
        mine = alerts[alerts["account_id"] == "a0003"]
        severities.append(mine["severity"].tolist())

    assert "high" not in severities[0]
    assert "critical" not in severities[0]
    assert severities[1] == ["high"]


# N-04
@pytest.mark.parametrize("size", [-0.38, -0.62, -0.93])
def test_high_needs_two_signals(size):
    levels = [severity_of("usage_drop", size=size, families=n) for n in (1, 2, 3)]

    assert levels[0] in ("low", "medium")
    assert levels[1] == "high"
    assert levels[2] in ("high", "critical")


# Z-08: tiers, and half up at their edges
@pytest.mark.parametrize(
    ("size", "severity"),
    [(-0.344, "low"), (-0.345, "high"), (-0.595, "high"), (-0.894, "high"), (-0.895, "high")],
)
def test_the_tiers_of_a_fall_that_two_signals_share(size, severity):
    assert severity_of("usage_drop", size=size, families=2) == severity


# N-10
def test_forty_percent_fewer_weekly_users_triggers_the_play():
    activity = make_activity(n_accounts=60, n_users=10, rate=(60.0, 80.0))
    activity.user_days[50] *= 2  # the administrator does most, and stays
    activity.user_days[51:55, 182:] = 0  # four of ten people of account 5, two weeks

    queue = build_queue(run(activity), per_week=5)
    alert = queue.alerts.set_index("account_id").loc["a0005"]

    assert alert["kind"] == "user_attrition"
    assert play_of("user_attrition").title == alert["play"]
    steps = play_of("user_attrition").investigate
    assert [step.split()[0] for step in steps[:3]] == ["Check", "Read", "List"]
    assert "holidays" in steps[0]
    assert "tickets" in steps[1]
    inactive = queue.inactive_users
    assert inactive["user_id"].tolist() == ["u00051", "u00052", "u00053", "u00054"]


# N-11: 5 logins a week at 30 minutes, then none in 7 days
def test_the_worked_user_alert_has_its_fields():
    working = np.where(np.arange(84) % 7 < 5, 1, 0)
    working[77:] = 0
    days = working * 6
    activity = steady({"events": days, "logins": working, "sessions": working})
    activity = replace(activity, users=make_users(1, 1), user_days=days[None].astype(np.float32))
    features = pd.DataFrame(
        {"account_id": ["a0000"], "as_of": [activity.as_of], "nps_last": [9.0], "mrr": [900.0]}
    )

    queue = build_queue(run(activity), per_week=5, features=features)
    alert = queue.alerts.iloc[0]

    assert alert["kind"] == "sudden_drop"
    assert "power_user_silent" in alert["also_kinds"]
    assert alert["severity"] == "high"
    assert alert["historical"] == "events: 30 a week"
    assert alert["recent"] == "events: 0 a week"
    assert "also logins 5 → 0 a week, sessions 5 → 0 a week" in alert["evidence"]
    assert alert["context"] == "high value, NPS 9 (happy)"
    assert "Call" in alert["play"]


# N-09: 90 % is the threshold, in whole percent
@pytest.mark.parametrize(("left", "kind"), [(100, "sudden_drop"), (110, "usage_drop")])
def test_ninety_percent_is_a_sudden_drop_and_less_is_not(left, kind):
    activity = steady({"events": weekly(*[1_000] * 12, left)})

    analysis = run(activity)

    last = analysis.flags[analysis.flags["day"] == 91]
    assert last["kind"].iloc[0] == kind
    assert ("sudden_drop" in set(last["kind"])) == (kind == "sudden_drop")


# N-09, Z-20: 10 x normal, "legitimate or abuse?"
@pytest.mark.parametrize(
    ("work", "triage", "direction"),
    [(0.9, "legitimate", "expansion"), (0.05, "abuse", "security")],
)
def test_ten_times_normal_is_a_spike_and_is_sorted(work, triage, direction):
    activity = make_activity(n_accounts=60, spread=0.01)
    events = activity.signals.of("events")
    extra = np.floor(12 * events[4, 99:190:7].mean())
    events[4, 190] += extra
    activity.signals.of("core_events")[4, 190] += np.floor(work * extra)

    analysis = run(activity)

    spikes = analysis.flags[analysis.flags["kind"] == "unexpected_spike"]
    assert set(spikes["account"]) == {4}
    assert set(spikes["triage"]) == {triage}
    assert set(spikes["direction"]) == {direction}


def test_nine_times_normal_is_no_spike():
    activity = make_activity(n_accounts=60, spread=0.01)
    events = activity.signals.of("events")
    events[4, 190] = np.floor(9 * events[4, 183])

    flags = run(activity).flags

    assert not (flags["kind"] == "unexpected_spike").any()


@pytest.mark.parametrize(("times", "spikes"), [(1.0, False), (2.9, False), (3.5, True)])
def test_an_order_as_usual_is_no_spike_however_seldom_orders_come(times, spikes):
    activity = make_activity(n_accounts=60, spread=0.01)
    events = activity.signals.of("events")
    events[4] = np.where(np.arange(196) % 18 == 3, 40, 0)  # the last one on day 183
    events[4, 183] = np.floor(40 * times)

    flags = run(activity).flags

    found = flags[(flags["kind"] == "unexpected_spike") & (flags["account"] == 4)]
    assert (found["day"] >= 183).any() == spikes


# T-07
def test_a_planned_absence_explains_a_dip_and_lowers_it():
    activity = make_activity(n_accounts=60)
    quiet(activity, 7, slice(186, 196), 0.05)
    calendar = pd.DataFrame(
        {
            "starts_on": [activity.days[185]],
            "ends_on": [activity.days[195]],
            "reason": ["Planned migration"],
            "account_id": ["a0007"],
            "region": [None],
        }
    )
    analysis = run(activity)

    plain = build_queue(analysis, per_week=5).alerts.set_index("account_id").loc["a0007"]
    known = build_queue(analysis, per_week=5, calendar=calendar).alerts
    known = known.set_index("account_id").loc["a0007"]

    assert (plain["severity"], plain["explained_by"]) == ("critical", "")
    assert known["severity"] == "medium"
    assert known["explained_by"].startswith("Planned migration (2026-07-09 to")
