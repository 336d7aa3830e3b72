"""Days are cut on the company's wall clock, as Python's zone data say."""

import datetime as dt
import zoneinfo

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.engine import EPOCH, day_number, day_to_date, local_time
from helpers.engine.days import local_day

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Asia/Kolkata"]


def microseconds(at: dt.datetime) -> int:
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def days_by_engine(instants: list[dt.datetime], zone: str) -> list[int]:
    stamps = [microseconds(at) for at in instants]
    sql = local_time("moment", zone, first_us=min(stamps), last_us=max(stamps))
    rows = ", ".join(f"({n}, MAKE_TIMESTAMPTZ({stamp}))" for n, stamp in enumerate(stamps))
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT {local_day(sql)} FROM (VALUES {rows}) AS t(n, moment) ORDER BY n"
        ).fetchall()
    return [day for (day,) in found]


def day_by_python(at: dt.datetime, zone: str) -> int:
    return (at.astimezone(zoneinfo.ZoneInfo(zone)).date() - dt.date(1970, 1, 1)).days


def test_a_day_begins_at_midnight_of_the_company():  # C-10
    evening = dt.datetime(2026, 6, 30, 21, 59, 59, tzinfo=dt.UTC)
    late = dt.datetime(2026, 6, 30, 22, 0, 0, tzinfo=dt.UTC)  # midnight in Berlin in summer
    days = days_by_engine([evening, late], "Europe/Berlin")
    assert [EPOCH + pd.Timedelta(days=day) for day in days] == [
        pd.Timestamp("2026-06-30"),
        pd.Timestamp("2026-07-01"),
    ]


def test_the_days_around_a_change_of_clocks_have_23_and_25_hours():  # C-11
    hours = pd.date_range("2026-03-28", "2026-03-30 23:00", freq="h", tz="UTC")
    counts = pd.Series(days_by_engine(list(hours.to_pydatetime()), "Europe/Berlin")).value_counts()
    assert counts[day_number(pd.Timestamp("2026-03-29"))] == 23
    hours = pd.date_range("2025-10-25", "2025-10-27 23:00", freq="h", tz="UTC")
    counts = pd.Series(days_by_engine(list(hours.to_pydatetime()), "Europe/Berlin")).value_counts()
    assert counts[day_number(pd.Timestamp("2025-10-26"))] == 25


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.datetimes(
            min_value=dt.datetime(1999, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
            max_value=dt.datetime(2030, 12, 31),  # noqa: DTZ001
            timezones=st.just(dt.UTC),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(ZONES),
)
def test_agrees_with_python(instants, zone):
    assert days_by_engine(instants, zone) == [day_by_python(at, zone) for at in instants]


@pytest.mark.parametrize("zone", ZONES)
def test_agrees_with_python_at_every_change_of_a_decade(zone):
    around = [
        dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)
        for year in range(2018, 2028)
        for month, day in ((3, 8), (3, 14), (3, 29), (10, 25), (10, 31), (11, 1), (11, 7))
        for hour in (0, 1, 4, 5, 6, 22, 23)
        for minute in (0, 59)
    ]
    assert days_by_engine(around, zone) == [day_by_python(at, zone) for at in around]


def test_day_numbers_and_dates_are_inverse():
    dates = pd.Series(pd.to_datetime(["1969-12-31", "2024-02-29", "2026-07-01"]))
    numbers = pd.Series([day_number(date) for date in dates])
    assert numbers.tolist() == [-1, 19782, 20635]
    assert (day_to_date(numbers) == dates).all()
    assert day_to_date(pd.Series([1.0, None])).isna().tolist() == [False, True]
