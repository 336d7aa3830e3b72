"""From an instant to a day of the company's own time zone, decided here and nowhere else.

A day is a whole number: days since 1970-01-01 on the company's wall clock. Time is counted by
subtracting such numbers, so no engine needs date arithmetic. The offsets of a zone come from
Python's zone data, so that every engine cuts days alike.

The one expression that engines spell differently is :func:`epoch_us`, see
:mod:`helpers.engine.dialect`.
"""

import datetime as dt
import zoneinfo

import pandas as pd

__all__ = ["EPOCH", "day_number", "day_to_date", "epoch_us", "local_day", "local_time"]

EPOCH = pd.Timestamp("1970-01-01")
DAY_US = 86_400_000_000
_UTC_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY, _SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)


def epoch_us(column: str) -> str:
    """Return SQL for microseconds since 1970 (UTC) of a timestamp; midnight for a date."""
    return f"EPOCH_US({column})"


def local_day(local_us: str) -> str:
    """Return SQL for the day number of microseconds on the wall clock."""
    return f"CAST(FLOOR(CAST({local_us} AS DOUBLE) / {DAY_US}) AS INTEGER)"


def local_time(column: str, zone: str, *, first_us: int, last_us: int) -> str:
    """Return SQL for microseconds since 1970 as the wall clock of a zone shows them.

    Parameters
    ----------
    column : str
        A timestamp column (UTC).
    zone : str
        Time zone such as ``"Europe/Berlin"``.
    first_us, last_us : int
        Range of the data in microseconds since 1970; changes of offset outside it are left out.

    Returns
    -------
    str
        Exact for every instant in that range.
    """
    changes = _offsets(zone, first_us, last_us)
    instant = epoch_us(column)
    branches = "".join(f"WHEN {instant} < {until} THEN {offset} " for until, offset in changes[:-1])
    last = changes[-1][1]
    shift = f"CASE {branches}ELSE {last} END" if branches else str(last)
    return f"({instant} + {shift})"


def _offsets(zone: str, first_us: int, last_us: int) -> list[tuple[int, int]]:
    """Return (valid until, offset), both microseconds, for the range given."""
    info = zoneinfo.ZoneInfo(zone)
    at = _UTC_EPOCH + dt.timedelta(seconds=first_us // 1_000_000)
    end = _UTC_EPOCH + dt.timedelta(seconds=last_us // 1_000_000 + 1)
    found: list[tuple[int, int]] = []
    while at <= end:
        step = at + _DAY
        if _offset(info, step) != _offset(info, at):  # zones change at most once a day
            change = _bisect(info, at, step)
            found.append((_since_epoch(change), _offset(info, at)))
        at = step
    return [*found, (last_us, _offset(info, at))]


def _offset(info: zoneinfo.ZoneInfo, at: dt.datetime) -> int:
    shift = at.astimezone(info).utcoffset()
    return 0 if shift is None else shift // dt.timedelta(microseconds=1)


def _bisect(info: zoneinfo.ZoneInfo, low: dt.datetime, high: dt.datetime) -> dt.datetime:
    """Return the first second at which the offset of ``high`` holds."""
    while high - low > _SECOND:
        middle = low + (high - low) // 2 // _SECOND * _SECOND
        if _offset(info, middle) == _offset(info, high):
            high = middle
        else:
            low = middle
    return high


def _since_epoch(at: dt.datetime) -> int:
    return (at - _UTC_EPOCH) // dt.timedelta(microseconds=1)


def day_number(date: pd.Timestamp) -> int:
    """Return the day number of a date; its time of day, if any, is ignored."""
    return int((date.normalize() - EPOCH).days)


def day_to_date(days: pd.Series | pd.Index) -> pd.Series:
    """Return midnight, without zone and in microseconds, of day numbers."""
    return pd.Series(pd.to_datetime(days, unit="D", origin=EPOCH)).astype("datetime64[us]")
