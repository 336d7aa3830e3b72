"""What could be seen of a table before a date: rows by their date, values by when they came.

Every table but the events is read through here. A row exists from the day after the one that
dates it; a column with ``known_on`` in the contract exists from the day after that moment. No
feature can see more, because none has another way to the data.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from helpers.contract import TABLES
from helpers.contract.columns import Column
from helpers.engine import Engine
from helpers.engine.days import epoch_us, local_day
from helpers.engine.staging import DAY_US, HOUR_US, SIDE, local_us, spans
from helpers.errors import ParameterError

__all__ = ["SIDE_TABLES", "stage_side", "stem", "visible"]

SIDE_TABLES: tuple[str, ...] = (
    "accounts",
    "users",
    "usage_levels",
    "measures",
    "tickets",
    "subscriptions",
    "invoices",
    "surveys",
    "messages",
    "touchpoints",
    "outcomes",
    "external_signals",
)
"""Tables that features read; interventions and feedback are not among them."""


def stem(column: str) -> str:
    """Return the name of a moment: ``closed`` for ``closed_at``, ``due`` for ``due_on``."""
    return column.removesuffix("_at").removesuffix("_on")


def stage_side(engine: Engine, zone: str) -> None:
    """Copy each of the tables there are, with days as whole numbers, as ``side_<table>``.

    A moment ``closed_at`` becomes ``closed_day``, ``closed_us`` (UTC) and ``closed_hour`` (on the
    company's wall clock); a date ``due_on`` becomes ``due_day``. Opted-out accounts are left out.
    A copy that is there already is kept.
    """
    for name in SIDE_TABLES:
        if engine.has(name) and not engine.has(f"{SIDE}{name}"):
            moments = [c.name for c in TABLES[name].columns if c.kind == "timestamp"]
            found = spans(engine, name, moments)
            columns = ", ".join(
                sql
                for column in TABLES[name].columns
                if column.name != "account_id"
                for sql in _staged(engine, name, column, zone, found.get(column.name))
            )
            engine.table(
                f"{SIDE}{name}",
                f"SELECT a.account_no, {columns} FROM {name} t "
                "JOIN account a ON a.account_id = t.account_id",
            )


def _staged(
    engine: Engine, table: str, column: Column, zone: str, span: tuple[int, int] | None
) -> list[str]:
    if column.kind not in ("timestamp", "date"):
        return [f"t.{column.name}"]
    empty = span is None and column.kind == "timestamp"
    moment = f"t.{column.name}"
    local = (
        epoch_us(moment) if empty else local_us(engine, table, column.name, zone, "t.", span=span)
    )
    day, name = local_day(local), stem(column.name)
    if column.kind == "date":
        return [f"{day} AS {name}_day"]
    hour = (
        f"CAST(FLOOR(CAST({local} - {DAY_US} * CAST({day} AS BIGINT) AS DOUBLE) / {HOUR_US}) "
        "AS INTEGER)"
    )
    instant = epoch_us(moment)
    return [f"{day} AS {name}_day", f"{instant} AS {name}_us", f"{hour} AS {name}_hour"]


def visible(name: str, spine: str = "population") -> str:
    """Query for the rows of a table that could be seen before each cutoff.

    Parameters
    ----------
    name : str
        Contract table with a date; staged by :func:`stage_side`.
    spine : str
        ``population``, or ``all_accounts`` for every account and cutoff.

    Returns
    -------
    str
        Columns: account_no, cutoff, ``age_days`` (of the row, 1 = the day before the cutoff),
        ``<moment>_age`` for each other moment, and the other columns; each NULL until known.
    """
    table = TABLES[name]
    if table.when is None:
        raise ParameterError(f"{name} has no column that dates its rows.")
    when = f"s.{stem(table.when)}_day"
    columns = [
        sql for column in table.columns if column.name != "account_id" for sql in _seen(column)
    ]
    source = (
        "population p" if spine == "population" else "(SELECT * FROM account CROSS JOIN cutoff) p"
    )
    return (
        f"SELECT p.account_no, p.cutoff, p.cutoff - {when} AS age_days, {', '.join(columns)} "
        f"FROM side_{name} s JOIN {source} ON p.account_no = s.account_no AND {when} < p.cutoff"
    )


def _seen(column: Column) -> list[str]:
    name = stem(column.name)
    if column.kind == "date":
        parts = {f"{name}_age": f"p.cutoff - s.{name}_day"}
    elif column.kind == "timestamp":
        parts = {
            f"{name}_age": f"p.cutoff - s.{name}_day",
            f"{name}_us": f"s.{name}_us",
            f"{name}_hour": f"s.{name}_hour",
        }
    else:
        parts = {column.name: f"s.{column.name}"}
    if column.known_on is not None:
        known = f"s.{stem(column.known_on)}_day < p.cutoff"
        parts = {alias: f"CASE WHEN {known} THEN {sql} END" for alias, sql in parts.items()}
    return [f"{sql} AS {alias}" for alias, sql in parts.items()]
