"""What can be said of a source before its data are read: are its expressions allowed?"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from helpers.config import CompanyConfig, Source
from helpers.contract import TABLES, Table
from helpers.errors import ConfigError
from helpers.sources.files import key_of

if TYPE_CHECKING:
    from helpers.sources.expressions import Expression

__all__ = ["Checked", "check_sources"]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A source whose expressions have been checked, before any data are read."""

    table: Table
    source: Source
    key: str
    expressions: dict[str, "Expression"] = field(default_factory=dict)
    where: "Expression | None" = None


def check_sources(config: CompanyConfig) -> dict[str, list[Checked]]:
    """Check every expression of a configuration, without any data.

    Raises
    ------
    ConfigError
        Naming the key of the first expression that is not allowed.
    """
    return {
        table: [
            _check_source(TABLES[table], source, key_of(config, table, index))
            for index, source in enumerate(sources)
        ]
        for table, sources in config.sources.items()
    }


def _check_source(table: Table, source: Source, key: str) -> Checked:
    """Check what can be checked of a source without its data.

    Raises
    ------
    ConfigError
        For an expression that is not allowed, or a fold that does not say how.
    """
    lookups, grouped = list(source.lookups), bool(source.group_by)
    expressions: dict[str, Expression] = {}
    for name, entry in source.columns.items():
        at = f"{key}.columns.{name}"
        if entry is not None and entry.sql is not None:
            expressions[name] = _parse(entry.sql, f"{at}.sql", lookups=lookups, grouped=grouped)
        elif grouped and entry is not None and entry.column not in [None, *source.group_by]:
            raise ConfigError(
                f"{at}: {entry.column!r} is not in group_by, so several values may meet in "
                f"one row. Say which, e.g. sql: 'MIN(\"{entry.column}\")'."
            )
    where = None
    if source.where is not None:
        where = _parse(source.where, f"{key}.where", lookups=lookups, grouped=False)
    for name, lookup in source.lookups.items():
        if grouped and (lookup.valid_from or lookup.valid_to):
            raise ConfigError(
                f"{key}.lookups.{name}: valid_from and valid_to need rows of their own date; "
                "they cannot be checked together with group_by."
            )
        if (lookup.valid_from or lookup.valid_to) and table.when is None:
            raise ConfigError(
                f"{key}.lookups.{name}: rows of {table.name} carry no date to compare with "
                "valid_from or valid_to."
            )
    return Checked(table=table, source=source, key=key, expressions=expressions, where=where)


def _parse(text: str, key: str, *, lookups: list[str], grouped: bool) -> "Expression":
    """Parse one expression; the parser costs half a second to import and is not always needed."""
    from helpers.sources.expressions import parse_expression

    return parse_expression(text, key, lookups=lookups, grouped=grouped)
