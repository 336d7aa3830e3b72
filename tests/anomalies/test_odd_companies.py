"""Companies of odd shape: what a run remembers is right, nobody is blamed for what is missing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from helpers.anomalies import Settings, all_tables, analyse, build_queue
from helpers.anomalies.alerts import silent_users
from helpers.anomalies.company import company_days
from helpers.anomalies.history import clip
from helpers.anomalies.signals import Activity, Cube
from helpers.anomalies.wording import describe
from tests.anomalies.made import make_activity, quiet

TYPES = {"reason": "string", "region": "string", "account_id": "string"}


def tables_of(activity: Activity, *, kept=None, calendar=None):
    analysis = analyse(activity, Settings(), calendar=calendar, kept=kept)
    return all_tables(analysis, build_queue(analysis, per_week=9, calendar=calendar))


def known_before(activity: Activity, last: int) -> Activity:
    """What a run on an earlier day had: accounts, users and features nobody knew are not there."""
    past = replace(clip(activity, 0, last), feature_since=None, user_since=None)
    there = past.alive.any(axis=1)
    place = np.cumsum(there) - 1
    used = [index for index, counts in enumerate(past.features.counts) if counts.any()]
    came = past.user_days.any(axis=1) & there[past.users["account"].to_numpy(np.intp)]
    users = past.users[came].reset_index(drop=True)
    return replace(
        past,
        accounts=past.accounts[there].reset_index(drop=True),
        alive=past.alive[there],
        signals=Cube(names=past.signals.names, counts=past.signals.counts[:, there]),
        features=Cube(
            names=tuple(past.features.names[index] for index in used),
            counts=past.features.counts[used][:, there],
        ),
        users=users.assign(account=place[users["account"].to_numpy(np.intp)]),
        user_days=past.user_days[came],
    )


def same_with_memory(activity, last, folder, calendar=None):
    tables_of(known_before(activity, last), kept=folder, calendar=calendar)
    remembered = tables_of(activity, kept=folder, calendar=calendar)
    for name, table in tables_of(activity, calendar=calendar).items():
        pd.testing.assert_frame_equal(remembered[name], table, check_exact=True, obj=name)


def young(activity, account, day):
    """Let an account begin on a day."""
    activity.alive[account, :day] = False
    activity.signals.counts[:, account, :day] = 0
    activity.accounts.loc[account, "signed_up_on"] = activity.days[day]


def test_the_first_account_of_a_second_cohort_is_no_news_to_the_memory(tmp_path):
    activity = make_activity(n_accounts=41, n_days=210, seed=3)
    quiet(activity, 4, slice(185, None), 0.4)
    young(activity, 40, 209)
    activity.accounts.loc[40, "cohort"] = 1

    same_with_memory(activity, 209, tmp_path)


def test_a_feature_that_is_new_has_a_past_without_use(tmp_path):
    activity = make_activity(n_accounts=30, n_days=210, seed=3, features=("a", "b", "c"))
    activity.features.counts[1, :, :205] = 0

    same_with_memory(activity, 200, tmp_path)


def test_what_the_calendar_explains_is_a_matter_of_who_was_there(tmp_path):
    activity = make_activity(n_accounts=41, n_days=210, seed=3)
    young(activity, 40, 209)
    activity.accounts["region"] = ["DACH"] * 10 + ["EMEA"] * 31  # 10 of 40, then 10 of 41
    row = {"starts_on": activity.days[150], "ends_on": activity.days[160], "reason": "holiday"}
    calendar = pd.DataFrame([row | {"region": "DACH", "account_id": None}]).astype(TYPES)

    same_with_memory(activity, 209, tmp_path, calendar)


def test_a_spike_is_judged_by_the_same_weeks_wherever_a_block_begins(tmp_path):
    activity = make_activity(n_accounts=40, n_days=420, seed=3)
    for account, day in enumerate(range(20, 360, 11)):
        young(activity, account, day)
        grown = activity.signals.counts[:, account, day : day + 60] * np.linspace(3, 1, 60)
        activity.signals.counts[:, account, day : day + 60] = np.floor(grown)
    events = activity.signals.of("events")
    events[30:36, 419] = np.floor(11 * events[30:36, 400:419].mean(axis=1)) + 5

    same_with_memory(activity, 419, tmp_path)


@settings(max_examples=12, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(st.data())
def test_memory_is_right_for_companies_of_any_shape(tmp_path_factory, data):
    n_days, n = data.draw(st.integers(43, 130)), data.draw(st.integers(1, 12))
    features = data.draw(st.sampled_from([(), ("a",), ("a", "logins")]))
    activity = make_activity(
        n_accounts=n, n_days=n_days, features=features, n_users=data.draw(st.integers(0, 3)),
        seed=data.draw(st.integers(0, 99)), rate=data.draw(st.sampled_from([(0.2, 3.0), (20, 60)])),
    )  # fmt: skip
    if features and data.draw(st.booleans()):
        activity.features.counts[0, :, : n_days - 3] = 0
    if data.draw(st.booleans()):
        young(activity, n - 1, data.draw(st.integers(0, n_days - 1)))
    lost = data.draw(st.lists(st.integers(0, n_days - 1), max_size=9))
    activity.observed[lost] = False
    activity.signals.counts[:, :, lost] = 0
    activity.user_days[:, lost] = 0

    last = n_days - data.draw(st.integers(1, 5))
    same_with_memory(activity, last, tmp_path_factory.mktemp("kept"))


def test_nobody_leads_an_account_to_which_nobody_came():
    activity = make_activity(n_accounts=5, n_days=196, n_users=3, seed=1)
    days = activity.user_days
    days[0, :182] = 0
    days[0, 100:182:14], days[0, 182:] = 1, 40  # the first person of the first account rises
    days[9:12, 182:] = 0  # nobody of a0003 came for two weeks
    flags = analyse(activity, Settings()).flags

    risen = flags[(flags["kind"] == "emerging_champion") & (flags["day"] == 196)]
    assert risen["account"].tolist() == [0]


def test_adoption_does_not_stall_where_nothing_is_adopted_or_nobody_is_left():
    activity = make_activity(n_accounts=30, n_days=196, features=("a", "b", "c", "d"), seed=1)
    for account in range(4):
        young(activity, account, 130)  # 66 days old at the end
    activity.features.counts[1:, [0, 1], :] = 0  # one feature of four
    activity.alive[1, 190:] = False  # and one of the two has left
    stalled = analyse(activity, Settings()).flags.query("kind == 'adoption_stalled'")
    activity.features.counts[:] = 0
    none = analyse(activity, Settings()).flags.query("kind == 'adoption_stalled'")

    assert set(stalled["account"]) == {0, 1}
    assert stalled.loc[stalled["account"] == 1, "day"].max() == 190
    assert none.empty


@pytest.mark.parametrize("lost", [slice(189, 194), slice(182, 196)])
def test_fault_C15_people_do_not_stay_away_from_days_that_are_lost(lost):
    activity = make_activity(n_accounts=6, n_days=196, n_users=10, seed=1, rate=(20.0, 60.0))
    activity.user_days[:, np.arange(196) % 7 >= 5] = 0
    activity.observed[lost] = False
    activity.signals.counts[:, :, lost] = 0
    activity.user_days[:, lost] = 0

    assert analyse(activity, Settings()).flags.query("kind == 'user_attrition'").empty
    if lost.stop == 196:
        assert silent_users(activity, window_days=7).size == 0


# N-19
@pytest.mark.parametrize("left", [0.0, 0.05])
def test_a_total_stop_is_an_incident_too(left):
    activity = make_activity(n_accounts=40, n_days=196, seed=2)
    logins = activity.signals.of("logins")
    logins[:, 190] = np.floor(left * logins[:, 190])

    assert ["logins"] in analyse(activity, Settings()).incidents.table["metrics"].tolist()


# N-19
def test_an_incident_of_a_feature_hides_no_signal_of_the_same_name():
    activity = make_activity(n_accounts=40, n_days=196, features=("logins",), seed=2)
    activity.features.counts[0] *= 5
    activity.features.counts[0, :, 190] = 0
    analysis = analyse(activity, Settings())

    assert ["logins (feature)"] in analysis.incidents.table["metrics"].tolist()
    assert "logins" not in analysis.incidents.hidden


# N-19
def test_features_may_be_called_whatever_they_like():
    features = ("reports (feature)", "logins", "logins (feature)")
    activity = make_activity(n_accounts=40, n_days=196, features=features, seed=2)
    activity.features.counts[:] *= 5
    activity.features.counts[:, :, 190] = 0
    analysis = analyse(activity, Settings())

    names = analysis.days["metric"].unique().tolist()[len(activity.signals.names) :]
    assert len(set(names)) == 3
    odd = analysis.incidents.table["metrics"].explode()
    assert set(names) <= set(odd)
    assert not {"logins"} & set(analysis.incidents.hidden)


# T-07
def test_a_region_that_the_calendar_names_twice_is_away_once():
    activity = make_activity(n_accounts=20, n_days=90)
    activity.accounts.loc[:2, "region"] = "DACH"  # 15 %: too few to explain a dip of all
    day = activity.days[80]
    row = {"starts_on": day, "ends_on": day, "reason": "holiday", "region": "DACH"}
    twice = pd.DataFrame([row | {"account_id": None}] * 2).astype(TYPES)
    everyone = twice.assign(region=pd.array([None, None], "string"))

    for calendar, reason in ((twice, ""), (everyone, "holiday")):
        days = company_days(activity, activity.signals, calendar)
        assert set(days.loc[days["day"] == day, "reason"]) == {reason}


def test_texts_say_what_was_counted_and_for_how_long():
    blank = dict.fromkeys(("low", "high", "size"), np.nan) | {"detail": "", "triage": ""}
    stalled = {"kind": "adoption_stalled", "metric": "features_used", "window_days": 28.0}
    moved = {"kind": "pattern_break", "metric": "off_hours", "window_days": 14.0}

    told = describe(pd.Series(stalled | {"observed": 2.0, "expected": 6.0, "note": ""} | blank))
    hours = describe(pd.Series(moved | {"observed": 0.6, "expected": 0.2, "note": ""} | blank))

    assert told["evidence"].startswith("2 features, no new one in 28 days; 6 are usual")
    assert "20% \N{RIGHTWARDS ARROW} 60% in 14 days" in hours["evidence"]
