"""Dates and times of a source to UTC timestamps and plain dates, as SQL.

Without a declaration only ISO 8601 is read (and the year-first `2025/4/3`, which nobody means
otherwise). `03/04/2025` needs `date_order`; anything else needs `format`. Nothing is guessed.
"""

from dataclasses import dataclass

from helpers.config import ColumnSource, Source
from helpers.errors import InputError
from helpers.sources.session import Sql, commas, fill, literal
from helpers.sources.zones import odd_hours, to_local, to_utc

__all__ = ["LATEST_YEAR", "SLASHED", "Moment", "moment", "order_evidence"]

LATEST_YEAR = 2200
_CLOCK = r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
ISO_NAIVE = rf"\d{{4}}-\d{{2}}-\d{{2}}(?:[T ]{_CLOCK})?"
ISO_OFFSET = rf"\d{{4}}-\d{{2}}-\d{{2}}[T ]{_CLOCK} ?(?:Z|UTC|[+-]\d{{2}}(?::?\d{{2}})?)"
_LATE_CLOCK = r"(?:,? +\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?: ?[AaPp][Mm])?)?"
SLASHED = rf"\d{{1,2}}([./-])\d{{1,2}}[./-]\d{{4}}{_LATE_CLOCK}"
_YEAR_FIRST = rf"\d{{4}}[./]\d{{1,2}}[./]\d{{1,2}}{_LATE_CLOCK}"
_ORDERS = {"ymd": "%Y/%m/%d", "dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y"}
_EPOCH_SCALE = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}


@dataclass(frozen=True)
class Moment:
    """How one column becomes a time.

    Parameters
    ----------
    parsed : Sql
        Naive timestamp over the input: local where ``instant`` is false, else UTC.
    instant : Sql
        Boolean over the input: does the value itself say where on the UTC axis it is?
    zone : str
        Zone of the values that do not.
    """

    parsed: Sql
    instant: Sql
    zone: str

    def utc(self, parsed: Sql, instant: Sql) -> Sql:
        """Return the naive UTC timestamp, given the two parts as columns."""
        if self.zone == "UTC" or self.instant == "TRUE":
            return parsed
        return fill("CASE WHEN {i} THEN {p} ELSE {u} END", i=instant, p=parsed,
                    u=to_utc(parsed, self.zone))  # fmt: skip

    def day(self, parsed: Sql, instant: Sql) -> Sql:
        """Return the calendar day in the zone, as a timestamp at midnight."""
        local = parsed
        if self.zone != "UTC" and self.instant != "FALSE":
            local = fill("CASE WHEN {i} THEN {l} ELSE {p} END", i=instant, p=parsed,
                         l=to_local(parsed, self.zone))  # fmt: skip
        return fill("date_trunc('day', {l})", l=local)

    def odd(self, parsed: Sql, instant: Sql) -> Sql:
        """Return SQL: is the value an hour that the zone has twice or not at all?"""
        if self.zone == "UTC" or self.instant == "TRUE":
            return literal(value=False)
        return fill("(NOT {i} AND {o})", i=instant, o=odd_hours(parsed, self.zone))


def moment(value: Sql, kind: str, entry: ColumnSource, source: Source, where: str) -> Moment:
    """Return how a column of DuckDB type ``kind`` becomes a time.

    Parameters
    ----------
    value : Sql
        The column; trimmed text without null markers where it is text.
    kind : str
        DuckDB type.
    entry, source : ColumnSource, Source
        Declared format, zone and order of dates.
    where : str
        Table and column, for errors.

    Raises
    ------
    InputError
        If the type holds no time and no epoch format is declared.
    """
    zone = entry.time_zone or source.time_zone
    if entry.format in _EPOCH_SCALE:
        return Moment(_epoch(value, entry.format), Sql("TRUE"), zone)
    if kind == "VARCHAR":
        if entry.format is not None:
            return _formatted(value, entry.format, zone)
        return _iso(value, source.date_order, zone)
    if kind in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS WITH TIME ZONE"):
        return Moment(fill("CAST({v} AS TIMESTAMP)", v=value), Sql("TRUE"), zone)
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return Moment(fill("CAST({v} AS TIMESTAMP)", v=value), Sql("FALSE"), zone)
    raise InputError(
        f"{where}: expected a date or time, the file has {kind}. If these are seconds since 1970, "
        "declare format: epoch_s (or epoch_ms, epoch_us)."
    )


def _epoch(value: Sql, unit: str) -> Sql:
    micros = fill(
        "TRY_CAST(round(TRY_CAST({v} AS DECIMAL(30, 6)) * {s}) AS BIGINT)",
        v=value,
        s=literal(_EPOCH_SCALE[unit]),
    )
    limit = literal(200_000 * 366 * 86_400 * 1_000_000)
    return fill("CASE WHEN abs({m}) < {l} THEN make_timestamp({m}) END", m=micros, l=limit)


def _formatted(value: Sql, pattern: str, zone: str) -> Moment:
    parsed = fill("TRY_CAST(try_strptime({v}, {f}) AS TIMESTAMP)", v=value, f=literal(pattern))
    aware = any(mark in pattern for mark in ("%z", "%Z"))
    return Moment(parsed, Sql("TRUE" if aware else "FALSE"), zone)


def _iso(value: Sql, order: str, zone: str) -> Moment:
    offset = fill("regexp_full_match({v}, {r})", v=value, r=literal(ISO_OFFSET))
    aware = fill(
        "TRY_CAST(TRY_CAST(replace(replace({v}, ' +', '+'), ' -', '-') AS TIMESTAMPTZ) "
        "AS TIMESTAMP)",
        v=value,
    )
    other = literal(_YEAR_FIRST if order == "ymd" else SLASHED)
    formats = _formats(_ORDERS[order])
    parsed = fill(
        "CASE WHEN regexp_full_match({v}, {naive}) THEN TRY_CAST({v} AS TIMESTAMP) "
        "WHEN {offset} THEN {aware} WHEN regexp_full_match({v}, {other}) THEN "
        "try_strptime(replace(translate({v}, '.-', '//'), ',', ''), {formats}) END",
        v=fill("{v}", v=value),
        naive=literal(ISO_NAIVE),
        offset=offset,
        aware=aware,
        other=other,
        formats=formats,
    )
    return Moment(parsed, fill("coalesce({o}, FALSE)", o=offset), zone)


def _formats(day: str) -> Sql:
    clocks = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", " %I:%M:%S%p")
    return Sql("[" + commas(literal(day + clock) for clock in clocks) + "]")


def order_evidence(day_first: int, month_first: int) -> str:
    """Say what dates such as 13/04/2025 prove about the order of day and month.

    Parameters
    ----------
    day_first, month_first : int
        Values whose first number exceeds 12 and second does not, and the reverse.
    """
    if day_first and not month_first:
        return "they prove day-first (dmy): a first number exceeds 12"
    if month_first and not day_first:
        return "they prove month-first (mdy): a second number exceeds 12"
    if day_first and month_first:
        return "they contradict each other: some are day-first, some month-first"
    return "they prove neither: no number exceeds 12"
