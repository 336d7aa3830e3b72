import datetime as dt
import zoneinfo

import numpy as np
import pytest

from helpers.sources.demo.clock import dates, epoch_us, iso_utc, local_text
from helpers.sources.demo.season import (
    REGIONS,
    calendar_rows,
    holidays,
    is_quarter_end,
    is_year_end,
    region_factor,
    season,
)
from helpers.sources.demo.settings import PLANTED, Scale


@pytest.mark.parametrize(
    ("year", "easter"),
    [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2027, (3, 28)), (2038, (4, 25))],
)
def test_easter_monday_follows_easter(year: int, easter: tuple[int, int]) -> None:
    monday = dt.date(year, *easter) + dt.timedelta(days=1)
    assert ("DACH", monday, "Easter Monday") in holidays(year)


def test_last_two_weeks_of_a_quarter() -> None:
    assert is_quarter_end(dt.date(2026, 6, 17))
    assert not is_quarter_end(dt.date(2026, 6, 16))
    assert not is_quarter_end(dt.date(2026, 5, 31))
    assert is_year_end(dt.date(2025, 12, 24))
    assert not is_year_end(dt.date(2026, 1, 2))


def test_season_is_the_product_of_its_factors() -> None:
    # T-01 T-02 T-03
    scale, factor = Scale(), season(Scale())
    day = (dt.date(2025, 7, 1) - scale.start).days  # a Tuesday, early in July
    assert factor[day] == pytest.approx(1.15 * 1.15 * 0.85)
    day = (dt.date(2025, 12, 19) - scale.start).days  # a Friday, mid December, end of quarter
    assert factor[day] == pytest.approx(0.90 * 1.0 * 1.12 * 1.10)
    day = (dt.date(2025, 12, 25) - scale.start).days  # Thursday, late December, closed
    assert factor[day] == pytest.approx(1.15 * 0.93 * 1.12 * 1.10 * 0.40)


def test_a_holiday_dents_only_its_regions() -> None:
    scale = Scale()
    factor = region_factor(scale)
    day = (dt.date(2026, 5, 1) - scale.start).days
    assert factor[:, day].tolist() == [PLANTED.holiday if r == "DACH" else 1.0 for r in REGIONS]


def test_every_dent_is_in_the_calendar() -> None:
    # T-07
    scale = Scale(months=24)
    listed = {(region, day) for first, last, _, region in calendar_rows(scale)
              for day in _days(first, last)}  # fmt: skip
    factor = region_factor(scale)
    for region, number in zip(*np.nonzero(factor < 1), strict=True):
        assert (REGIONS[region], scale.date(int(number))) in listed
    closed = [d for n in range(scale.n_days) if is_year_end(d := scale.date(n))]
    assert closed
    assert all((None, day) in listed for day in closed)


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def test_local_time_becomes_utc_as_zoneinfo_says() -> None:
    scale, berlin = Scale(), zoneinfo.ZoneInfo("Europe/Berlin")
    rng = np.random.default_rng(5)
    second = np.sort(rng.integers(-900 * 86_400, scale.n_days * 86_400, 300))
    for got, local_s in zip(epoch_us(second, scale), second, strict=True):
        naive = dt.datetime.combine(scale.start, dt.time()) + dt.timedelta(seconds=int(local_s))
        aware = naive.replace(tzinfo=berlin)
        gap = aware.astimezone(dt.UTC).astimezone(berlin).replace(tzinfo=None) != naive
        assert gap or got == int(aware.timestamp()) * 1_000_000


def test_dates_and_times_are_written_as_declared() -> None:
    scale = Scale()
    assert dates(np.array([0, 31]), scale) == ["2025-04-01", "2025-05-02"]
    assert dates(np.array([31]), scale, "dmy") == ["02/05/2025"]
    assert local_text(np.array([3661]), scale) == ["2025-04-01 01:01:01"]
    assert iso_utc(np.array([3600]), scale) == ["2025-03-31T23:00:00Z"]
