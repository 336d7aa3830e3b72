"""What a feature is: a name, what it means, the SQL that computes it and when it is missing.

The table of features and their dictionary are both made from these records, so they cannot
drift apart. Names and expressions may hold ``{w}`` (a window in days) and ``{weeks}`` (the whole
weeks in it); such a record stands for one feature a window.
"""

from dataclasses import dataclass, replace
from typing import Literal

__all__ = [
    "Feature",
    "before",
    "change",
    "count_change",
    "exact_sum",
    "expand",
    "flag",
    "ratio",
    "within",
]


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column of the feature table, or several where the name holds ``{w}``.

    Parameters
    ----------
    name : str
        Column name, ``<noun>__<what>_<window>``.
    meaning : str
        One line for an analyst.
    unit : str
        Such as ``"events"``, ``"days"``, ``"share"`` (0 to 1), ``"currency"``.
    over : str
        The relation whose rows ``sql`` aggregates for each account and cutoff; ``"joined"``
        for an expression over other features of the same row.
    sql : str
        Portable SQL.
    needs : tuple of str
        Sources without which the value is missing: a table, ``table.column``, ``role:<name>``,
        ``feature_catalogue.<flag>``; ``a|b`` is satisfied by either.
    seed : str
        Requirement line.
    window : int, optional
        Days before the cutoff, as its name says; filled in for ``{w}``.
    fill : str, optional
        SQL for "the sources are there and nothing happened"; default: missing.
    min_days : int
        The account must have been observed for so many days, and the sources too.
    lookback : int, optional
        Events must cover so many days before the cutoff, or the whole life of the account; default:
        ``window``. Otherwise a count would be of a part of its window only.
    whole_life : bool
        Missing for accounts that began before the first recorded event.
    behavioural : bool
        Says what the customer does: may be used for clustering.
    predictive : bool
        May enter a model; false for what describes our own side or the account's present state.
    kind : str
        ``number``, ``text`` or ``boolean``.
    hidden : bool
        An intermediate value for other features: not in the table.
    note : str
        What else to know of missing values.
    family : str
        Filled in by the registry.
    """

    name: str
    meaning: str
    unit: str
    over: str
    sql: str
    needs: tuple[str, ...] = ()
    seed: str = ""
    window: int | None = None
    fill: str | None = None
    min_days: int = 0
    lookback: int | None = None
    whole_life: bool = False
    behavioural: bool = True
    predictive: bool = True
    kind: Literal["number", "text", "boolean"] = "number"
    hidden: bool = False
    note: str = ""
    family: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Contract tables it is computed from."""
        parts = [part for need in self.needs for part in need.split("|")]
        tables = [_table_of(part) for part in parts] or ["accounts"]
        return tuple(dict.fromkeys(tables))

    @property
    def covers(self) -> int:
        """Days that the event history must cover, unless it covers the account's whole life."""
        of_events = any(_table_of(need) == "events" for need in self.needs)
        return (self.lookback or self.window or 0) if of_events else 0

    @property
    def missing(self) -> str:
        """When the value is empty, in words."""
        said = {"0": "0 when nothing happened", None: "empty when there is nothing to measure"}
        parts = [said.get(self.fill, "") or self.note or f"{self.fill} when nothing happened"]
        if self.needs:
            parts.append(f"empty without {', '.join(self.needs)}")
        if self.min_days:
            parts.append(f"empty before {self.min_days} days of history")
        if self.covers > self.min_days and not self.whole_life:
            parts.append(f"empty where events cover neither {self.covers} days nor its whole life")
        if self.whole_life:
            parts.append("empty for accounts older than the event history")
        if self.note and self.note not in parts:
            parts.append(self.note)
        return "; ".join(parts)


def _table_of(need: str) -> str:
    if need.startswith("role:"):
        return "events"
    return need.split(".", maxsplit=1)[0]


def expand(feature: Feature, windows_days: tuple[int, ...]) -> list[Feature]:
    """Return the features that a record stands for: one a window if its name holds ``{w}``."""
    if "{w}" not in feature.name:
        return [feature]

    def fitted(text: str, days: int) -> str:
        return text.replace("{weeks}", str(max(days // 7, 1))).replace("{w}", str(days))

    return [
        replace(
            feature,
            name=fitted(feature.name, days),
            meaning=fitted(feature.meaning, days),
            sql=fitted(feature.sql, days),
            window=days,
        )
        for days in windows_days
    ]


def within(value: str, days: int | str = "{w}", age: str = "age_days") -> str:
    """Return SQL: sum of a whole-number column over the last ``days`` days."""
    return f"SUM(CASE WHEN {age} <= {days} THEN {value} ELSE 0 END)"


def before(value: str, first: int, last: int, age: str = "age_days") -> str:
    """Return SQL: sum of a whole number over days ``first`` to ``last`` before the cutoff."""
    return f"SUM(CASE WHEN {age} BETWEEN {first} AND {last} THEN {value} ELSE 0 END)"


def flag(condition: str) -> str:
    """Return SQL: 1 if any row fulfils the condition, else 0."""
    return f"MAX(CASE WHEN {condition} THEN 1 ELSE 0 END)"


def ratio(top: str, bottom: str) -> str:
    """Return SQL: a quotient; missing, never infinite, where the denominator is 0."""
    return f"CAST({top} AS DOUBLE) / NULLIF({bottom}, 0)"


def change(now: str, then: str) -> str:
    """Return SQL: relative change; 0 if both are 0, missing if it would be a rise from nothing."""
    return f"CASE WHEN {now} = 0 AND {then} = 0 THEN 0 ELSE {ratio(now, then)} - 1 END"


def count_change(now: str, then: str) -> str:
    """Return SQL: relative change of a rare count; an earlier count of 0 is taken as 1."""
    least_one = f"CASE WHEN {then} = 0 THEN 1 ELSE {then} END"
    return f"CASE WHEN {now} = 0 AND {then} = 0 THEN 0 ELSE {ratio(now, least_one)} - 1 END"


def exact_sum(value: str, condition: str = "TRUE", digits: int = 6) -> str:
    """Return SQL: sum of decimals in fixed point, so that no order of addition can change it."""
    scale = 10**digits
    inner = f"CASE WHEN {condition} THEN CAST(FLOOR({value} * {scale} + 0.5) AS BIGINT) END"
    return f"CAST(SUM({inner}) AS DOUBLE) / {scale}"
