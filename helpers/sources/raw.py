"""What every kind of file is turned into before it is mapped: named columns and row numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from helpers.sources.session import Session, Sql

__all__ = ["BadLine", "Loaded", "RawFile", "column"]


@dataclass(frozen=True)
class BadLine:
    """A physical line that is no record of the file, and why."""

    row: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The records of one file.

    Parameters
    ----------
    relation : Sql
        Table or query with columns ``c0``, ``c1``, ... in the order asked for, and ``row``
        (physical line of a text file, record number otherwise; from 1).
    n_records : int
        Rows of ``relation``.
    bad : sequence of BadLine
        Lines that are no record.
    table : bool
        Whether ``relation`` is a temporary table that can be dropped.
    """

    relation: Sql
    n_records: int
    bad: Sequence[BadLine] = ()
    table: bool = False


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """One file, opened: its columns are known, its rows not yet read.

    Parameters
    ----------
    name : str
        Path below the data folder, for people.
    kind : str
        ``csv``, ``parquet``, ``jsonl``, ``duckdb``, ``sqlite`` or ``rows``.
    columns : dict of str to str
        Column name as written to DuckDB type, in the file's order.
    load : callable
        Given a session and column names, reads the records.
    sha256, n_bytes
        Of the file as delivered.
    notes : list of (rule, example)
        What the audit should mention, e.g. a byte order mark.
    """

    name: str
    kind: str
    columns: dict[str, str]
    load: Callable[[Session, Sequence[str]], Loaded]
    sha256: str = ""
    n_bytes: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)


def column(index: int) -> Sql:
    """Return the name of the ``index``-th loaded column; names in files never reach SQL."""
    return Sql(f"c{index}")
