"""What the sources of one table are once loaded: rows with positions, files, counts, bad lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from helpers.contract import Table
from helpers.errors import InputError
from helpers.sources.checking import Checked
from helpers.sources.mapping import Mapping
from helpers.sources.raw import BadLine, Loaded, RawFile, column
from helpers.sources.session import Sql, commas, fill, literal
from helpers.sources.stage import Staged

__all__ = ["FILE_STEP", "LoadedSource", "TableInput", "check_promise", "rows_of"]

FILE_STEP = 1 << 40


@dataclass(frozen=True, kw_only=True)
class LoadedSource:
    """One source of a table, ready to be judged.

    Parameters
    ----------
    checked, mapping
        The settings and what they resolved to.
    relation : Sql
        Loaded and joined rows with ``pos``; those that ``where`` keeps.
    staged : Staged
        The same rows, mapped.
    n_filtered, n_merged, n_source : int
        Rows left out by ``where``, folded by ``group_by``, and read.
    keyless : Sql or None
        ``(pos, name)`` of rows without a group key.
    first_file : int
        Number of its first file in the table.
    again : callable, optional
        Where rows came from an earlier reading ``relation`` is empty: this loads those of some
        files (numbers in the table) anew.
    """

    checked: Checked
    mapping: Mapping
    relation: Sql
    staged: Staged
    n_source: int
    n_filtered: int
    n_merged: int
    keyless: Sql | None
    first_file: int
    again: Callable[[Sequence[int]], Sql] | None = None


@dataclass(kw_only=True)
class TableInput:
    """All sources of one table."""

    table: Table
    sources: list[LoadedSource] = field(default_factory=list)
    files: list[RawFile] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    bad: list[tuple[int, BadLine]] = field(default_factory=list)
    temporary: list[Sql] = field(default_factory=list)

    def source_at(self, pos: int) -> LoadedSource:
        """Return the source that a position belongs to."""
        return [s for s in self.sources if s.first_file <= pos // FILE_STEP][-1]

    def files_of(self, source: LoadedSource) -> list[RawFile]:
        """Return the files of one source."""
        later = [s.first_file for s in self.sources if s.first_file > source.first_file]
        return self.files[source.first_file : min(later, default=len(self.files))]

    def note(self, file: RawFile, n_source: int, bad: Sequence[BadLine]) -> None:
        """Take in a file with its records and the lines that are none."""
        self.bad.extend((len(self.files), line) for line in bad)
        self.files.append(file)
        self.counts.append(n_source)


def rows_of(loaded: Loaded, present: Sequence[str], names: Sequence[str], number: int) -> Sql:
    """Return the query of a loaded file: ``c{i}`` for all names of a source, and ``pos``.

    Parameters
    ----------
    loaded : Loaded
        The columns ``present``, in that order.
    present, names : sequence of str
        Columns that the file has, and all that the source needs.
    number : int
        Of the file in its table.
    """
    picked = []
    for place, name in enumerate(names):
        value = column(present.index(name)) if name in present else literal(None)
        picked.append(fill("{v} AS {c}", v=value, c=column(place)))
    picked.append(fill("row + {base} AS pos", base=literal(number * FILE_STEP)))
    return fill("SELECT {p} FROM {r}", p=commas(picked), r=loaded.relation)


def check_promise(promised: dict[str, int], file: RawFile, found: int) -> None:
    """Raise ``InputError`` if a manifest promises another number of rows."""
    expected = promised.get(file.name)
    if expected is not None and expected != found:
        raise InputError(
            f"{file.name}: {found:,} rows, but its manifest promises {expected:,}. "
            "Copy the file again."
        )
