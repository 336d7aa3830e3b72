"""Events that came in late: what was known at an earlier as-of date, and what only later."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Callable, Sequence

import pandas as pd

from helpers.config import CompanyConfig
from helpers.engine import Engine, History, day_number, stage
from helpers.engine.days import local_day
from helpers.engine.staging import local_us

__all__ = ["by_what_was_known", "late_dates", "stage_as_known"]

_KNOWN = "events_known"


def late_dates(
    engine: Engine, config: CompanyConfig, dates: Sequence[pd.Timestamp]
) -> list[pd.Timestamp]:
    """Return the dates before which something happened that came in on or after them.

    Parameters
    ----------
    engine : Engine
        Staged. Events without ``loaded_at`` are taken to have been there at once.
    config : CompanyConfig
        Its time zone cuts days.
    dates : sequence of Timestamp
        As-of dates.
    """
    if not engine.has("events") or not _says_when_loaded(engine):
        return []
    zone = config.company.time_zone
    day = local_day(local_us(engine, "events", "occurred_at", zone))
    cutoffs = {date: day_number(pd.Timestamp(date)) for date in dates}
    asked = ", ".join(
        f"MAX(CASE WHEN day < {cutoff} AND loaded >= {cutoff} THEN 1 ELSE 0 END) AS late_{number}"
        for number, cutoff in enumerate(cutoffs.values())
    )
    found = engine.frame(
        f"SELECT {asked} FROM (SELECT {day} AS day, {_loaded_day(engine, config)} AS loaded "
        "FROM events WHERE loaded_at IS NOT NULL) AS came"
    ).iloc[0]
    return [date for date, late in zip(cutoffs, found, strict=True) if late == 1]


def stage_as_known(engine: Engine, config: CompanyConfig, date: pd.Timestamp) -> History:
    """Stage the events that had come in before a date; as :func:`helpers.engine.stage`."""
    cutoff = day_number(pd.Timestamp(date))
    engine.derive(
        _KNOWN,
        f"SELECT * FROM events WHERE loaded_at IS NULL OR {_loaded_day(engine, config)} < {cutoff}",
    )
    return stage(engine, config, events=_KNOWN)


def by_what_was_known(
    engine: Engine,
    config: CompanyConfig,
    history: History,
    dates: Sequence[pd.Timestamp],
    build: Callable[[Sequence[pd.Timestamp], History], pd.DataFrame],
) -> pd.DataFrame:
    """Build a table for some dates, each from the events that had come in before it.

    ``build`` is called once for the dates for which that makes no difference, and once for each
    other date; its tables, with ``as_of`` and ``account_id``, are put below one another, newest
    date first.
    """
    late = late_dates(engine, config, dates)
    if not late:
        return build(dates, history)
    on_time = [date for date in dates if date not in late]
    parts = [build(on_time, history)] if on_time else []
    for date in late:
        known = stage_as_known(engine, config, date)
        parts.append(build([date], known))
    stage(engine, config)  # whoever asks next is to see all events again
    ordered = ["as_of", "account_id"]
    return pd.concat(parts).sort_values(
        ordered, ascending=[False, True], kind="stable", ignore_index=True
    )


def _says_when_loaded(engine: Engine) -> bool:
    known = "loaded_at" in engine.columns("events")
    return known and bool(engine.value("SELECT COUNT(loaded_at) FROM events"))


def _loaded_day(engine: Engine, config: CompanyConfig) -> str:
    return local_day(local_us(engine, "events", "loaded_at", config.company.time_zone))
