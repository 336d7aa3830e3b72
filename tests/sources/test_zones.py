"""Wall-clock time to UTC and back against Python's own rules."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sources.session import Sql, fill, literal, open_session
from helpers.sources.zones import odd_hours, to_local, to_utc, transitions

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC",
         "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu"]  # fmt: skip
EPOCH = dt.datetime.fromisoformat("1970-01-01")
MOMENTS = st.datetimes(
    dt.datetime.fromisoformat("1972-01-01"), dt.datetime.fromisoformat("2059-12-31")
)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zones")
    with open_session(folder, folder) as opened:
        yield opened


def ask(session, expression, moment):
    value = fill("CAST({m} AS TIMESTAMP)", m=literal(moment.isoformat(sep=" ")))
    return session.value(fill("SELECT {e} FROM (SELECT {v} AS x)", e=expression, v=value))


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    local=MOMENTS,
)
def test_to_utc_agrees_with_python(session, zone, local):
    # fold=0: the first of two hours; of a skipped hour, the time moved on by the gap
    expected = local.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=0).astimezone(dt.UTC)

    assert ask(session, to_utc(Sql("x"), zone), local) == expected.replace(tzinfo=None)


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    utc=MOMENTS,
)
def test_to_local_agrees_with_python(session, zone, utc):
    expected = utc.replace(tzinfo=dt.UTC).astimezone(zoneinfo.ZoneInfo(zone))

    assert ask(session, to_local(Sql("x"), zone), utc) == expected.replace(tzinfo=None)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_each_change_of_clocks_is_seen(session, zone):
    info = zoneinfo.ZoneInfo(zone)
    for change in transitions(zone)[-8:]:
        start = EPOCH + dt.timedelta(seconds=change.at + min(change.before, change.after))
        for minutes in (-1, 0, 29, 30, 59, 60):
            local = start + dt.timedelta(minutes=minutes)
            first = local.replace(tzinfo=info, fold=0).utcoffset()
            second = local.replace(tzinfo=info, fold=1).utcoffset()
            assert ask(session, odd_hours(Sql("x"), zone), local) == (first != second)


def test_a_zone_without_changes_is_a_constant():
    assert transitions("UTC") == ()
    assert to_utc(Sql("x"), "UTC") == "x"
    assert odd_hours(Sql("x"), "UTC") == "FALSE"
