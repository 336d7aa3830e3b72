"""The DuckDB session of one reading: closed to the outside, and SQL that cannot be injected.

SQL is put together from :class:`Sql` pieces only: fixed templates, quoted identifiers, quoted
literals and expressions that :mod:`helpers.sources.expressions` has checked. ``fill`` refuses
plain text, so a name or a value from a file cannot become SQL by mistake.
"""

import shutil
import string
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from helpers.errors import MachineError

__all__ = ["Session", "Sql", "commas", "fill", "ident", "literal", "open_session"]


class Sql(str):
    """A piece of SQL that is safe to put into a statement."""

    __slots__ = ()


def ident(name: str) -> Sql:
    """Quote an identifier."""
    return Sql('"' + name.replace('"', '""') + '"')


def literal(value: str | float | bool | None) -> Sql:
    """Write a value as an SQL literal; text keeps every character."""
    if value is None:
        return Sql("NULL")
    if isinstance(value, bool):
        return Sql("TRUE" if value else "FALSE")
    if isinstance(value, int):
        return Sql(str(value))
    if isinstance(value, float):
        return Sql(f"CAST('{value!r}' AS DOUBLE)")
    return Sql("'" + value.replace("'", "''") + "'")


def fill(template: str, /, **parts: Sql) -> Sql:
    """Put SQL pieces into a template with ``{names}``.

    Raises
    ------
    TypeError
        If a part is plain text: quote it with :func:`ident` or :func:`literal` first.
    """
    for name, part in parts.items():
        if not isinstance(part, Sql):
            raise TypeError(f"{name} is plain text; pass it through ident() or literal()")
    return Sql(string.Formatter().vformat(template, (), parts))


def commas(pieces: Iterable[Sql], separator: str = ", ") -> Sql:
    """Join SQL pieces."""
    return Sql(separator.join(pieces))


class Session:
    """One connection, and the scratch folder that disappears with it.

    Parameters
    ----------
    connection : duckdb connection
        Already closed to the outside.
    scratch : Path
        Folder for decompressed files and spilled data.
    """

    def __init__(self, connection: Any, scratch: Path) -> None:
        self.connection, self.scratch = connection, scratch
        self._names = 0

    def run(self, sql: Sql) -> None:
        """Execute one statement."""
        self._execute(sql)

    def rows(self, sql: Sql) -> list[tuple[Any, ...]]:
        """Return all rows of a small result."""
        found: list[tuple[Any, ...]] = self._execute(sql).fetchall()
        return found

    def value(self, sql: Sql) -> Any:
        """Return the single value of a one-row, one-column result."""
        return self.rows(sql)[0][0]

    def frame(self, sql: Sql) -> pd.DataFrame:
        """Return a small result as a frame."""
        frame: pd.DataFrame = self._execute(sql).df()
        return frame

    def types(self, relation: Sql) -> dict[str, str]:
        """Return column name to DuckDB type of a relation or a query in parentheses."""
        described = self.rows(fill("DESCRIBE SELECT * FROM {r}", r=relation))
        return {row[0]: row[1] for row in described}

    def name(self, stem: str) -> Sql:
        """Return a new identifier for a table or view; ``stem`` is for reading the plan."""
        self._names += 1
        return ident(f"{stem}_{self._names}")

    def scratch_file(self, stem: str, ending: str) -> Path:
        """Return a path in the scratch folder that nothing else has."""
        self._names += 1
        return self.scratch / f"{stem}_{self._names}{ending}"

    def load(self, stem: str, table: Any) -> Sql:
        """Copy an Arrow table into the session; return its name."""
        name, alias = self.name(stem), f"arrow_{self._names}"
        self.connection.register(alias, table)
        self.run(fill("CREATE TEMP TABLE {name} AS SELECT * FROM {a}", name=name, a=ident(alias)))
        self.connection.unregister(alias)
        return name

    def drop(self, name: Sql, kind: str = "TABLE") -> None:
        """Forget a table or view."""
        self.run(fill("DROP {kind} IF EXISTS {name}", kind=Sql(kind), name=name))

    def _execute(self, sql: Sql) -> Any:
        if not isinstance(sql, Sql):
            raise TypeError("only Sql pieces may be executed")
        try:
            return self.connection.execute(str(sql))
        except duckdb.OutOfMemoryException as error:
            raise MachineError(
                f"not enough memory or temporary disk to read the data: {first_line(error)}. "
                "Free some, or give the run another temporary folder (TMPDIR)."
            ) from None
        except duckdb.IOException as error:
            if "No space left" not in str(error):
                raise
            raise MachineError(
                f"the disk is full: {first_line(error)}. Free some space, or give the run another "
                "temporary folder (TMPDIR)."
            ) from None


def first_line(error: BaseException) -> str:
    """Return the first line of an error, without DuckDB's kind in front."""
    line = str(error).partition("\n")[0]
    return line.partition("Error: ")[2] or line


@contextmanager
def open_session(
    data_folder: Path,
    out_folder: Path,
    *,
    memory_limit: str | None = None,
    temp_folder: Path | None = None,
    threads: int | None = None,
    kept_folder: Path | None = None,
) -> Iterator[Session]:
    """Open a DuckDB session that can reach the data, the output and its own scratch folder only.

    Parameters
    ----------
    data_folder, out_folder : Path
        The only folders, beside the scratch folder, that SQL may touch.
    memory_limit : str, optional
        Such as ``"4GB"``; DuckDB's default is 80 % of the machine.
    temp_folder : Path, optional
        Where the scratch folder is made; the system's default otherwise.
    threads : int, optional
        Default: one a core. Results do not depend on it.
    kept_folder : Path, optional
        Of rows that were read before; reachable as well.

    Yields
    ------
    Session
        Its time zone is UTC; extensions are neither installed nor loaded.
    """
    scratch = Path(tempfile.mkdtemp(prefix="playbook-", dir=temp_folder)).resolve()
    connection = duckdb.connect(":memory:")
    try:
        folders = [data_folder, out_folder, scratch, *([kept_folder] if kept_folder else [])]
        allowed = [str(folder.resolve()) for folder in folders]
        settings = {
            "TimeZone": literal("UTC"),
            "temp_directory": literal(str(scratch)),
            "autoinstall_known_extensions": literal(value=False),
            "autoload_known_extensions": literal(value=False),
            "allow_community_extensions": literal(value=False),
            "allowed_directories": Sql("[" + commas(literal(path) for path in allowed) + "]"),
            "enable_external_access": literal(value=False),
        }
        if memory_limit is not None:
            settings["memory_limit"] = literal(memory_limit)
        if threads is not None:
            settings["threads"] = literal(threads)
        with suppress(duckdb.InvalidInputException):
            # In Jupyter without ipywidgets DuckDB draws no bar, and refuses even to be told so.
            connection.execute("SET enable_progress_bar = FALSE")
        for name, value in sorted(settings.items()):
            if name != "enable_external_access":
                connection.execute(fill("SET {n} = {v}", n=ident(name), v=value))
        connection.execute("SET enable_external_access = FALSE")
        connection.execute("SET lock_configuration = TRUE")
        yield Session(connection, scratch)
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)
