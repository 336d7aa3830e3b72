"""The machine's clock, for what is sent after publication: how old a run is, and when it was told.

No result depends on it: results know only the as-of date.
"""

import datetime as dt

__all__ = ["this_day", "this_moment"]


def this_day() -> dt.date:
    """Return the date, UTC."""
    return dt.datetime.now(dt.UTC).date()


def this_moment() -> str:
    """Return the time to the second, UTC, ISO 8601."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
