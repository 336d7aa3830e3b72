"""Which source column, expression or constant feeds which contract column.

Everything is resolved by name against the header that is really there; a name that is not there
is an error with the nearest one, never a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.config import ColumnSource, Source, near_miss
from helpers.contract import Column
from helpers.errors import InputError
from helpers.sources.checking import Checked
from helpers.sources.raw import RawFile, column
from helpers.sources.session import Sql, literal

__all__ = ["Mapping", "Planned", "lookup_column", "resolve"]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One contract column of one source.

    Parameters
    ----------
    column : Column
        The contract's side.
    entry : ColumnSource
        The configuration's side.
    value : Sql
        Where its values come from.
    names : tuple of str
        Source columns it uses.
    failed : Sql, optional
        True where a CAST of its expression met a value it cannot convert.
    """

    column: Column
    entry: ColumnSource
    value: Sql
    names: tuple[str, ...]
    failed: Sql | None = None


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """A source resolved against its header.

    Parameters
    ----------
    names : tuple of str
        Source columns to load; the ``i``-th becomes ``c{i}``.
    lookups : dict of str to tuple of str
        Lookup to the columns it supplies; the ``k``-th of the ``j``-th becomes ``l{j}_{k}``.
    planned : tuple of Planned
        Contract columns in contract order.
    where : Sql, optional
        Condition over the loaded columns.
    groups : tuple of (name, Sql)
        Source columns to fold by.
    unused : tuple of str
        Columns in the files that nothing refers to; they are not loaded.
    partial : tuple of (column, file)
        Optional columns that some files lack.
    """

    names: tuple[str, ...]
    lookups: dict[str, tuple[str, ...]]
    planned: tuple[Planned, ...]
    where: Sql | None
    groups: tuple[tuple[str, Sql], ...]
    unused: tuple[str, ...]
    partial: tuple[tuple[str, str], ...]


def lookup_column(lookup: int, index: int) -> Sql:
    """Return the name of a lookup's column inside the session."""
    return Sql(f"l{lookup}_{index}")


class _Resolver:
    """Collects which columns are needed, and every name that is not there."""

    def __init__(self, checked: Checked, files: Sequence[RawFile]) -> None:
        self.checked, self.files = checked, files
        self.source = checked.source
        self.header = list(dict.fromkeys(name for file in files for name in file.columns))
        self.everywhere = [n for n in self.header if all(n in file.columns for file in files)]
        self.names: dict[str, int] = {}
        self.taken: dict[str, dict[str, int]] = {name: {} for name in self.source.lookups}
        self.problems: list[str] = []

    def need(self, name: str) -> Sql:
        return column(self.names.setdefault(name, len(self.names)))

    def reference(self, name: str, key: str) -> Sql:
        """Return the SQL of ``column`` or ``lookup.column``; note a problem if there is none."""
        if name in self.header:
            self._require_everywhere(name, key)
            return self.need(name)
        qualifier, dot, rest = name.partition(".")
        if dot and qualifier in self.taken:
            return self.of_lookup(qualifier, rest, key)
        self.missing(name, key)
        return literal(None)

    def qualified(self, qualifier: str, name: str, key: str) -> Sql:
        if qualifier:
            return self.of_lookup(qualifier, name, key)
        return self.reference(name, key)

    def of_lookup(self, lookup: str, name: str, key: str) -> Sql:
        taken = self.taken[lookup]
        known = self.source.lookups[lookup].take
        if name not in known:
            hint = near_miss(name, known)
            self.problems.append(
                f"{key}: {lookup}.{name} is not in {self.checked.key}.lookups.{lookup}.take."
                f"{hint} It has {known}."
            )
        index = taken.setdefault(name, len(taken))
        return lookup_column(list(self.taken).index(lookup), index)

    def missing(self, name: str, key: str) -> None:
        hint = near_miss(name, self.header) or _folded_hint(name, self.header)
        self.problems.append(
            f"{key}: column {name!r} is not in {self.where()}.{hint} Found: {self.header}."
        )

    def where(self) -> str:
        first = self.files[0].name if self.files else "the source"
        return first if len(self.files) < 2 else f"{first} and {len(self.files) - 1} more"

    def _require_everywhere(self, name: str, key: str) -> None:
        if name not in self.everywhere:
            lacking = [file.name for file in self.files if name not in file.columns]
            self.problems.append(
                f"{key}: column {name!r} is missing in {lacking[:5]}, though other files of the "
                "same source have it."
            )


def _folded_hint(name: str, header: list[str]) -> str:
    same = [h for h in header if h.strip().casefold() == name.strip().casefold()]
    return f" Did you mean {same[0]!r}?" if same else ""


def resolve(checked: Checked, files: Sequence[RawFile]) -> Mapping:
    """Resolve a source against the headers of its files.

    Parameters
    ----------
    checked : Checked
        From :func:`check_source`.
    files : sequence of RawFile
        The opened files of this source.

    Returns
    -------
    Mapping
        What to load and how to compute each contract column.

    Raises
    ------
    InputError
        Listing every column that is not there, with the nearest name and what was found.
    """
    resolver = _Resolver(checked, files)
    planned, partial = [], []
    for contract in checked.table.columns:
        entry = _entry(checked.source, contract.name, resolver.header)
        if entry is None:
            if contract.required:
                _missing_required(resolver, contract)
            continue
        value = _value(resolver, contract.name, entry)
        used = _used(checked, contract.name, entry)
        if contract.name not in checked.source.columns and not contract.required:
            partial += _partial(resolver, contract.name)
        failed = _failed(resolver, contract.name, entry)
        planned.append(
            Planned(column=contract, entry=entry, value=value, names=used, failed=failed)
        )
    where = None
    if checked.where is not None:
        key = f"{checked.key}.where"
        where = checked.where.sql(lambda q, n: resolver.qualified(q, n, key))
    groups = tuple(
        (name, resolver.reference(name, f"{checked.key}.group_by"))
        for name in checked.source.group_by
    )
    for name, lookup in checked.source.lookups.items():
        resolver.reference(lookup.match or lookup.key, f"{checked.key}.lookups.{name}.match")
        for extra in (lookup.valid_from, lookup.valid_to):
            if extra is not None:
                resolver.taken[name].setdefault(extra, len(resolver.taken[name]))
    if resolver.problems:
        raise InputError("\n".join(dict.fromkeys(resolver.problems)))
    return Mapping(
        names=tuple(resolver.names),
        lookups={name: tuple(taken) for name, taken in resolver.taken.items()},
        planned=tuple(planned),
        where=where,
        groups=groups,
        unused=tuple(n for n in resolver.header if n not in resolver.names),
        partial=tuple(partial),
    )


def _entry(source: Source, name: str, header: list[str]) -> ColumnSource | None:
    """Return the entry of a contract column: declared, or the column of the same name."""
    if name in source.columns:
        return source.columns[name]
    if name in header and (not source.group_by or name in source.group_by):
        return ColumnSource.model_validate({"from": name})
    return None


def _value(resolver: _Resolver, name: str, entry: ColumnSource) -> Sql:
    key = resolver.checked.key_of(name)
    if entry.sql is not None:
        expression = resolver.checked.expressions[name]
        return expression.sql(
            lambda q, n: resolver.qualified(q, n, key),
            position=Sql("pos"),
            lenient=not resolver.source.group_by,
        )
    if entry.column is not None:
        if name not in resolver.source.columns and entry.column not in resolver.everywhere:
            return resolver.need(entry.column)
        return resolver.reference(entry.column, key)
    constant = entry.constant
    text = str(constant).lower() if isinstance(constant, bool) else str(constant)
    return literal(text)


def _failed(resolver: _Resolver, name: str, entry: ColumnSource) -> Sql | None:
    if entry.sql is None or resolver.source.group_by:
        return None
    key = resolver.checked.key_of(name)
    return resolver.checked.expressions[name].failed(lambda q, n: resolver.qualified(q, n, key))


def _used(checked: Checked, name: str, entry: ColumnSource) -> tuple[str, ...]:
    if entry.column is not None:
        return (entry.column,)
    if entry.sql is not None:
        return tuple(n for q, n in checked.expressions[name].columns if not q)
    return ()


def _partial(resolver: _Resolver, name: str) -> list[tuple[str, str]]:
    if name in resolver.everywhere or name not in resolver.header:
        return []
    return [(name, file.name) for file in resolver.files if name not in file.columns]


def _missing_required(resolver: _Resolver, contract: Column) -> None:
    key = f"{resolver.checked.key}.columns.{contract.name}"
    if contract.name in resolver.source.columns:
        resolver.problems.append(f"{key}: left out, but {contract.name} is required.")
        return
    header = resolver.header
    hint = near_miss(contract.name, header) or _folded_hint(contract.name, header)
    resolver.problems.append(
        f"{key}: required, but {resolver.where()} has no such column.{hint} Found: {header}. "
        f"Say which column it is: `{contract.name}: <column>` under {resolver.checked.key}.columns."
    )
