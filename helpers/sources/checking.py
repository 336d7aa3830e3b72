"""What can be said of a source before its data are read: are its expressions allowed?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from helpers.config import ColumnSource, CompanyConfig, Source
from helpers.contract import TABLES, Table
from helpers.errors import ConfigError
from helpers.sources.files import key_of

if TYPE_CHECKING:
    from helpers.sources.expressions import Expression

__all__ = ["Checked", "check_sources"]

Place = Callable[[str], str]
"""Says where in the configuration file a key stands; empty if that is not known."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A source whose expressions have been checked, before any data are read.

    Parameters
    ----------
    table : Table
        Contract table.
    source : Source
        Its settings.
    key : str
        Where the configuration has it.
    expressions : dict of str to Expression
        By contract column; those of a wide source by ``unpivot.<name>``.
    where : Expression, optional
        Which rows are read.
    unpivoted : str
        The entry of ``unpivot`` that this part of a wide source stands for; empty: no part.
    """

    table: Table
    source: Source
    key: str
    expressions: dict[str, "Expression"] = field(default_factory=dict)
    where: "Expression | None" = None
    unpivoted: str = ""

    def key_of(self, column: str) -> str:
        """Return where the configuration says what feeds a contract column."""
        if self.unpivoted and column == self.value_column:
            return f"{self.key}.unpivot.{self.unpivoted}"
        return f"{self.key}.columns.{column}"

    @property
    def value_column(self) -> str:
        """The contract column that a cell of a wide source fills; empty for other tables."""
        return self.table.long[1] if self.table.long else ""

    def parts(self) -> list["Checked"]:
        """Return the sources that a wide one stands for, one a named column; else itself."""
        if not self.source.unpivot or self.table.long is None:
            return [self]
        name, value = self.table.long
        parts = []
        for measure, entry in self.source.unpivot.items():
            named = ColumnSource.model_validate({"constant": measure})
            columns = {**self.source.columns, name: named, value: entry}
            expressions = {k: v for k, v in self.expressions.items() if k in self.source.columns}
            if (own := self.expressions.get(f"unpivot.{measure}")) is not None:
                expressions[value] = own
            source = self.source.model_copy(update={"columns": columns, "unpivot": {}})
            parts.append(
                Checked(table=self.table, source=source, key=self.key, expressions=expressions,
                        where=self.where, unpivoted=measure)
            )  # fmt: skip
        return parts


def check_sources(config: CompanyConfig, *, place: Place | None = None) -> dict[str, list[Checked]]:
    """Check every expression of a configuration, without any data.

    Parameters
    ----------
    config : CompanyConfig
        As loaded.
    place : callable, optional
        Names the line of a key, for errors.

    Raises
    ------
    ConfigError
        Naming the key of every expression that is not allowed.
    """
    problems: list[str] = []
    checked = {
        table: [
            _check_source(TABLES[table], source, key_of(config, table, index), problems, place)
            for index, source in enumerate(sources)
        ]
        for table, sources in config.sources.items()
    }
    if problems:
        raise ConfigError("\n".join(problems))
    return checked


def _check_source(
    table: Table, source: Source, key: str, problems: list[str], place: Place | None
) -> Checked:
    """Check what can be checked of a source without its data; note every problem."""
    lookups, grouped = list(source.lookups), bool(source.group_by)
    expressions: dict[str, Expression] = {}

    def refuse(at: str, text: str) -> None:
        problems.append(f"{place(at)}: {text}" if place else text)

    def parse(text: str, at: str, *, grouped: bool) -> "Expression | None":
        try:
            return _parse(text, at, lookups=lookups, grouped=grouped)
        except ConfigError as error:
            refuse(at, str(error))
            return None

    entries = {name: (f"{key}.columns.{name}", entry) for name, entry in source.columns.items()}
    wide = {f"unpivot.{n}": (f"{key}.unpivot.{n}", e) for n, e in source.unpivot.items()}
    for name, (at, entry) in (entries | wide).items():
        if entry is not None and entry.sql is not None:
            found = parse(entry.sql, f"{at}.sql", grouped=grouped)
            if found is not None:
                expressions[name] = found
        elif grouped and entry is not None and entry.column not in [None, *source.group_by]:
            refuse(
                at,
                f"{at}: {entry.column!r} is not in group_by, so several values may meet in "
                f"one row. Say which, e.g. sql: 'MIN(\"{entry.column}\")'.",
            )
    where = parse(source.where, f"{key}.where", grouped=False) if source.where else None
    for at, text in [*_odd_ids(table, source, key), *_odd_lookups(table, source, key)]:
        refuse(at, text)
    return Checked(table=table, source=source, key=key, expressions=expressions, where=where)


def _odd_ids(table: Table, source: Source, key: str) -> Iterator[tuple[str, str]]:
    """Yield where something else than an id is said to be one of a known kind."""
    for name, entry in source.columns.items():
        at = f"{key}.columns.{name}"
        if entry is not None and entry.id_type and table.column(name).kind != "id":
            yield at, f"{at}.id_type: {name} is no id; id_type is for ids only."


def _odd_lookups(table: Table, source: Source, key: str) -> Iterator[tuple[str, str]]:
    """Yield which lookups say when their records are valid where no row has a date of its own."""
    for name, lookup in source.lookups.items():
        at = f"{key}.lookups.{name}"
        if source.group_by and (lookup.valid_from or lookup.valid_to):
            text = "valid_from and valid_to need rows of their own date"
            yield at, f"{at}: {text}; they cannot be checked together with group_by."
        if (lookup.valid_from or lookup.valid_to) and table.when is None:
            yield (
                at,
                f"{at}: rows of {table.name} carry no date to compare with valid_from or valid_to.",
            )


def _parse(text: str, key: str, *, lookups: list[str], grouped: bool) -> "Expression":
    """Parse one expression; the parser costs half a second to import and is not always needed."""
    from helpers.sources.expressions import parse_expression

    return parse_expression(text, key, lookups=lookups, grouped=grouped)
