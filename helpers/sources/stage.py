"""One source, mapped: every row with its contract values, or the reason why it has none.

The statement is built in layers, each over the one before: loaded columns, trimmed inputs,
parsed values, checked values, one verdict a row. DuckDB streams through all of them at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.config import Source
from helpers.config.models import Thresholds
from helpers.contract import Table
from helpers.sources import dates, values
from helpers.sources.layers import Built, Layers
from helpers.sources.mapping import Mapping
from helpers.sources.session import Session, Sql, commas, fill, ident, literal

__all__ = ["SQL_TYPES", "Flag", "LookupUse", "Staged", "stage"]

SQL_TYPES = {
    "id": Sql("VARCHAR"),
    "text": Sql("VARCHAR"),
    "timestamp": Sql("TIMESTAMPTZ"),
    "date": Sql("TIMESTAMP"),
    "number": Sql("DOUBLE"),
    "integer": Sql("BIGINT"),
    "boolean": Sql("BOOLEAN"),
}
"""DuckDB type of each kind of contract column, as written to Parquet."""
_EXCERPT = 100


@dataclass(frozen=True)
class Flag:
    """A boolean column of the staged rows that becomes an issue where it is true."""

    name: Sql
    column: str
    rule: str


@dataclass(frozen=True, kw_only=True)
class LookupUse:
    """How a lookup takes part: did it find a record, and is the row dated inside it?

    Parameters
    ----------
    name, match : str
        The lookup, and this source's column that it is matched by.
    missed : Sql
        True where it found nothing.
    bounds : tuple of (Sql, bool)
        Columns that bound the record's validity; true for a start, false for an end.
    """

    name: str
    match: str
    missed: Sql
    bounds: tuple[tuple[Sql, bool], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A query over one source.

    Parameters
    ----------
    query : Sql
        ``(SELECT ...)`` with the contract columns, ``_pos`` (position of the row), ``_reason``,
        ``_column``, ``_excerpt``, ``_raw_id`` and the flags.
    flags : tuple of Flag
        Boolean columns to report.
    """

    query: Sql
    flags: tuple[Flag, ...]


def stage(
    session: Session,
    relation: Sql,
    mapping: Mapping,
    *,
    table: Table,
    source: Source,
    key: str,
    lookups: Sequence[LookupUse] = (),
    thresholds: Thresholds,
) -> Staged:
    """Build the query that maps one source.

    Parameters
    ----------
    session : Session
        Asked for the types of the inputs only; nothing is read.
    relation : Sql
        Rows with ``c{i}``, ``l{j}_{k}`` and ``pos``.
    mapping : Mapping
        Resolved columns.
    table : Table
        Contract table; columns that are not mapped become null.
    source : Source
        Null markers, order of dates and zone.
    key : str
        Key of the source, for errors.
    lookups : sequence of LookupUse
        In the order of the configuration.
    thresholds : Thresholds
        Earliest plausible date.

    Returns
    -------
    Staged
        Not executed yet.

    Raises
    ------
    InputError
        If a type holds no time.
    duckdb.BinderException
        If an expression does not fit the types of its columns.
    """
    bounds = [(use.name, sql, is_start) for use in lookups for sql, is_start in use.bounds]
    first = _inputs(relation, mapping, [use.missed for use in lookups], [b[1] for b in bounds])
    types = session.types(first)
    built = [Built(planned, n, types[f"x{n}"]) for n, planned in enumerate(mapping.planned)]
    layers = Layers(source, built, thresholds, key)
    kept = [Sql("pos"), *(Sql(f"y{n}") for n in range(len(bounds)))]
    kept += [Sql(f"u{n}") for n in range(len(lookups))]
    texts = fill("(SELECT {c} FROM {f})", c=commas([*kept, *layers.texts()]), f=first)
    parsed = fill("(SELECT *, {c} FROM {f})", c=commas(layers.parsed()), f=texts)
    checked = fill("(SELECT *, {c} FROM {f})", c=commas(layers.checked()), f=parsed)
    flags = _odd_hours(layers)
    kinds = [types[f"y{n}"] for n in range(len(bounds))]
    flags += _outside(layers, table.when, [(b[0], b[2]) for b in bounds], kinds)
    final = _contract_columns(table, built)
    final += _verdict(built, [(use.name, use.match) for use in lookups])
    final += [fill("{v} AS {n}", v=sql, n=flag.name) for flag, sql in flags]
    query = fill("(SELECT {c}, pos AS _pos FROM {f})", c=commas(final), f=checked)
    return Staged(query=query, flags=tuple(flag for flag, _ in flags))


def _inputs(relation: Sql, mapping: Mapping, missed: list[Sql], bounds: list[Sql]) -> Sql:
    """Layer 1: each contract column's own expression, folded where the source says so."""
    pieces = [fill("{v} AS x{n}", v=p.value, n=literal(n)) for n, p in enumerate(mapping.planned)]
    pieces += [
        fill("{v} AS f{n}", v=p.failed, n=literal(n))
        for n, p in enumerate(mapping.planned)
        if p.failed is not None
    ]
    pieces += [fill("{v} AS y{n}", v=sql, n=literal(n)) for n, sql in enumerate(bounds)]
    pieces += [fill("{v} AS u{n}", v=sql, n=literal(n)) for n, sql in enumerate(missed)]
    if not mapping.groups:
        return fill("(SELECT {p}, pos FROM {r})", p=commas(pieces), r=relation)
    keys = commas(sql for _, sql in mapping.groups)
    return fill("(SELECT {p}, min(pos) AS pos FROM {r} GROUP BY {k})",
                p=commas(pieces), r=relation, k=keys)  # fmt: skip


def _odd_hours(layers: Layers) -> list[tuple[Flag, Sql]]:
    found = []
    for item in layers.built:
        if item.planned.column.kind != "timestamp":
            continue
        odd = layers.moments[item.name].odd(item.layer("p"), item.layer("i"))
        if odd != "FALSE":
            rule = "hour that the change of clocks repeats or skips"
            flag = Flag(ident(f"_odd {item.name}"), item.name, rule)
            found.append((flag, fill("coalesce({o}, FALSE)", o=odd)))
    return found


def _outside(
    layers: Layers, when: str | None, bounds: list[tuple[str, bool]], kinds: list[str]
) -> list[tuple[Flag, Sql]]:
    """Rows dated before or after the record that they refer to, by day."""
    dated = next((item for item in layers.built if item.name == when), None)
    if dated is None or when is None:
        return []
    day = layers.moments[when].day(dated.layer("p"), dated.layer("i"))
    entry = dated.planned.entry.model_copy(update={"format": None})
    found = []
    for index, ((lookup, is_start), kind) in enumerate(zip(bounds, kinds, strict=True)):
        value = Sql(f"y{index}")
        if kind == "VARCHAR":
            value = values.clean_text(value, layers.source.nulls)
        where = f"{layers.key}.lookups.{lookup}"
        bound = dates.moment(value, kind, entry, layers.source, where)
        limit = bound.day(bound.parsed, bound.instant)
        word, sign = ("before", Sql("<")) if is_start else ("after", Sql(">"))
        test = fill("coalesce({d} {s} {l}, FALSE)", d=day, s=sign, l=limit)
        name = ident(f"_off {lookup} {word}")
        found.append((Flag(name, when, f"dated {word} its {lookup}"), test))
    return found


def _contract_columns(table: Table, built: Sequence[Built]) -> list[Sql]:
    mapped = {item.name: item.layer("v") for item in built}
    return [
        fill("CAST({v} AS {t}) AS {n}", v=mapped.get(column.name, literal(None)),
             t=SQL_TYPES[column.kind], n=ident(column.name))
        for column in table.columns
    ]  # fmt: skip


def _verdict(built: Sequence[Built], lookups: list[tuple[str, str]]) -> list[Sql]:
    """One reason a row: the first that applies, lookups before columns."""
    reasons, names, excerpts = [], [], []
    for index, (lookup, match) in enumerate(lookups):
        test = Sql(f"WHEN u{index} THEN")
        reasons.append(fill("{t} {r}", t=test, r=literal(f"lookup_unmatched({lookup})")))
        names.append(fill("{t} {r}", t=test, r=literal(match)))
        excerpts.append(fill("{t} NULL", t=test))
    for item in built:
        test = fill("WHEN {e} IS NOT NULL THEN", e=item.layer("e"))
        reasons.append(fill("{t} {e}", t=test, e=item.layer("e")))
        names.append(fill("{t} {n}", t=test, n=literal(item.name)))
        excerpts.append(fill("{t} {x}", t=test, x=_excerpt(item)))
    pieces = []
    for arms, name in ((reasons, "_reason"), (names, "_column"), (excerpts, "_excerpt")):
        value = fill("CASE {a} END", a=commas(arms, " ")) if arms else literal(None)
        pieces.append(fill("CAST({v} AS VARCHAR) AS {n}", v=value, n=Sql(name)))
    has_account = any(item.name == "account_id" for item in built)
    pieces.append(Sql("_raw_id" if has_account else "NULL::VARCHAR AS _raw_id"))
    return pieces


def _excerpt(item: Built) -> Sql:
    if item.planned.column.personal:
        return literal(None)
    stem = "o" if item.planned.entry.values is not None else "t"
    return fill("left(CAST({t} AS VARCHAR), {n})", t=item.layer(stem), n=literal(_EXCERPT))
