"""The rhythm of the whole company: week, month, quarter end and year, each with its certainty.

One log-linear regression of the daily index on all cycles and a steady trend at once, so that
a quarter end is not mistaken for a weekday. Its tests and intervals respect that neighbouring
days resemble each other (:mod:`helpers.patterns.autocorrelated`). A year seen once cannot be
told from a one-off: the monthly profile needs twelve months and keeps that caveat below two
years.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.autocorrelated import LogLinearFit, fit_log_linear
from helpers.patterns.day_index import DIGITS

__all__ = ["CYCLES", "Rhythm", "fit_rhythm"]

Floats = NDArray[np.float64]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
POSITIONS: dict[str, tuple[str, ...]] = {
    "week": WEEKDAYS,
    "month": ("days 1 to 7", "days 8 to 20", "day 21 to the end"),
    "quarter": ("rest of the quarter", "last two weeks"),
    "year": MONTHS,
}
CYCLES = tuple(POSITIONS)
HISTORY_DAYS = {"week": 91, "month": 122, "quarter": 200, "year": 365}
"""Days of history that a cycle needs: a quarter or more for weeks, two quarter ends, a year."""
QUARTER_END_DAYS = 14
FLOOR = 0.01
"""Least index of a day: the logarithm of a weekend without any use would be minus infinity."""
_COLUMNS = ["cycle", "position", "index", "low", "high", "p_value", "enough_history", "n_days"]


@dataclass(frozen=True)
class Rhythm:
    """The fitted cycles.

    Parameters
    ----------
    table : DataFrame
        ``cycle``, ``position``, ``index`` (1 = average day; missing without enough history),
        ``low``, ``high`` (95 %), ``p_value`` (of the whole cycle), ``enough_history``,
        ``n_days`` (days seen in this position).
    trend_per_week : float
        Relative change a week of use per account, all cycles held fixed.
    """

    table: pd.DataFrame
    trend_per_week: float

    def factor(self, days: pd.DatetimeIndex, *, cycles: tuple[str, ...] = CYCLES) -> Floats:
        """Product of the indices of the cycles that are real (p < 0.05) on each day."""
        found = np.ones(len(days))
        positions = _positions(days)
        for cycle in cycles:
            part = self.table[self.table["cycle"] == cycle]
            if part["enough_history"].all() and (part["p_value"] < 0.05).all():
                found *= part["index"].to_numpy()[positions[cycle]]
        return found

    def peaks(self) -> pd.DataFrame:
        """Highest and lowest position of each cycle; ``strength`` is the distance between the two.

        In shares of an average day: a ratio would explode where a shop is closed on Saturdays.
        """
        rows = []
        for cycle, part in self.table.groupby("cycle", sort=False):
            known = part.dropna(subset=["index"])
            if known.empty:
                continue
            order = known["index"].to_numpy().argsort(kind="stable")
            top, bottom = known.iloc[order[-1]], known.iloc[order[0]]
            rows.append(
                {
                    "cycle": cycle,
                    "peak": top["position"],
                    "peak_index": top["index"],
                    "trough": bottom["position"],
                    "trough_index": bottom["index"],
                    "strength": top["index"] - bottom["index"],
                    "p_value": top["p_value"],
                }
            )
        names = ["cycle", "peak", "peak_index", "trough", "trough_index", "strength", "p_value"]
        return pd.DataFrame(rows, columns=names)


def fit_rhythm(index: pd.DataFrame) -> Rhythm:
    """Fit all cycles for which there is enough history.

    Parameters
    ----------
    index : DataFrame
        ``day`` (consecutive), ``index`` (missing on days left out), from
        :func:`helpers.patterns.day_index.day_index`.

    Returns
    -------
    Rhythm
        Always with a row for every position of every cycle.
    """
    days = pd.DatetimeIndex(index["day"])
    values = np.maximum(index["index"].to_numpy(float), FLOOR)
    seen = np.isfinite(values)
    where = _positions(days)
    enough = {cycle: int(seen.sum()) and len(days) >= HISTORY_DAYS[cycle] for cycle in CYCLES}
    enough = {c: bool(ok) and _all_seen(where[c][seen], c) for c, ok in enough.items()}
    if not any(enough.values()):
        return Rhythm(pd.concat([_empty(c, where[c][seen]) for c in CYCLES]), float("nan"))
    design, blocks = _design(days, where, [c for c in CYCLES if enough[c]])
    fit = fit_log_linear(design, values, seen)
    tables = [
        _effects(cycle, where[cycle][seen], fit, blocks[cycle])
        if enough[cycle]
        else _empty(cycle, where[cycle][seen])
        for cycle in CYCLES
    ]
    trend = float(np.expm1(7 * fit.coefficients[1] / _span(days)))
    return Rhythm(pd.concat(tables, ignore_index=True)[_COLUMNS], round(trend, DIGITS))


def _positions(days: pd.DatetimeIndex) -> dict[str, NDArray[np.int64]]:
    quarter_end = days + pd.offsets.QuarterEnd(0)
    left = (quarter_end.normalize() - days.normalize()).days
    return {
        "week": np.asarray(days.day_of_week, np.int64),
        "month": np.digitize(days.day, [8, 21]).astype(np.int64),
        "quarter": np.asarray(left < QUARTER_END_DAYS, np.int64),
        "year": np.asarray(days.month - 1, np.int64),
    }


def _all_seen(where: NDArray[np.int64], cycle: str) -> bool:
    return len(np.unique(where)) == len(POSITIONS[cycle])


def _span(days: pd.DatetimeIndex) -> float:
    return max(len(days) - 1, 1)


def _design(
    days: pd.DatetimeIndex, where: dict[str, NDArray[np.int64]], cycles: list[str]
) -> tuple[Floats, dict[str, slice]]:
    """Intercept, trend over the span, and one 0/1 column per position but the first."""
    columns = [np.ones(len(days)), np.arange(len(days)) / _span(days)]
    blocks = {}
    for cycle in cycles:
        size = len(POSITIONS[cycle])
        blocks[cycle] = slice(len(columns), len(columns) + size - 1)
        columns += [(where[cycle] == position).astype(float) for position in range(1, size)]
    return np.column_stack(columns), blocks


def _effects(cycle: str, where: NDArray[np.int64], fit: LogLinearFit, block: slice) -> pd.DataFrame:
    """Index of each position against the average day, and the test of the whole cycle."""
    names = POSITIONS[cycle]
    effect = np.concatenate([[0.0], fit.coefficients[block]])
    spread = np.zeros((len(names), len(names)))
    spread[1:, 1:] = fit.covariance[block, block]
    share = np.bincount(where, minlength=len(names)) / len(where)
    centre = np.eye(len(names)) - share
    error = np.sqrt(np.clip(np.diag(centre @ spread @ centre.T), 0, None))
    level = np.exp(effect) / (share @ np.exp(effect))
    reach = np.minimum(fit.quantile() * error, 30.0)
    return pd.DataFrame(
        {
            "cycle": cycle,
            "position": list(names),
            "index": level.round(DIGITS),
            "low": (level * np.exp(-reach)).round(DIGITS),
            "high": (level * np.exp(reach)).round(DIGITS),
            "p_value": float(f"{fit.test(block):.6g}"),
            "enough_history": True,
            "n_days": np.bincount(where, minlength=len(names)),
        }
    )


def _empty(cycle: str, where: NDArray[np.int64]) -> pd.DataFrame:
    names = POSITIONS[cycle]
    return pd.DataFrame(
        {
            "cycle": cycle,
            "position": list(names),
            "index": np.nan,
            "low": np.nan,
            "high": np.nan,
            "p_value": np.nan,
            "enough_history": False,
            "n_days": np.bincount(where, minlength=len(names)),
        }
    )
