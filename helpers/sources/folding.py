"""Rows left out by `where` and rows folded by `group_by`: counted, and none lost between."""

import re

import duckdb

from helpers.errors import InputError, MachineError
from helpers.sources import values
from helpers.sources.checking import Checked
from helpers.sources.mapping import Mapping
from helpers.sources.raw import column
from helpers.sources.session import Session, Sql, commas, fill, first_line, literal

__all__ = ["MISFITS", "bind_error", "filtered", "n_merged", "with_group_keys"]

MISFITS = (
    duckdb.BinderException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.IOException,
)
"""What DuckDB raises when an expression does not fit the data, or the data cannot be read."""
_DAMAGED = re.compile(r'Failed to read file "(?:.*/)?([^"/]+)": ([^.\n]*)')


def bind_error(key: str, error: BaseException) -> InputError:
    """Turn DuckDB's complaint about a file or an expression into advice."""
    message = first_line(error)
    damaged = _DAMAGED.search(message)
    if damaged:
        name, why = damaged.groups()
        return InputError(f"{key}: {name} is damaged: {why}. Copy or export it again.")
    if isinstance(error, duckdb.IOException):
        raise MachineError(f"{key}: reading stopped: {message}.") from None
    return InputError(
        f"{key}: an expression does not fit the data: {message[:200]}. Columns of CSV and JSON "
        "files are text: write TRY_CAST(column AS DOUBLE) or TRY_CAST(column AS TIMESTAMP)."
    )


def filtered(
    session: Session, relation: Sql, mapping: Mapping, checked: Checked
) -> tuple[Sql, int]:
    """Return the rows that the source's condition keeps, and how many it leaves out.

    Of a wide source, the rows whose cell is empty are left out too: nothing was measured.

    Raises
    ------
    InputError
        If the condition does not fit the data.
    """
    conditions = [] if mapping.where is None else [mapping.where]
    if checked.unpivoted:
        conditions += _written(session, relation, mapping, checked)
    if not conditions:
        return relation, 0
    tests = commas((fill("({c})", c=each) for each in conditions), " AND ")
    kept = fill("(SELECT * FROM {r} WHERE {w})", r=relation, w=tests)
    try:
        n_all = int(session.value(fill("SELECT count(*) FROM {r}", r=relation)))
        n_kept = int(session.value(fill("SELECT count(*) FROM {k}", k=kept)))
    except MISFITS as error:
        raise bind_error(f"{checked.key}.where", error) from None
    return kept, n_all - n_kept


def _written(session: Session, relation: Sql, mapping: Mapping, checked: Checked) -> list[Sql]:
    """Return the condition that any of the columns behind a cell holds something."""
    cell = next((p for p in mapping.planned if p.column.name == checked.value_column), None)
    if cell is None or not cell.names:
        return []
    kinds, tests = session.types(relation), []
    nulls = [*checked.source.nulls, *cell.entry.nulls]
    for name in cell.names:
        at = column(mapping.names.index(name))
        text = values.clean_text(values.as_text(at, kinds[at]), nulls)
        tests.append(fill("{t} IS NOT NULL", t=text))
    return [commas(tests, " OR ")]


def with_group_keys(
    session: Session, relation: Sql, mapping: Mapping, checked: Checked
) -> tuple[Sql, Sql | None]:
    """Separate the rows that have every group key from those that lack one.

    Parameters
    ----------
    session : Session
        Asked for types only.
    relation : Sql
        Loaded rows.
    mapping : Mapping
        Its group keys.
    checked : Checked
        The null markers of the source and of the mapped columns.

    Returns
    -------
    rows : Sql
        Rows with all keys, these trimmed.
    keyless : Sql or None
        ``(pos, name)`` of the others: the contract column, else the source column, that lacks.
    """
    if not mapping.groups:
        return relation, None
    kinds = session.types(relation)
    cleaned = [
        fill("{c} AS {n}", c=values.clean_text(sql, _nulls(checked, name)), n=sql)
        for name, sql in mapping.groups
        if kinds[sql] == "VARCHAR"
    ]
    if cleaned:
        relation = fill("(SELECT * REPLACE ({c}) FROM {r})", c=commas(cleaned), r=relation)
    lacking = [
        fill("WHEN {k} IS NULL THEN {n}", k=sql, n=literal(_fed_by(mapping, name)))
        for name, sql in mapping.groups
    ]
    missing = commas((fill("{k} IS NULL", k=sql) for _, sql in mapping.groups), " OR ")
    keyless = fill(
        "(SELECT pos, CASE {arms} END AS name FROM {r} WHERE {m})",
        arms=commas(lacking, " "),
        r=relation,
        m=missing,
    )
    return fill("(SELECT * FROM {r} WHERE NOT ({m}))", r=relation, m=missing), keyless


def _nulls(checked: Checked, name: str) -> list[str]:
    nulls = list(checked.source.nulls)
    for entry in checked.source.columns.values():
        if entry is not None and entry.column == name:
            nulls += entry.nulls
    return nulls


def _fed_by(mapping: Mapping, name: str) -> str:
    """Return the first contract column that a source column feeds, or its own name."""
    fed = [planned.column.name for planned in mapping.planned if name in planned.names]
    return fed[0] if fed else name


def n_merged(session: Session, relation: Sql, mapping: Mapping) -> int:
    """Count the rows that disappear by folding: all but one of each group."""
    if not mapping.groups:
        return 0
    keys = commas(sql for _, sql in mapping.groups)
    groups = fill("(SELECT count(*) AS n FROM {r} GROUP BY {k})", r=relation, k=keys)
    return int(session.value(fill("SELECT coalesce(sum(n) - count(*), 0) FROM {g}", g=groups)))
