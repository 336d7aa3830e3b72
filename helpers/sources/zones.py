"""Local wall-clock time to UTC and back, as SQL, with the policy for the odd hours decided here.

An hour that occurs twice (clocks go back) means its first occurrence. An hour that does not
exist (clocks go forward) is moved forward by the gap: 02:30 becomes 03:30, so that events keep
their order and distance. Both are counted by whoever uses this. The tables of offsets come from
Python's time zone data, not from DuckDB's, so every part of a run uses the same rules.
"""

import datetime as dt
import functools
import zoneinfo
from dataclasses import dataclass

from helpers.sources.session import Sql, fill, literal

__all__ = ["Transition", "odd_hours", "to_local", "to_utc", "transitions"]

FIRST_YEAR, LAST_YEAR = 1970, 2060
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Transition:
    """A change of a zone's offset: seconds since 1970 (UTC), offsets in seconds."""

    at: int
    before: int
    after: int


@functools.lru_cache(maxsize=32)
def transitions(zone: str) -> tuple[Transition, ...]:
    """Return the changes of offset of a zone from 1970 to 2060, oldest first."""
    info = zoneinfo.ZoneInfo(zone)
    step, found = 7 * 86_400, []
    end = int((dt.datetime(LAST_YEAR, 12, 31, tzinfo=dt.UTC) - _EPOCH).total_seconds())
    low, offset = 0, _offset(info, 0)
    while low < end:
        high = low + step
        if _offset(info, high) != offset:
            at = _bisect(info, low, high, offset)
            found.append(Transition(at, offset, _offset(info, at)))
            low, offset = at, found[-1].after
        else:
            low = high
    return tuple(found)


def _offset(info: zoneinfo.ZoneInfo, second: int) -> int:
    shift = (_EPOCH + dt.timedelta(seconds=second)).astimezone(info).utcoffset()
    return int(shift.total_seconds()) if shift is not None else 0


def _bisect(info: zoneinfo.ZoneInfo, low: int, high: int, offset: int) -> int:
    """Return the first second after ``low`` whose offset differs."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(info, middle) == offset:
            low = middle
        else:
            high = middle
    return high


def _first_offset(zone: str) -> int:
    changes = transitions(zone)
    return changes[0].before if changes else _offset(zoneinfo.ZoneInfo(zone), 0)


def to_utc(local: Sql, zone: str) -> Sql:
    """Return SQL that turns a naive local timestamp into a naive UTC timestamp."""
    steps = [(change.at + max(change.before, change.after), -change.after)
             for change in transitions(zone)]  # fmt: skip
    return _shifted(local, -_first_offset(zone), steps)


def to_local(utc: Sql, zone: str) -> Sql:
    """Return SQL that turns a naive UTC timestamp into the zone's wall-clock time."""
    steps = [(change.at, change.after) for change in transitions(zone)]
    return _shifted(utc, _first_offset(zone), steps)


def _shifted(value: Sql, first: int, steps: list[tuple[int, int]]) -> Sql:
    """Add the shift in force: a balanced tree of comparisons, about eight deep."""
    if not steps:
        if first == 0:
            return value
        return fill("({v} + to_seconds({s}))", v=value, s=literal(first))
    return fill("({v} + to_seconds({tree}))", v=value, tree=_tree(value, first, steps))


def _tree(value: Sql, first: int, steps: list[tuple[int, int]]) -> Sql:
    if not steps:
        return literal(first)
    middle = len(steps) // 2
    at, shift = steps[middle]
    return fill(
        "CASE WHEN {v} < {at} THEN {low} ELSE {high} END",
        v=value,
        at=_stamp(at),
        low=_tree(value, first, steps[:middle]),
        high=_tree(value, shift, steps[middle + 1 :]),
    )


def odd_hours(local: Sql, zone: str) -> Sql:
    """Return SQL: is this local timestamp ambiguous or non-existent in the zone?"""
    changes = transitions(zone)
    if not changes:
        return literal(value=False)
    days = sorted({_day(change.at + shift) for change in changes
                   for shift in (change.before, change.after)})  # fmt: skip
    windows = [
        fill(
            "({v} >= {low} AND {v} < {high})",
            v=local,
            low=_stamp(change.at + min(change.before, change.after)),
            high=_stamp(change.at + max(change.before, change.after)),
        )
        for change in changes
    ]
    return fill(
        "CASE WHEN CAST({v} AS DATE) IN ({days}) THEN {windows} ELSE FALSE END",
        v=local,
        days=Sql(", ".join(days)),
        windows=Sql(" OR ".join(windows)),
    )


def _stamp(second: int) -> Sql:
    moment = _EPOCH + dt.timedelta(seconds=second)
    return Sql(f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}'")


def _day(second: int) -> str:
    return f"DATE '{_EPOCH + dt.timedelta(seconds=second):%Y-%m-%d}'"
