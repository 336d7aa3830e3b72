"""A place of the scan over sessions, in words."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["say_place"]

_SPACE = "\u00a0"  # a date stays on one line


def say_place(place: Mapping[Any, Any]) -> str:
    """Say for whom and when: ``group``, ``value``, ``from_on``, ``until_on`` (the day after)."""
    whom = "everybody" if pd.isna(place["group"]) else f"{place['group']} {place['value']}"
    if pd.isna(place["from_on"]):
        return f"{whom}, all the time"
    last = place["until_on"] - pd.Timedelta(days=1)
    return f"{whom}, {_day(place['from_on'])} to {_day(last)}"


def _day(date: pd.Timestamp) -> str:
    return f"{date.day}{_SPACE}{date:%b}{_SPACE}{date.year}"
