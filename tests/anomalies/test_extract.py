import numpy as np
import pandas as pd
import pytest

from helpers.anomalies.extract import load_activity
from helpers.anomalies.extract_tables import alive_days, not_silent
from tests.company import AS_OF, ZONE, make_config, make_tables, write_run


@pytest.fixture(scope="module")
def tables():
    return make_tables()


@pytest.fixture(scope="module")
def activity(tables, tmp_path_factory):
    return load_activity(write_run(tmp_path_factory.mktemp("tiny"), tables))


def naive_counts(tables, keep):
    """Events an account and local day, by plain grouping."""
    events = tables["events"]
    local = events["occurred_at"].dt.tz_convert(ZONE)
    mine = events[keep(events, local)]
    day = local[mine.index].dt.tz_localize(None).dt.normalize()
    return mine.groupby([mine["account_id"], day]).size()


def check(activity, name, naive):
    counts = activity.signals.of(name)
    ids = activity.accounts["account_id"].tolist()
    for (account, day), n in naive.items():
        if account in ids and activity.days[0] <= day < AS_OF:
            assert counts[ids.index(account), activity.days.get_loc(day)] == n
    known = naive[[a in ids for a in naive.index.get_level_values(0)]]
    assert counts.sum() == known.sum()


def test_counts_are_those_of_the_company_s_own_days(tables, activity):
    check(activity, "events", naive_counts(tables, lambda e, _: e["event"].notna()))
    check(activity, "logins", naive_counts(tables, lambda e, _: e["event"] == "login"))


def test_off_hours_are_nights_and_weekends(tables, activity):
    def off(events, local):
        late = (local.dt.hour < 6) | (local.dt.hour >= 22)
        return late | (local.dt.day_of_week >= 5)

    check(activity, "off_hours", naive_counts(tables, off))


def test_opted_out_accounts_are_not_looked_at(tables, activity):
    opted_out = tables["accounts"].loc[tables["accounts"]["opted_out"].fillna(False), "account_id"]

    assert len(opted_out)
    assert not set(opted_out) & set(activity.accounts["account_id"])
    assert activity.actions["account"].max() < len(activity.accounts)


def test_people_and_actions_add_up(tables, activity):
    assert activity.user_days.sum() == activity.actions["n"].sum()
    assert activity.actions["n"].sum() == activity.signals.of("events").sum()
    admins = tables["users"][tables["users"]["is_admin"].fillna(False)]["user_id"]
    assert set(activity.users.loc[activity.users["is_admin"], "user_id"]) <= set(admins)


def test_an_account_that_left_and_came_back_is_there_again():
    days = pd.date_range("2026-01-01", periods=10)
    accounts = pd.DataFrame(
        {"account_id": ["a", "b"], "signed_up_on": pd.to_datetime(["2026-01-03", "2025-01-01"])}
    )
    outcomes = pd.DataFrame(
        {
            "account_id": ["a", "b", "b"],
            "outcome": ["churned", "churned", "renewed"],
            "occurred_at": pd.to_datetime(
                ["2026-01-08 09:00", "2026-01-02 23:00", "2026-01-06 08:00"]
            ),
        }
    )

    alive = alive_days(accounts, days, outcomes)

    assert np.flatnonzero(alive[0]).tolist() == [2, 3, 4, 5, 6]
    assert np.flatnonzero(~alive[1]).tolist() == [1, 2, 3, 4]


def test_without_outcomes_silence_stands_in_for_them():
    active = np.zeros((1, 12), bool)
    active[0, [1, 9]] = True

    assert np.flatnonzero(not_silent(active, 4)[0]).tolist() == [1, 2, 3, 4, 9, 10, 11]


def test_missing_tables_are_named_and_the_rest_works(tables, tmp_path):
    without = ["tickets", "users", "feature_catalogue", "usage_levels", "subscriptions", "outcomes"]

    activity = load_activity(write_run(tmp_path, tables, without=without))

    assert activity.missing["tickets"] == "there is no `tickets` table"
    assert "core_events" in activity.missing
    assert "tickets" not in activity.signals.names
    assert activity.levels is None
    assert activity.terms is None
    assert not activity.users["is_admin"].any()
    assert activity.alive[:, -1].all()


# the future: a run of an earlier date sees nothing later
def test_a_run_as_of_an_earlier_date_sees_nothing_later(tables, activity, tmp_path):
    config = make_config(as_of="2026-05-01")

    past = load_activity(write_run(tmp_path, tables, config=config))

    n_days = len(past.days)
    assert past.as_of == pd.Timestamp("2026-05-01")
    np.testing.assert_array_equal(past.signals.counts, activity.signals.counts[:, :, :n_days])
    assert past.actions["day"].max() < n_days
    assert past.levels["day"].max() < n_days


def test_fault_C16_a_last_day_cut_short_is_not_observed(tables, tmp_path):
    events = tables["events"]
    local = events["occurred_at"].dt.tz_convert(ZONE)
    half = (local >= pd.Timestamp("2026-06-30", tz=ZONE)) & (local.dt.hour >= 7)

    whole = load_activity(write_run(tmp_path / "whole", tables))
    cut = load_activity(write_run(tmp_path / "cut", tables | {"events": events[~half]}))

    assert whole.observed[-1]
    assert not cut.observed[-1]


def test_too_many_features_are_cut_to_the_most_used(tables, tmp_path, monkeypatch):
    run = write_run(tmp_path, tables)
    monkeypatch.setattr("helpers.anomalies.extract.MAX_CELLS", 11 * 277 * 5)

    activity = load_activity(run)

    assert len(activity.features.names) == 5
    assert {"comments", "files", "projects", "tasks"} <= set(activity.features.names)
    assert any(name.endswith("features") for name in activity.missing)
