"""The cutoff of a run: the day after the last complete day of events.

A half-delivered last day would look like everyone had stopped; a stray row dated years ahead
would make everyone look silent. Neither may define the end.
"""

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from statistics import median

__all__ = ["cutoff", "day_counts", "last_complete_day"]

BUCKET_SECONDS = 900
_STRAY_DAYS, _FEW_STRAY_DAYS, _FEW_ROWS, _BULK = 30, 366, 1_000, 0.999
_MIN_SHARE, _WEEKS, _MIN_WEEKS = 0.40, 8, 4


def cutoff(as_of: dt.date, zone: str) -> dt.datetime:
    """Return the instant at which the day ``as_of`` begins in a zone, as aware UTC."""
    local = dt.datetime(as_of.year, as_of.month, as_of.day, tzinfo=zoneinfo.ZoneInfo(zone))
    return local.astimezone(dt.UTC)


def day_counts(buckets: Sequence[tuple[int, int]], zone: str) -> dict[dt.date, int]:
    """Add up counts of quarter hours to local days.

    Parameters
    ----------
    buckets : sequence of (int, int)
        Quarter hours since 1970 (UTC), and rows in each.
    zone : str
        The company's zone; every zone's offset is a multiple of a quarter hour since 1972.

    Returns
    -------
    dict of date to int
        Days with rows, in order.
    """
    info = zoneinfo.ZoneInfo(zone)
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    days: dict[dt.date, int] = {}
    for bucket, count in sorted(buckets):
        moment = epoch + dt.timedelta(seconds=bucket * BUCKET_SECONDS)
        day = moment.astimezone(info).date()
        days[day] = days.get(day, 0) + count
    return dict(sorted(days.items()))


def last_complete_day(days: dict[dt.date, int]) -> dt.date:
    """Return the last day whose rows are all there, as far as its own past can tell.

    Parameters
    ----------
    days : dict of date to int
        Rows a local day; not empty.

    Returns
    -------
    date
        Days more than 30 days after the day that holds the 99.9 % quantile of rows are not
        considered (366 days where there are fewer than 1,000 rows). A day is incomplete if it
        has fewer than 40 % of the median of the same weekday in the eight weeks before it; days
        with fewer than four such weeks behind them count as complete.
    """
    total, running, bulk = sum(days.values()), 0, min(days)
    position = int(_BULK * (total - 1))
    for day in sorted(days):
        running += days[day]
        if running > position:
            bulk = day
            break
    first = min(days)
    stray_days = _STRAY_DAYS if total >= _FEW_ROWS else _FEW_STRAY_DAYS
    day = max(d for d in days if d <= bulk + dt.timedelta(days=stray_days))
    while day > first and _is_partial(day, days, first):
        day -= dt.timedelta(days=1)
    return day


def _is_partial(day: dt.date, days: dict[dt.date, int], first: dt.date) -> bool:
    before = [day - dt.timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
    known = [days.get(earlier, 0) for earlier in before if earlier >= first]
    return len(known) >= _MIN_WEEKS and days.get(day, 0) < _MIN_SHARE * median(known)
