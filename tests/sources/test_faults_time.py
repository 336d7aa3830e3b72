"""Dates and times: nothing guessed, every instant in UTC, the future held back."""

import datetime as dt

import duckdb
import pandas as pd
import pytest

from helpers.errors import InputError
from tests.sources.made import (
    ACCOUNTS,
    EVENTS,
    LENIENT,
    clean,
    config,
    counts,
    out_of,
    read,
    reasons,
    rules,
    write,
)


def at(*times, head="account_id,event,occurred_at"):
    return head + "\n" + "".join(f'A1,e{n},"{time}"\n' for n, time in enumerate(times))


def read_times(folder, *times, as_of=dt.date(2026, 1, 1), **source):
    """Read events at these times; return event number to ISO text."""
    write(folder, events_csv=at(*times))
    long = {"windows_days": [30, 730]}  # so that the as-of date is within reach of the data
    events = {"files": "events.csv", **source}
    company = config(events=events, thresholds=LENIENT, analysis=long)
    reading = read(folder, company, as_of=as_of)
    frame = clean(folder)
    moments = frame["occurred_at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str.removesuffix(".000000")
    found = dict(zip(frame["event"].str.removeprefix("e").astype(int), moments, strict=True))
    return found, reading


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        ("13/04/2024", "they prove day-first (dmy)"),
        ("04/13/2024", "they prove month-first (mdy)"),
        ("04/03/2024", "they prove neither"),
        ("3.4.2024", "they prove neither"),
        ("12/1/2009 7:45", "they prove neither"),
    ],
)
def test_fault_C01_an_undeclared_order_of_day_and_month_is_an_error(tmp_path, text, proof):
    folder = write(tmp_path / "data", events_csv=at("03/04/2024", "02/01/2024", text))

    with pytest.raises(InputError) as error:
        read(folder)

    message = str(error.value)
    assert "sources.events.columns.occurred_at: events.csv line 2: '03/04/2024'" in message
    assert "may be day-first or month-first; expected ISO 8601 such as 2025-04-03" in message
    assert proof in message
    assert "Set sources.events.date_order: dmy or mdy" in message


def test_fault_C01_contradicting_values_are_said_to_contradict(tmp_path):
    folder = write(tmp_path / "data", events_csv=at("13/04/2024", "04/13/2024"))

    with pytest.raises(InputError, match="they contradict each other"):
        read(folder)


def test_fault_C01_engines_that_guess_disagree_and_a_declaration_decides(tmp_path):
    path = write(tmp_path / "data", events_csv=at("03/04/2024")) / "events.csv"
    guessed = duckdb.sql(f"SELECT occurred_at FROM read_csv('{path}')").limit(1).fetchall()[0][0]
    other = pd.to_datetime(pd.read_csv(path)["occurred_at"]).iloc[0]
    assert (guessed.day, guessed.month) != (other.day, other.month)

    found, _ = read_times(tmp_path / "d", "03/04/2024", date_order="dmy")
    assert found == {0: "2024-04-03T00:00:00"}
    found, _ = read_times(tmp_path / "m", "03/04/2024", date_order="mdy")
    assert found == {0: "2024-03-04T00:00:00"}


def test_fault_C02_mixed_formats_cost_the_rows_that_are_not_declared(tmp_path):
    times = ["2024-03-01", "2024-03-01 10:00", "01/03/2024", "March 1", "2024-02-30", "20240301",
             "2024-3-1", "24:00", "2024-03-01T10:00:60Z"]  # fmt: skip

    found, reading = read_times(tmp_path / "data", *times)

    assert found == {0: "2024-03-01T00:00:00", 1: "2024-03-01T10:00:00"}
    assert reasons(reading) == {"bad_timestamp": 7}
    assert reading.quarantine["value_excerpt"].tolist() == times[2:]
    assert reading.quarantine["row"].tolist() == list(range(4, 11))


def test_fault_C03_a_declared_order_that_later_rows_contradict_costs_those_rows(tmp_path):
    _, reading = read_times(tmp_path / "data", "03/04/2024", "13/04/2024", date_order="mdy")

    assert reading.quarantine["value_excerpt"].tolist() == ["13/04/2024"]


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("epoch_s", "1709287200"),
        ("epoch_s", "1709287200.000"),
        ("epoch_ms", "1709287200000"),
        ("epoch_us", "1709287200000000"),
    ],
)
def test_fault_C04_seconds_since_1970_have_a_declared_unit(tmp_path, unit, text):
    found, _ = read_times(
        tmp_path / "data", text, columns={"occurred_at": {"from": "occurred_at", "format": unit}}
    )

    assert found == {0: "2024-03-01T10:00:00"}


@pytest.mark.parametrize(
    ("unit", "text", "reason"),
    [
        ("epoch_ms", "1709287200", "implausible_time"),  # seconds read as milliseconds: 1970
        ("epoch_s", "1709287200000", "implausible_time"),  # milliseconds as seconds: year 56134
        ("epoch_s", "17092872000000000000000", "bad_timestamp"),
        ("epoch_s", "soon", "bad_timestamp"),
    ],
)
def test_fault_C04_the_wrong_unit_is_implausible(tmp_path, unit, text, reason):
    _, reading = read_times(
        tmp_path / "data", text, columns={"occurred_at": {"from": "occurred_at", "format": unit}}
    )

    assert reasons(reading) == {reason: 1}


def test_fault_C04_numbers_in_a_parquet_file_need_a_unit(tmp_path):
    folder = write(tmp_path / "data")
    frame = pd.DataFrame({"account_id": ["A1"], "event": "x", "occurred_at": [1709287200]})
    frame.to_parquet(folder / "events.parquet")

    with pytest.raises(InputError, match=r"expected a date or time, the file has BIGINT.*epoch_s"):
        read(folder, config(events={"files": "events.parquet"}))


def test_fault_C05_a_date_written_as_a_number_needs_a_format(tmp_path):
    entry = {"occurred_at": {"from": "occurred_at", "format": "%Y%m%d"}}

    found, _ = read_times(tmp_path / "data", "20240301", columns=entry)

    assert found == {0: "2024-03-01T00:00:00"}


def test_fault_C06_rows_of_the_future_are_held_back_and_never_counted_against_a_limit(tmp_path):
    late = "".join(f"A1,late{n},2024-05-01\n" for n in range(20)) + "ZZ,orphan,2024-05-01\n"
    folder = write(tmp_path / "data", events_csv=EVENTS + late + "A1,skew,2024-03-03T23:59:59Z\n")

    reading = read(folder)  # as of 2024-03-03, one day of skew

    assert reasons(reading) == {"future": 21}
    assert clean(folder)["event"].tolist() == ["login", "export", "skew", "login"]


def test_fault_C06_what_is_wrong_with_later_rows_is_not_known_yet(tmp_path):
    late = ",nobody,2024-05-01\n" * 4 + "A1,,2024-05-01\n"
    folder = write(tmp_path / "data", events_csv=EVENTS + late)

    reading = read(folder)  # three good rows: five broken ones would be far above the limit

    assert reasons(reading) == {"future": 5}
    with pytest.raises(InputError, match="5 of 8 rows"):
        read(folder, as_of=dt.date(2024, 6, 1))


def test_fault_C06_later_rows_change_nothing(tmp_path):
    now = write(tmp_path / "now", tickets_csv="ticket_id,account_id,opened_at\nT1,A1,2024-03-01\n")
    later = write(
        tmp_path / "later",
        events_csv=EVENTS + "A1,login,2024-03-01T08:00:00Z\n" + "A2,x,2024-03-09\n" * 2,
        tickets_csv="ticket_id,account_id,opened_at\nT1,A1,2024-03-01\nT1,A2,2024-04-01\n",
    )
    company = config(tickets={"files": "tickets.csv"})

    read(now, company)
    reading = read(later, company)

    for table in ("events", "tickets", "accounts"):
        assert clean(now, table).equals(clean(later, table))
    assert reasons(reading, "tickets") == {"future": 1}  # no conflict with what is not known yet


@pytest.mark.parametrize("text", ["1900-01-01", "9999-12-31", "0001-01-01", "1970-01-01T00:00:00Z"])
def test_fault_C07_sentinel_dates_are_implausible_unless_declared_as_missing(tmp_path, text):
    head = "account_id,started_on,ended_on\n"
    folder = write(tmp_path / "data", subscriptions_csv=head + f"A1,2024-01-01,{text}\n")
    source = {"files": "subscriptions.csv"}

    reading = read(folder, config(subscriptions=source, thresholds=LENIENT))
    assert reasons(reading, "subscriptions") == {"implausible_time": 1}

    declared = {**source, "columns": {"ended_on": {"from": "ended_on", "nulls": [text]}}}
    reading = read(folder, config(subscriptions=declared))
    assert reasons(reading, "subscriptions") == {}
    assert clean(folder, "subscriptions")["ended_on"].isna().tolist() == [True]


def test_fault_C08_offsets_are_honoured_and_naive_times_take_the_declared_zone(tmp_path):
    times = ["2024-07-01T12:00:00", "2024-07-01T12:00:00Z", "2024-07-01T12:00:00+05:30",
             "2024-07-01 12:00:00-0800", "2024-07-01 12:00:00 UTC", "2024-07-01T12:00:00.123456+02",
             "2024-07-01"]  # fmt: skip

    found, _ = read_times(tmp_path / "data", *times, time_zone="Europe/Berlin")

    assert found == {
        0: "2024-07-01T10:00:00", 1: "2024-07-01T12:00:00", 2: "2024-07-01T06:30:00",
        3: "2024-07-01T20:00:00", 4: "2024-07-01T12:00:00", 5: "2024-07-01T10:00:00.123456",
        6: "2024-06-30T22:00:00",
    }  # fmt: skip


def test_fault_C09_odd_hours_follow_the_declared_policy_and_are_counted(tmp_path):
    times = ["2024-03-31T01:59:59", "2024-03-31T02:30:00", "2024-03-31T03:00:00",
             "2024-10-27T02:30:00", "2024-10-27T02:30:00+01:00", "2024-10-27T03:00:00"]  # fmt: skip

    found, reading = read_times(tmp_path / "data", *times, time_zone="Europe/Berlin")

    assert found == {
        0: "2024-03-31T00:59:59",
        1: "2024-03-31T01:30:00",  # does not exist: moved forward by the gap
        2: "2024-03-31T01:00:00",
        3: "2024-10-27T00:30:00",  # occurs twice: the first
        4: "2024-10-27T01:30:00",
        5: "2024-10-27T02:00:00",
    }
    issue = reading.issues.set_index("rule").loc["hour that the change of clocks repeats or skips"]
    assert (issue["n_rows"], issue["column"], issue["example"]) == (
        2,
        "occurred_at",
        "events.csv line 3",
    )


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_fault_C10_C20_the_zone_of_the_machine_changes_nothing(tmp_path, monkeypatch, zone):
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        found, reading = read_times(
            tmp_path / "data", "2024-07-01T23:30:00", "1719876600", time_zone="Asia/Tokyo"
        )
    finally:
        monkeypatch.undo()
        time.tzset()

    assert found == {0: "2024-07-01T14:30:00"}
    assert reasons(reading) == {"bad_timestamp": 1}


def test_fault_C13_an_as_of_before_the_data_is_an_error(tmp_path):
    folder = write(tmp_path / "data")

    with pytest.raises(
        InputError, match="as_of 2024-03-01 is not after the first event, 2024-03-01"
    ):
        read(folder, as_of=dt.date(2024, 3, 1))


def test_fault_C13_an_as_of_that_no_window_connects_with_the_data_is_an_error(tmp_path):
    folder = write(tmp_path / "data")

    with pytest.raises(InputError, match=r"as_of 2024-06-01 is more than 90 days after the last"):
        read(folder, as_of=dt.date(2024, 6, 1))

    assert counts(read(folder, as_of=dt.date(2024, 5, 31)))["rows_kept"] == 3


def test_dates_stay_dates(tmp_path):
    head = "invoice_id,account_id,issued_on,amount\n"
    rows = "I1,A1,2024-03-01,1\nI2,A1,2024-02-29T23:30:00-08:00,1\nI3,A1,1.3.2024 14:05,1\n"
    folder = write(tmp_path / "data", invoices_csv=head + rows)
    source = {"files": "invoices.csv", "date_order": "dmy", "time_zone": "Europe/Berlin"}

    read(folder, config(invoices=source))

    frame = clean(folder, "invoices")
    assert str(frame["issued_on"].dtype) == "datetime64[us]"
    assert frame["issued_on"].astype(str).tolist() == ["2024-03-01"] * 3


def test_times_of_a_parquet_file_keep_their_instant(tmp_path):
    folder = write(tmp_path / "data")
    stamp = pd.Timestamp("2024-03-01 12:00")
    frame = pd.DataFrame({
        "account_id": ["A1"], "event": "x", "occurred_at": [stamp],
    })  # fmt: skip
    frame.to_parquet(folder / "naive.parquet")
    frame.assign(occurred_at=stamp.tz_localize("Europe/Berlin")).to_parquet(
        folder / "aware.parquet"
    )
    frame.assign(occurred_at=stamp.to_datetime64().astype("datetime64[ns]")).to_parquet(
        folder / "nano.parquet"
    )

    seen = {}
    for name in ("naive", "aware", "nano"):
        read(folder, config(events={"files": f"{name}.parquet", "time_zone": "America/New_York"}))
        seen[name] = str(clean(folder)["occurred_at"].iloc[0])

    assert seen == {"naive": "2024-03-01 17:00:00+00:00", "aware": "2024-03-01 11:00:00+00:00",
                    "nano": "2024-03-01 17:00:00+00:00"}  # fmt: skip
    assert str(clean(folder)["occurred_at"].dtype) == "datetime64[us, UTC]"


def test_fault_B13_rows_dated_outside_the_record_they_refer_to_are_an_issue(tmp_path):
    folder = write(
        tmp_path / "data",
        terms_csv="id,account,start,end\nS1,A1,2024-02-01,2024-02-10\nS2,A2,2024-02-01,\n",
        usage_csv="sub,event,day\nS1,a,2024-01-31\nS1,b,2024-02-01\nS1,c,2024-02-10\n"
        "S1,d,2024-02-11\nS2,e,2024-02-20\nS9,f,2024-02-20\n",
    )
    source = {
        "files": "usage.csv",
        "columns": {"account_id": "terms.account", "occurred_at": "day"},
        "lookups": {"terms": {"files": "terms.csv", "key": "id", "match": "sub",
                              "take": ["account"], "valid_from": "start", "valid_to": "end"}},
    }  # fmt: skip

    reading = read(folder, config(events=source, thresholds=LENIENT))

    assert rules(reading)["dated before its terms"] == 1
    assert rules(reading)["dated after its terms"] == 1
    issue = reading.issues.set_index("rule").loc["dated before its terms"]
    assert issue["share"] == pytest.approx(1 / 6)
    assert issue["example"] == "usage.csv line 2"
    assert reasons(reading) == {"lookup_unmatched(terms)": 1}
    assert counts(reading)["rows_kept"] == 5


def test_accounts_are_never_held_back(tmp_path):
    folder = write(tmp_path / "data", accounts_csv=ACCOUNTS + "A3,2024-06-01,Later\n")

    assert counts(read(folder), "accounts")["rows_kept"] == 3


def test_fault_C17_a_stale_source_is_refused_against_the_as_of_date(tmp_path):
    tickets = "ticket_id,account_id,opened_at\nT1,A1,2024-02-20T10:00:00Z\n"
    folder = write(tmp_path / "data", tickets_csv=tickets)

    def company(days):
        return config(tickets={"files": "tickets.csv"},
                      freshness={"tickets": {"error_after_days": days}})  # fmt: skip

    with pytest.raises(InputError) as error:
        read(folder, company(10))  # as of 3 March: the last row is eleven whole days old
    assert (
        "tickets: its newest row is of 2024-02-20, 11 days before the as-of date 2024-03-03; "
        "freshness.tickets.error_after_days is 10. Refresh the extract" in str(error.value)
    )
    assert counts(read(folder, company(11)), "tickets")["rows_kept"] == 1
    with pytest.raises(ValueError, match="it would never warn"):
        config(freshness={"tickets": {"warn_after_days": 9, "error_after_days": 5}})


def test_fault_C18_rows_that_came_in_later_are_not_used_by_an_earlier_run(tmp_path):
    head = "account_id,event,occurred_at,loaded_at\n"
    known = "A1,login,2024-03-01T08:00:00Z,2024-03-01T09:00:00Z\nA2,login,2024-03-02,\n"
    late = "A1,export,2024-03-01T10:00:00Z,2024-03-03T00:00:00Z\n"
    before = write(tmp_path / "before", events_csv=head + known)
    after = write(tmp_path / "after", events_csv=head + known + late)

    read(before)
    reading = read(after)

    assert (out_of(before) / "events.parquet").read_bytes() == (
        out_of(after) / "events.parquet"
    ).read_bytes()
    assert reasons(reading) == {"future": 1}
    assert reading.quarantine["column"].tolist() == ["loaded_at"]
    assert counts(read(after, as_of=dt.date(2024, 3, 4)))["rows_kept"] == 3


def test_fault_C19_events_out_of_order_are_the_same_events(tmp_path):
    head, *rows = EVENTS.splitlines()
    straight = write(tmp_path / "straight")
    turned = write(tmp_path / "turned", events_csv="\n".join([head, *reversed(rows), ""]))
    read(straight)
    read(turned)
    assert (out_of(straight) / "events.parquet").read_bytes() == (
        out_of(turned) / "events.parquet"
    ).read_bytes()
