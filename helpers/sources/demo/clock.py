"""Days and local seconds as the dates and times that a file holds."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.season import local_offset_s
from helpers.sources.demo.settings import Scale

__all__ = ["dates", "epoch_us", "iso_utc", "local_text"]

Ints = NDArray[np.int64]


def epoch_us(second: Ints, scale: Scale) -> Ints:
    """Local seconds since day 0 as UTC microseconds since 1970."""
    start = (scale.start - dt.date(1970, 1, 1)).days * 86_400
    return (second - local_offset_s(second, scale) + start) * 1_000_000


def iso_utc(second: Ints, scale: Scale) -> list[str]:
    """Local seconds as UTC text such as ``2026-01-31T08:00:00Z``."""
    moments = (epoch_us(second, scale) // 1_000_000).astype("datetime64[s]")
    return [f"{text}Z" for text in np.datetime_as_string(moments).tolist()]


def local_text(second: Ints, scale: Scale) -> list[str]:
    """Local seconds as naive local text such as ``2026-01-31 09:00:00``."""
    start = np.datetime64(scale.start, "s")
    moments = start + np.asarray(second).astype("timedelta64[s]")
    return [text.replace("T", " ") for text in np.datetime_as_string(moments).tolist()]


def dates(day: Ints, scale: Scale, order: str = "ymd") -> list[str]:
    """Days as text: ``2026-01-31``, or ``31/01/2026`` for ``dmy``."""
    days = np.datetime64(scale.start, "D") + np.asarray(day).astype("timedelta64[D]")
    texts = np.datetime_as_string(days).tolist()
    if order == "ymd":
        return texts
    return [f"{text[8:]}/{text[5:7]}/{text[:4]}" for text in texts]
