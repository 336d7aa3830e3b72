from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.anomalies.alerts import build_queue
from helpers.anomalies.analysis import Settings, analyse
from helpers.anomalies.company import company_days, usual_days
from helpers.anomalies.signals import outage_days
from tests.anomalies.made import make_activity, quiet, run


def incident(activity, *, share=0.7, days=slice(186, 188)):
    hit = np.arange(len(activity.accounts)) < share * len(activity.accounts)
    errors = activity.signals.of("errors")
    errors[hit, days] = errors[hit, days] * 8 + 4
    return hit


# N-19
def test_the_same_anomaly_in_many_accounts_is_reported_once():
    activity = make_activity(n_accounts=100)
    hit = incident(activity)

    analysis = run(activity)
    queue = build_queue(analysis, per_week=5)
    company = queue.alerts[queue.alerts["account_id"] == "*"]

    assert company["kind"].tolist() == ["systemic_incident"]
    assert company["detected_on"].tolist() == [activity.days[186]]
    assert company["metrics"].iloc[0] == ["errors"]
    assert company["n_accounts"].iloc[0] > 0.6 * hit.sum()
    assert set(analysis.incidents.accounts["account_id"]) >= {"a0000"}
    errors = queue.alerts["metrics"].map(lambda names: "errors" in names)
    assert not (errors & (queue.alerts["account_id"] != "*")).any()


def test_a_few_accounts_are_no_incident():
    activity = make_activity(n_accounts=100)
    incident(activity, share=0.04)

    assert run(activity).incidents.table.empty


def test_a_holiday_in_the_calendar_is_explained_and_no_incident():
    activity = make_activity(n_accounts=100)
    for name in activity.signals.names:
        counts = activity.signals.of(name)
        counts[:, 184] = np.floor(counts[:, 184] * 0.3)
    day = activity.days[184]
    calendar = pd.DataFrame(
        {
            "starts_on": [day],
            "ends_on": [day],
            "reason": ["Holiday"],
            "account_id": [None],
            "region": ["EMEA"],
        }
    )

    known = analyse(activity, Settings(), calendar=calendar)
    unknown = analyse(activity, Settings())

    assert known.incidents.table.empty
    assert set(known.days[known.days["day"] == day]["state"]) >= {"explained"}
    assert unknown.incidents.table["n_accounts"].tolist()[0] > 15


def test_fault_C15_a_lost_day_raises_no_storm_of_alerts():
    activity = make_activity(n_accounts=100)
    before = build_queue(run(activity), per_week=5).alerts
    for cube in (activity.signals, activity.features):
        cube.counts[:, :, 190] = 0  # the source delivered nothing for anybody
    lost = outage_days((activity.signals.of("events") > 0).sum(axis=0).astype(float))
    activity = replace(activity, observed=~lost)

    analysis = run(activity)
    after = build_queue(analysis, per_week=5).alerts

    assert np.flatnonzero(lost).tolist() == [190]
    assert len(after) <= len(before) + 1
    assert analysis.incidents.table.empty
    assert (analysis.days[analysis.days["day"] == activity.days[190]]["state"] == "outage").all()


def test_a_silent_account_is_no_outage_and_a_closed_weekday_is_none_either():
    one = np.r_[np.ones(60), np.zeros(7)]
    shop = np.where(np.arange(70) % 7 == 5, 0, 40.0)

    assert not outage_days(one).any()
    assert not outage_days(shop).any()


def test_a_company_day_is_compared_with_the_same_weekday_before():
    company = np.tile([1.0, 1.2, 1.2, 1.1, 0.9, 0.3, 0.2], 20)
    company[133] = 0.5  # a Monday

    usual, z = usual_days(company, np.ones(140, bool))

    assert usual[133] == 1.0
    assert z[133] < -5
    assert np.abs(z[np.isfinite(z)][:-7]).max() < 1


def test_company_days_do_not_use_later_days():
    activity = make_activity(n_accounts=40)
    before = company_days(activity, activity.signals, None)
    activity.signals.counts[:, :, 150:] *= 9

    after = company_days(activity, activity.signals, None)

    early = before["day"] < activity.days[147]
    pd.testing.assert_frame_equal(before[early], after[early])


def test_one_giant_is_not_the_company():
    activity = make_activity(n_accounts=60)
    quiet(activity, 3, slice(0, 196), 1_000.0)
    quiet(activity, 3, slice(190, 192), 0.0)

    assert run(activity).incidents.table.empty
