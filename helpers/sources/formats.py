"""The files of one source, opened by their kind, each once."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from helpers.config import Source
from helpers.config.sources import FileOptions
from helpers.errors import InputError, MachineError
from helpers.sources.csv_fast import open_csv
from helpers.sources.files import FoundFile, SourceFiles
from helpers.sources.issues import Issues
from helpers.sources.other_formats import (
    open_duckdb,
    open_jsonl,
    open_parquet,
    open_rows,
    open_sqlite,
)
from helpers.sources.raw import RawFile
from helpers.sources.session import Session

__all__ = ["Opener", "how_written", "without_repeats"]


class Opener:
    """Opens files for one reading; a file used by several sources is scanned once.

    Parameters
    ----------
    session : Session
        Gives the scratch folder, and reads what needs DuckDB to be opened.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._opened: dict[str, RawFile] = {}
        self._stamps: dict[str, tuple[Path, int, int]] = {}

    def open_all(self, files: SourceFiles) -> list[RawFile]:
        """Open every file of a source or lookup, or its rows in the configuration.

        Raises
        ------
        InputError
            Listing all files that cannot be opened.
        """
        if files.lookup is None and files.source.rows is not None:
            return [open_rows(files.source.rows)]
        opened, problems = [], []
        for file in files.files:
            try:
                opened.append(self._open_once(file, files))
            except InputError as error:
                problems.append(str(error))
        if problems:
            raise InputError("\n".join(problems))
        return opened

    def _open_once(self, file: FoundFile, files: SourceFiles) -> RawFile:
        mark = how_written(files.options) + file.name
        self._stamps.setdefault(file.name, _stamp(file.path))
        if mark not in self._opened:
            self._opened[mark] = self._open(file, files)
        return self._opened[mark]

    def check_unchanged(self) -> None:
        """Raise ``MachineError`` if a file was written to since it was opened."""
        changed = [name for name, stamp in self._stamps.items() if _stamp(stamp[0]) != stamp]
        if changed:
            raise MachineError(
                f"{', '.join(changed)} changed while it was read. Let the export finish, then run "
                "again."
            )

    def _open(self, file: FoundFile, files: SourceFiles) -> RawFile:
        options, key, path = files.options, files.key, self._literal_path(file.path)
        if file.kind == "csv":
            return open_csv(path, file.name, options, scratch=self.session.scratch, key=key)
        if file.kind == "jsonl":
            return open_jsonl(self.session, path, file.name, options, key)
        if file.kind == "parquet":
            return open_parquet(self.session, path, file.name)
        if file.kind == "duckdb":
            return open_duckdb(self.session, path, file.name, options)
        return open_sqlite(path, file.name, options)

    def _literal_path(self, path: Path) -> Path:
        """Return a path that DuckDB cannot take for a pattern: ``*``, ``?`` and ``[`` in names."""
        if not any(mark in str(path) for mark in "*?["):
            return path
        ending = "".join(path.suffixes)
        copy = self.session.scratch / f"{hashlib.sha256(bytes(path)).hexdigest()[:24]}{ending}"
        shutil.copyfile(path, copy)
        return copy


def _stamp(path: Path) -> tuple[Path, int, int]:
    """Return size and time of last change; what a writer cannot help altering."""
    found = path.stat()
    return path, found.st_size, found.st_mtime_ns


_HOW_WRITTEN = ("kind", "table", "delimiter", "quote", "encoding", "skip_lines", "multiline",
                "on_bad_bytes")  # fmt: skip


def how_written(options: FileOptions) -> str:
    """Return the settings that decide what is read from a file, as one text."""
    return json.dumps([getattr(options, name) for name in _HOW_WRITTEN])


def without_repeats(
    opened: Sequence[RawFile], source: Source, table: str, seen: dict[str, str], issues: Issues
) -> list[RawFile]:
    """Leave out a file whose content was delivered before under the same mapping.

    Parameters
    ----------
    opened : sequence of RawFile
        Files of one source.
    source : Source
        Its mapping: the same file may serve two sources of a table.
    table : str
        For the issue.
    seen : dict of str to str
        What came before in this table; extended here.
    issues : Issues
        Receives one issue a file left out.
    """
    settings = source.model_dump(mode="json", exclude={"files"})
    kept = []
    for file in opened:
        mark = json.dumps([file.sha256, file.name if not file.sha256 else "", settings])
        if mark in seen and file.sha256:
            rule = "file delivered twice, second one skipped"
            issues.add(table, "", rule, 1, 0, f"{file.name} equals {seen[mark]}")
            continue
        seen[mark] = file.name
        kept.append(file)
    return kept
