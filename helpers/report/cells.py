"""How one value of a table is written for people: numbers, money, shares, dates, lists."""

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from helpers.config import near_miss
from helpers.errors import ParameterError
from helpers.report.text import visible

__all__ = ["EMPTY", "FORMATS", "formatter", "guess_format", "is_numeric"]

EMPTY = "–"
"""What a missing value looks like."""
LONGEST = 600
"""Characters of a text; a longer one is cut between words."""

FORMATS: dict[str, str] = {
    "text": "",
    "integer": ",.0f",
    "number": "",
    "number1": ",.1f",
    "number2": ",.2f",
    "number3": ",.3f",
    "signed": "+,.2f",
    "figures": "",
    "percent": ".1%",
    "percent0": ".0%",
    "points": "+.1%",
    "money": "",
    "probability": "",
    "date": "",
    "path": "",
}
"""Names of formats; a Python format such as ``",.2f"`` or ``"{:.1%}"`` works as well.

``figures`` keeps three significant ones ("0.225", "53,897"), for columns of mixed units,
``probability`` is for p- and q-values ("< 0.001"), ``points`` for a change of a share,
``path`` for a list whose order matters (joined by arrows).
"""
_BY_NAME = {
    "money": ("mrr", "arr", "amount", "revenue", "lifetime_value", "mrr_change"),
    "percent": ("share", "rate", "support", "confidence", "probability", "coverage"),
    "probability": ("p_value", "q_value"),
    "path": ("pattern",),
}


def is_numeric(values: pd.Series) -> bool:
    """Tell whether a column holds numbers (truth values are not numbers)."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def guess_format(name: str, values: pd.Series) -> str:
    """Return the format that a column's name and values suggest.

    ``*_rate``, ``*_share`` and the like are percentages only while they lie in [-1, 1].
    """
    for chosen, endings in _BY_NAME.items():
        if name.lower() in endings or name.lower().endswith(tuple(f"_{end}" for end in endings)):
            fits = chosen == "path" or (is_numeric(values) and _fits(chosen, values))
            if fits:
                return chosen
    return "number" if is_numeric(values) else "text"


def _fits(chosen: str, values: pd.Series) -> bool:
    if chosen != "percent":
        return True
    numbers = values.astype("float64")
    return pd.api.types.is_float_dtype(values) and not bool((numbers.abs() > 1).any())


def formatter(chosen: str, values: pd.Series) -> Callable[[Any], str]:
    """Return the function that writes a value of this column.

    Parameters
    ----------
    chosen : str
        A key of :data:`FORMATS`, a format specification (``",.2f"``) or a format
        string with one field (``"{:.1%}"``).
    values : Series
        The whole column: its decimals are the same in every row.

    Raises
    ------
    ParameterError
        If there is no such format.
    """
    if chosen in ("number", "money"):
        chosen = _decimals(values, money=chosen == "money")
    if chosen == "probability":
        return _guard(lambda value: "< 0.001" if value < 0.001 else f"{value:.3f}")
    if chosen == "figures":
        return _guard(lambda value: f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}")
    if chosen == "text":
        return _plain
    if chosen == "date":
        return _day
    if chosen == "path":
        return _path
    template = chosen if "{" in chosen else "{:" + FORMATS.get(chosen, chosen) + "}"
    try:
        template.format(0.5)
    except (ValueError, KeyError, IndexError, AttributeError):
        hint = near_miss(chosen, list(FORMATS))
        raise ParameterError(
            f"{chosen!r} is not a format.{hint} It is one of {list(FORMATS)}, "
            "or a Python format such as ',.2f'."
        ) from None
    # Halves are rounded away from zero: 1,077 of 2,000 are 53.9 %, though the float lies below.
    nudge = 1e-12 if "%" in template else 0.0
    return _guard(
        lambda value: _without_minus_zero(
            template.format(float(value) + math.copysign(nudge, float(value)))
        )
    )


def _without_minus_zero(text: str) -> str:
    return re.sub(r"-(?=0[0.,]*%?$)", "", text)


def _guard(write: Callable[[Any], str]) -> Callable[[Any], str]:
    def written(value: Any) -> str:
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
            return _plain(value)
        return EMPTY if math.isnan(float(value)) else write(value)

    return written


def _decimals(values: pd.Series, *, money: bool) -> str:
    if not is_numeric(values):
        return "text"
    numbers = values.astype("float64").to_numpy(dtype="float64", na_value=np.nan)
    finite = np.abs(numbers[np.isfinite(numbers)])
    largest = finite.max(initial=0.0)
    whole = bool((finite == np.round(finite)).all())
    if whole or largest >= 1000 or (money and largest >= 100):
        return ",.0f"
    if largest >= 100 and not money:
        return ",.1f"
    return ",.2f" if largest >= 1 or money else ".3f"


def _plain(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, frozenset | set):
        return ", ".join(sorted(map(_plain, value)))
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        told = any(mark in item for item in items for mark in (", ", ": ", " ("))
        return ("; " if told else ", ").join(items) or EMPTY
    if isinstance(value, dict):
        return ", ".join(f"{_plain(key)}: {_plain(item)}" for key, item in value.items()) or EMPTY
    if value is None or pd.isna(value):
        return EMPTY
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp | dt.datetime):
        return _moment(pd.Timestamp(value))
    if isinstance(value, float | np.floating):
        return f"{value:,.6g}"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    text = visible(value)
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0][:LONGEST] + " …"


def _moment(moment: pd.Timestamp) -> str:
    if moment.tz is None and moment == moment.normalize():
        return moment.strftime("%Y-%m-%d")
    zone = "" if moment.tz is None else f" {moment.tzname()}"
    return moment.strftime("%Y-%m-%d %H:%M") + zone


def _day(value: Any) -> str:
    if isinstance(value, dt.date) and not pd.isna(value):
        return value.strftime("%Y-%m-%d")
    return _plain(value)


def _path(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return " → ".join(map(_plain, value)) or EMPTY
    return _plain(value)
