"""The cutoff of a run: the day after the last complete day of events.

A half-delivered last day would look like everyone had stopped; a stray row dated years ahead
would make everyone look silent. Neither may define the end.
"""

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from statistics import median

__all__ = ["cutoff", "day_quarters", "last_complete_day"]

BUCKET_SECONDS = 900
_STRAY_DAYS, _FEW_STRAY_DAYS, _FEW_ROWS, _BULK = 30, 366, 1_000, 0.999
_MIN_SHARE, _WEEKS, _MIN_WEEKS = 0.40, 8, 4
_LATE_SHARE, _LATE_ROWS = 0.10, 30
"""Share of a usual day, and rows, after the last row of a day from which it is cut short: so many
rows do not stay away by chance."""


def cutoff(as_of: dt.date, zone: str) -> dt.datetime:
    """Return the instant at which the day ``as_of`` begins in a zone, as aware UTC."""
    local = dt.datetime(as_of.year, as_of.month, as_of.day, tzinfo=zoneinfo.ZoneInfo(zone))
    return local.astimezone(dt.UTC)


def day_quarters(buckets: Sequence[tuple[int, int]], zone: str) -> dict[dt.date, dict[int, int]]:
    """Sort counts of quarter hours by local day and quarter of the day, 0 to 95.

    Parameters
    ----------
    buckets : sequence of (int, int)
        Quarter hours since 1970 (UTC), and rows in each.
    zone : str
        The company's zone; every zone's offset is a multiple of a quarter hour since 1972.

    Returns
    -------
    dict of date to dict of int to int
        Days with rows, in order.
    """
    info = zoneinfo.ZoneInfo(zone)
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    days: dict[dt.date, dict[int, int]] = {}
    for bucket, count in sorted(buckets):
        local = (epoch + dt.timedelta(seconds=bucket * BUCKET_SECONDS)).astimezone(info)
        quarter = (local.hour * 3_600 + local.minute * 60) // BUCKET_SECONDS
        rows = days.setdefault(local.date(), {})
        rows[quarter] = rows.get(quarter, 0) + count
    return dict(sorted(days.items()))


def last_complete_day(
    days: Mapping[dt.date, int], quarters: Mapping[dt.date, Mapping[int, int]] | None = None
) -> dt.date:
    """Return the last day whose rows are all there, as far as its own past can tell.

    Parameters
    ----------
    days : mapping of date to int
        Rows a local day; not empty.
    quarters : mapping of date to mapping of int to int, optional
        The same by quarter of the day, from :func:`day_quarters`: a day that breaks off at noon
        has more than 40 % of its rows, and is not over all the same.

    Returns
    -------
    date
        Days more than 30 days after the day that holds the 99.9 % quantile of rows are not
        considered (366 days where there are fewer than 1,000 rows). A day is incomplete if it
        has fewer than 40 % of the median of the same weekday in the eight weeks before it, or if
        a tenth of such a day, and at least 30 rows, usually come after its own last row; days
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
    while day > first and (
        _is_partial(day, days, first) or _breaks_off(day, quarters or {}, first)
    ):
        day -= dt.timedelta(days=1)
    return day


def _is_partial(day: dt.date, days: Mapping[dt.date, int], first: dt.date) -> bool:
    before = [day - dt.timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
    known = [days.get(earlier, 0) for earlier in before if earlier >= first]
    return len(known) >= _MIN_WEEKS and days.get(day, 0) < _MIN_SHARE * median(known)


def _breaks_off(
    day: dt.date, quarters: Mapping[dt.date, Mapping[int, int]], first: dt.date
) -> bool:
    """Tell whether much of what the same weekdays had usually came later in the day."""
    if day not in quarters:
        return False
    last = max(quarters[day])
    before = [day - dt.timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
    known = [quarters.get(earlier, {}) for earlier in before if earlier >= first]
    if len(known) < _MIN_WEEKS:
        return False
    late = median(sum(n for at, n in rows.items() if at > last) for rows in known)
    return late >= max(_LATE_ROWS, _LATE_SHARE * median(sum(rows.values()) for rows in known))
