"""Where the data end: not at a half-delivered day, not at a stray row."""

import datetime as dt

import pandas as pd
import pytest

from helpers.errors import InputError
from helpers.sources import find_as_of
from helpers.sources.as_of import cutoff, day_quarters, last_complete_day
from tests.sources.made import EVENTS, clean, config, read, write

FIRST = dt.date(2024, 1, 1)  # a Monday


def days(*counts, first=FIRST):
    return {first + dt.timedelta(days=n): count for n, count in enumerate(counts) if count}


def day(n):
    return FIRST + dt.timedelta(days=n)


def test_the_last_day_of_even_use_is_complete():
    assert last_complete_day(days(*[100] * 60)) == day(59)


def test_fault_C16_a_partial_last_day_does_not_count():
    assert last_complete_day(days(*[100] * 60, 39)) == day(59)
    assert last_complete_day(days(*[100] * 60, 41)) == day(60)


def quarters(*counts, until=96):
    """Rows spread evenly over the quarter hours of each day; of the last day only some come."""
    full = {FIRST + dt.timedelta(days=n): dict.fromkeys(range(96), c) for n, c in enumerate(counts)}
    last = max(full)
    full[last] = {at: n for at, n in full[last].items() if at < until}
    return full


@pytest.mark.parametrize(
    ("until", "rows", "complete"), [(48, 2, 59), (80, 2, 59), (90, 2, 60), (96, 2, 60)]
)
def test_fault_C16_a_day_that_breaks_off_does_not_count(until, rows, complete):
    made = quarters(*[rows] * 61, until=until)
    counts = {day: sum(of.values()) for day, of in made.items()}

    assert last_complete_day(counts, made) == day(complete)


def test_a_few_rows_that_may_come_late_do_not_make_a_day_incomplete():
    made = {FIRST + dt.timedelta(days=n): {36: 20, 90: 5} for n in range(60)}
    made[max(made)] = {36: 20}

    assert last_complete_day({d: sum(of.values()) for d, of in made.items()}, made) == day(59)


def test_days_without_a_time_of_day_are_judged_by_their_number_only():
    made = {FIRST + dt.timedelta(days=n): {0: 500} for n in range(60)}

    assert last_complete_day(dict.fromkeys(made, 500), made) == day(59)


def test_weekends_are_compared_with_weekends():
    week = [100, 100, 100, 100, 100, 5, 4]

    assert last_complete_day(days(*week * 8)) == day(55)  # a Sunday with its usual 4
    assert last_complete_day(days(*week * 8, 30)) == day(55)  # a Monday with 30


def test_stray_rows_of_the_far_future_do_not_define_the_end():
    made = days(*[100] * 60)

    assert last_complete_day({**made, dt.date(2099, 1, 1): 2}) == day(59)
    assert last_complete_day({**made, day(62): 3, day(75): 1}) == day(59)


def test_few_rows_far_apart_all_count():
    assert last_complete_day(days(1, *[0] * 40, 1, *[0] * 40, 1)) == day(82)


def test_a_short_history_is_taken_as_it_is():
    assert last_complete_day({FIRST: 5}) == FIRST
    assert last_complete_day(days(100, 100, 1)) == day(2)


def test_days_are_cut_in_the_companys_zone():
    quarter = int(dt.datetime(2024, 7, 1, 22, 15, tzinfo=dt.UTC).timestamp()) // 900

    assert day_quarters([(quarter, 3)], "Europe/Berlin") == {dt.date(2024, 7, 2): {1: 3}}
    assert day_quarters([(quarter, 3)], "UTC") == {dt.date(2024, 7, 1): {89: 3}}
    assert cutoff(dt.date(2024, 7, 2), "Europe/Berlin") == dt.datetime(
        2024, 7, 1, 22, tzinfo=dt.UTC
    )


def test_the_reading_and_the_short_way_agree(tmp_path):
    lines = (
        [f"A{n % 2 + 1},e{n},{day(d)}T10:00:00+00:00" for d in range(60) for n in range(20)]
        + [f"A1,e{n},{day(60)}T00:30:00+00:00" for n in range(3)]
        + ["ZZ,x,2099-01-01", "A1,x,never"]
    )
    folder = write(
        tmp_path / "data", events_csv="account_id,event,occurred_at\n" + "\n".join(lines)
    )

    reading = read(folder, as_of=None)

    assert reading.as_of == find_as_of(config(), folder) == day(60)
    assert clean(folder)["occurred_at"].max().date() == day(60)  # within the clock skew


def by_hour(d, until=24):
    """Four events an hour of one day, as lines of a file."""
    return [
        f"A{n % 2 + 1},e{n},{day(d)}T{hour:02d}:{15 * n:02d}:00Z"
        for hour in range(until)
        for n in range(4)
    ]


def test_fault_C16_half_a_day_more_leaves_everything_as_it_was(tmp_path):
    head, whole = "account_id,event,occurred_at\n", [line for d in range(60) for line in by_hour(d)]
    before = write(tmp_path / "a", events_csv=head + "\n".join(whole))
    after = write(tmp_path / "b", events_csv=head + "\n".join(whole + by_hour(60, until=12)))

    assert find_as_of(config(), before) == find_as_of(config(), after) == day(60)
    assert read(after, as_of=None).as_of == day(60)
    kept = [clean(folder) for folder in (before, after) if read(folder, as_of=None)]
    told = [rows[rows["occurred_at"] < pd.Timestamp(day(60), tz="UTC")] for rows in kept]
    pd.testing.assert_frame_equal(*(rows.reset_index(drop=True) for rows in told))


def test_the_configured_date_comes_before_the_datas_own(tmp_path):
    folder = write(tmp_path / "data")
    company = config(analysis={"as_of": "2024-03-02"})

    assert read(folder, company, as_of=None).as_of == dt.date(2024, 3, 2)
    assert read(folder, company, as_of=dt.date(2024, 3, 3)).as_of == dt.date(2024, 3, 3)
    assert find_as_of(company, folder) == dt.date(2024, 3, 2)


def test_without_a_readable_time_there_is_no_end(tmp_path):
    text = EVENTS.replace("2024", "year")
    folder = write(tmp_path / "data", events_csv=text)
    company = config(max_quarantine_share={"events": 1.0})

    for attempt in (lambda: read(folder, company, as_of=None), lambda: find_as_of(company, folder)):
        with pytest.raises(InputError, match="events: no row has a readable time"):
            attempt()
