"""Faults of time and of values that features must stand; by hand."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from helpers.features import dictionary
from tests.company import AS_OF, ZONE, make_tables
from tests.features.by_hand import day, events_on, features_of, one


def company(**tables):
    """One account of many years and what is given; no other table."""
    base = make_tables(n_accounts=3, weeks=4)
    accounts = (
        base["accounts"]
        .head(1)
        .assign(account_id="a", signed_up_at=pd.Timestamp("2020-01-01", tz="UTC"), opted_out=False)
    )
    return {"accounts": accounts, **tables}


def test_fault_C11_windows_are_calendar_days_across_a_change_of_clocks():
    as_of = pd.Timestamp("2026-04-28")  # 30 days back is the night before the clocks change
    edges = {
        "2026-03-28 23:59:59": 0,  # the day before the window
        "2026-03-29 00:00:00": 1,  # its first moment: 29 days and 23 hours before as_of
        "2026-03-29 03:30:00": 1,
        "2026-04-27 23:59:59": 1,
        "2026-04-28 00:00:00": 0,  # the cutoff itself
    }
    moments = pd.to_datetime(list(edges)).tz_localize(ZONE).tz_convert("UTC")
    old = pd.Timestamp("2025-06-01", tz="UTC")
    events = pd.DataFrame(
        {"account_id": "a", "event": "task_created", "occurred_at": [old, *moments]}
    )
    row = one(features_of(company(events=events), [as_of]), as_of=as_of)
    assert row["events__n_30d"] == sum(edges.values()) == 3
    assert row["active_days__n_30d"] == 2


def test_fault_C11_a_leap_day_is_a_day():
    as_of = pd.Timestamp("2024-03-30")  # 30 days back is 29 February
    moments = ["2023-01-01", "2024-02-28T12:00", "2024-02-29T12:00"]
    events = pd.DataFrame({"account_id": "a", "event": "task_created", "occurred_at":
                           pd.to_datetime(moments, format="ISO8601", utc=True)})  # fmt: skip
    row = one(features_of(company(events=events), [as_of]), as_of=as_of)
    assert row["events__n_30d"] == 1


def test_fault_C18_an_earlier_snapshot_sees_only_what_had_come_in_by_then():
    """A column that says when rows came in: at each date the table of what was there."""
    made = make_tables(n_accounts=6, weeks=20)
    events, dates = made["events"], [AS_OF, AS_OF - pd.Timedelta(days=30)]
    came = pd.Series(pd.NaT, events.index, dtype="datetime64[us, UTC]")
    by_then = dates[1].tz_localize(ZONE).tz_convert("UTC")
    occurred = events["occurred_at"].astype("datetime64[us, UTC]")
    just_before = occurred.between(by_then - pd.Timedelta(days=9), by_then, inclusive="left")
    came[just_before] = by_then + pd.Timedelta(hours=1)  # nine days came in after the snapshot
    came[occurred >= by_then] = occurred[occurred >= by_then]
    assert just_before.sum() > 20

    found = features_of({**made, "events": events.assign(loaded_at=came)}, dates)
    then = features_of({**made, "events": events[~just_before]}, dates[1:])
    now = features_of(made, dates[:1])

    def at(frame, date):
        return frame[frame["as_of"] == date].reset_index(drop=True)

    assert_frame_equal(at(found, dates[1]), at(then, dates[1]))
    assert_frame_equal(at(found, dates[0]), now)
    recent = at(found, dates[1])["days_since_last_event"].dropna()
    assert recent.min() > 9 >= now["days_since_last_event"].min()
    assert found["as_of"].is_monotonic_decreasing


def test_fault_C14_a_day_of_history_leaves_windows_and_trends_empty_and_says_why():
    row = one(features_of(company(events=events_on("a", [1]))))
    windowed = ["events__n_30d", "events__n_90d", "events__change_30d", "events__slope_90d",
                "events__share_of_peak", "weekly_cv_90d"]  # fmt: skip
    assert row[windowed].isna().all()  # a part of a window is not the window: null, never 1
    assert row["days_since_last_event"] == 1  # what one day can tell is told
    assert bool(row["is_short_history"])
    said = dictionary([30, 60, 90]).set_index("feature")["missing"]
    assert "empty where events cover neither 30 days nor its whole life" in said["events__n_30d"]
    assert "days of history" in said["events__change_30d"]


def test_fault_D06_money_adds_up_exactly_in_any_order():
    amounts = [0.1] * 10 + [1e9, 0.01, 2.2, 1e9]
    invoices = pd.DataFrame({
        "invoice_id": [f"I{n:02}" for n in range(len(amounts))], "account_id": "a",
        "issued_on": [day(5 + n) for n in range(len(amounts))], "amount": amounts,
    })  # fmt: skip
    events = events_on("a", [1, 200])
    sums = set()
    for seed in range(3):
        mixed = invoices.sample(frac=1, random_state=seed)
        row = one(features_of(company(events=events, invoices=mixed), threads=seed + 1))
        sums.add(row["invoice_amount__sum_365d"])
    assert sums == {2_000_000_003.21}  # ten times 0.1 is one, and no cent is lost beside a billion
    assert sum(amounts[:10]) != 1.0  # what a plain sum of floats makes of it


@pytest.mark.parametrize("seed", range(2))
def test_fault_D13_nothing_divided_by_nothing_is_ever_infinite(seed):
    tables = make_tables(n_accounts=4, weeks=14, seed=seed)
    events = tables["events"]
    tables["accounts"] = tables["accounts"].assign(
        mrr=0.0, seats=pd.array([0] * len(tables["accounts"]), dtype="Int64"),
        storage_gb_limit=0.0, api_calls_limit=0.0,
    )  # fmt: skip
    tables["subscriptions"] = tables["subscriptions"].assign(
        mrr=0.0, seats=pd.array([0] * len(tables["subscriptions"]), dtype="Int64")
    )
    silent = events["account_id"] == events["account_id"].iloc[0]
    tables["events"] = events[~silent]  # changes from nothing, shares of nothing
    numbers = features_of(tables, [AS_OF, AS_OF - pd.Timedelta(days=60)]).select_dtypes("number")
    assert not np.isinf(numbers.to_numpy(float, na_value=np.nan)).any()
    assert numbers["seats__share"].isna().all()  # of no seats: not known, neither 0 nor infinite
