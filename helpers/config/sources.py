"""How a source file or database becomes a contract table: the part of the YAML under `sources`."""

import re
import zoneinfo
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

__all__ = ["ColumnSource", "Lookup", "NumberFormat", "Source", "Strict", "TimeZone"]

_EPOCHS = ("epoch_s", "epoch_ms", "epoch_us")
_DATE_MARKS = re.compile(r"%(?:-?[dmHIMSyj]|[YbBaApfzZ%])")


def _known_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone such as 'Europe/Berlin'") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""The name of a zone that exists."""


def _known_format(pattern: str) -> str:
    """Accept an epoch unit, or a pattern in which every mark is one that can be read."""
    if pattern in _EPOCHS:
        return pattern
    rest = _DATE_MARKS.sub("", pattern)
    if "%" in rest or not _DATE_MARKS.search(pattern):
        raise ValueError(
            f"{pattern!r} is neither a date pattern such as '%d.%m.%Y %H:%M' nor one of "
            f"{', '.join(_EPOCHS)}"
        )
    return pattern


class Strict(BaseModel):
    """Unknown keys and wrong types are refused; values cannot change afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NumberFormat(Strict):
    """How numbers are written in a text column: ``1.234,50 €`` has decimal ``,``."""

    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'", "_"] | None = None
    strip: str = Field(default="", description="characters to remove, e.g. '$%€'")
    divide_by: float = Field(default=1.0, gt=0, description="100 turns percent into a share")

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        return self


class ColumnSource(Strict):
    """Where one contract column comes from: a column, an SQL expression or a constant."""

    column: str | None = Field(default=None, alias="from", description="name in the source")
    sql: str | None = Field(default=None, description="expression over source columns")
    constant: str | int | float | bool | None = None
    format: Annotated[str, AfterValidator(_known_format)] | None = Field(
        default=None, description="strptime pattern, or epoch_s, epoch_ms, epoch_us"
    )
    time_zone: TimeZone | None = Field(default=None, description="of timestamps without an offset")
    values: dict[str, str | int | float | bool | None] | None = Field(
        default=None,
        description="source value to contract value; others are quarantined",
    )
    nulls: list[str] = Field(default_factory=list, description="texts that mean missing")
    number: NumberFormat | None = None
    minimum: float | None = Field(default=None, description="replaces the contract's minimum")
    id_type: Literal["salesforce"] | None = Field(
        default=None, description="ids of 15 characters, whose case matters, become 18"
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [
            self.column is not None,
            self.sql is not None,
            self.constant is not None,
        ]
        if sum(given) != 1:
            raise ValueError("give exactly one of `from`, `sql` and `constant`")
        if not (self.column is None or self.column.strip()):
            raise ValueError("the column's name is empty; write it, or null to leave it out")
        if not (self.sql is None or self.sql.strip()):
            raise ValueError("the expression is empty")
        return self


def _short_column(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


ColumnEntry = Annotated[ColumnSource | None, BeforeValidator(_short_column)]
"""A column name, a mapping of :class:`ColumnSource`, or null for "leave it out"."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class FileOptions(Strict):
    """What is read, and how it is written."""

    files: Annotated[list[str], BeforeValidator(_as_list)] = Field(
        default_factory=list, description="paths or globs below the data folder"
    )
    kind: Literal["csv", "parquet", "jsonl", "duckdb", "sqlite"] | None = Field(
        default=None, description="guessed from the file's ending when absent"
    )
    table: str | None = Field(default=None, description="table in a DuckDB or SQLite file")
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: str = "utf-8"
    skip_lines: int = Field(default=0, ge=0, description="lines above the header")
    multiline: bool = Field(default=False, description="quoted cells may hold line ends")
    on_bad_bytes: Literal["fail", "quarantine"] = "fail"
    completeness: Literal["required", "assumed"] = Field(
        default="required",
        description="several files need _SUCCESS or _manifest.json beside them, or `assumed`",
    )

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.delimiter == self.quote:
            raise ValueError(f"delimiter and quote are both {self.delimiter!r}")
        return self


class Lookup(FileOptions):
    """A second file that supplies columns by key; its rows must be unique in that key."""

    key: str = Field(description="key column in the looked-up file")
    match: str | None = Field(default=None, description="column in this source; default: key")
    take: list[str] = Field(min_length=1, description="columns to add, as `<lookup>.<column>`")
    valid_from: str | None = Field(
        default=None,
        description="column of the looked-up file: rows dated before it are an issue",
    )
    valid_to: str | None = Field(
        default=None,
        description="column of the looked-up file: rows dated after it are an issue",
    )


class Source(FileOptions):
    """One source of one contract table."""

    rows: list[dict[str, str | int | float | bool | None]] | None = Field(
        default=None, description="rows written here instead of in a file"
    )
    time_zone: TimeZone = Field(default="UTC", description="of timestamps without an offset")
    date_order: Literal["ymd", "dmy", "mdy"] = Field(
        default="ymd",
        description="order of day, month and year in dates such as 03/04/2025",
    )
    nulls: list[str] = Field(default_factory=list, description="texts that mean missing")
    columns: dict[str, ColumnEntry] = Field(
        default_factory=dict,
        description="contract column to source column; same-named columns need no entry",
    )
    unpivot: dict[str, ColumnEntry] = Field(
        default_factory=dict,
        description="a wide source: each name becomes a row of its own, with the value given",
    )
    lookups: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], Lookup] = Field(
        default_factory=dict, description="plain name to file"
    )
    where: str | None = Field(default=None, description="SQL condition: rows to read")
    group_by: list[str] = Field(
        default_factory=list,
        description="fold rows with equal values of these source columns into one",
    )

    @model_validator(mode="after")
    def _files_or_rows(self) -> Self:
        if bool(self.files) == (self.rows is not None):
            raise ValueError("give either `files` or `rows`")
        return self

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        if self.unpivot and self.group_by:
            raise ValueError("`unpivot` makes rows and `group_by` folds them: give one of the two")
        if empty := [name for name, entry in self.unpivot.items() if entry is None]:
            raise ValueError(f"`unpivot` names no column for {', '.join(empty)}")
        return self
