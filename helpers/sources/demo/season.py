"""When the company works: weekdays, months, quarters, holidays and planned initiatives."""

import datetime as dt
from functools import cache

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.settings import PLANTED, Scale

__all__ = ["REGIONS", "calendar_rows", "holidays", "local_offset_s", "region_factor", "season"]

REGIONS = ("DACH", "Nordics", "UK & Ireland", "Benelux")

_DAY = dt.timedelta(days=1)


def season(scale: Scale) -> NDArray[np.float64]:
    """Return the factor of expected usage for each day, holidays of regions apart.

    Returns
    -------
    ndarray, (n_days,)
        Product of weekday, day of the month, end of quarter, time of year and year-end.
    """
    factors = []
    for number in range(scale.n_days):
        day = scale.date(number)
        factor = PLANTED.weekday[day.weekday()]
        factor *= month_factor(day)
        factor *= PLANTED.quarter_end if is_quarter_end(day) else 1.0
        factor *= year_factor(day)
        factor *= PLANTED.year_end if is_year_end(day) else 1.0
        factors.append(factor)
    return np.array(factors)


def month_factor(day: dt.date) -> float:
    """Higher early in the month, lower late."""
    if day.day <= 7:
        return PLANTED.early_month
    return 1.0 if day.day <= 20 else PLANTED.late_month


def year_factor(day: dt.date) -> float:
    """Summer dip, fourth-quarter surge."""
    if day.month in (7, 8):
        return PLANTED.summer
    return PLANTED.fourth_quarter if day.month >= 10 else 1.0


def is_quarter_end(day: dt.date) -> bool:
    """Tell whether a day lies in the last two weeks of a quarter."""
    return (day + 14 * _DAY).month != day.month and day.month % 3 == 0


def is_year_end(day: dt.date) -> bool:
    """Tell whether a day lies between 24 December and 1 January."""
    return (day.month, day.day) >= (12, 24) or (day.month, day.day) == (1, 1)


def region_factor(scale: Scale) -> NDArray[np.float64]:
    """Return the holiday factor of each region and day, (n_regions, n_days)."""
    factors = np.ones((len(REGIONS), scale.n_days))
    for year in range(scale.start.year, scale.date(scale.n_days).year + 1):
        for region, day, _ in holidays(year):
            number = (day - scale.start).days
            if 0 <= number < scale.n_days and not is_year_end(day):
                factors[REGIONS.index(region), number] = PLANTED.holiday
    return factors


@cache
def holidays(year: int) -> tuple[tuple[str, dt.date, str], ...]:
    """Return (region, day, name) of the public holidays that dent usage."""
    easter = _easter(year)
    common = [
        (easter - 2 * _DAY, "Good Friday"),
        (easter + _DAY, "Easter Monday"),
        (easter + 39 * _DAY, "Ascension Day"),
        (easter + 50 * _DAY, "Whit Monday"),
    ]
    found = [(region, day, name) for region in ("DACH", "Benelux") for day, name in common]
    found += [("Nordics", day, name) for day, name in common[:3]]
    found += [("UK & Ireland", day, name) for day, name in common[:2]]
    found += [("DACH", dt.date(year, 5, 1), "Labour Day")]
    found += [("DACH", dt.date(year, 10, 3), "Day of German Unity")]
    found += [("Nordics", _weekday(year, 6, 19, 4), "Midsummer Eve")]
    found += [("UK & Ireland", _weekday(year, 5, 1, 0), "Early May bank holiday")]
    found += [("UK & Ireland", _weekday(year, 5, 25, 0), "Spring bank holiday")]
    found += [("UK & Ireland", _weekday(year, 8, 25, 0), "Summer bank holiday")]
    found += [("Benelux", dt.date(year, 4, 27), "King's Day")]
    return tuple(sorted(found))


def calendar_rows(scale: Scale) -> list[tuple[dt.date, dt.date, str, str | None]]:
    """Return (first day, last day, reason, region) of holidays and year-ends in the data."""
    rows: list[tuple[dt.date, dt.date, str, str | None]] = []
    last = scale.date(scale.n_days - 1)
    for year in range(scale.start.year - 1, last.year + 1):
        rows.append((dt.date(year, 12, 24), dt.date(year + 1, 1, 1), "Year-end closure", None))
        rows.append((dt.date(year, 7, 1), dt.date(year, 8, 31), "Summer holidays", None))
        rows += [(day, day, name, region) for region, day, name in holidays(year)]
    kept = [row for row in rows if row[1] >= scale.start and row[0] <= last]
    return sorted(kept, key=lambda row: (row[0], row[1], row[2], row[3] or ""))


def local_offset_s(local_s: NDArray[np.int64], scale: Scale) -> NDArray[np.int64]:
    """Return how far local time (Europe/Berlin) is ahead of UTC, in seconds.

    Parameters
    ----------
    local_s : ndarray of int
        Local seconds since the first day of data began.
    """
    offset = np.full(np.shape(local_s), 3600, np.int64)
    for year in range(scale.start.year - 7, END_YEAR + 3):
        spring = _last_sunday(year, 3) - scale.start
        autumn = _last_sunday(year, 10) - scale.start
        inside = (local_s >= spring.days * 86_400 + 10_800) & (
            local_s < autumn.days * 86_400 + 10_800
        )
        offset = np.where(inside, 7200, offset)
    return offset


END_YEAR = 2026


def _last_sunday(year: int, month: int) -> dt.date:
    last = dt.date(year, month, 31)
    return last - ((last.weekday() + 1) % 7) * _DAY


def _weekday(year: int, month: int, day: int, weekday: int) -> dt.date:
    """First such weekday on or after a date; Monday is 0."""
    first = dt.date(year, month, day)
    return first + ((weekday - first.weekday()) % 7) * _DAY


def _easter(year: int) -> dt.date:
    """Easter Sunday; anonymous Gregorian algorithm (Meeus 1991, *Astronomical Algorithms*)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    shift = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * shift) // 451
    month, day = divmod(h + shift - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)
