"""One connection to DuckDB, opened for one run: parquet in, frames or parquet out.

Everything that is asked of it is portable SQL (see ``helpers.engine.days`` for the one place
that is not), so that the same text can run on Spark or PostgreSQL. The connection reads the
folders it was given and nothing else.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd

from helpers.artifacts import Run
from helpers.contract import TABLES
from helpers.errors import ParameterError

__all__ = ["Engine", "open_engine"]

CLEAN = "01_data_audit"
"""The notebook whose tables are the clean contract tables."""


class Engine:
    """A DuckDB connection that knows the tables of one run.

    Parameters
    ----------
    folders : sequence of Path
        Folders it may read from and write to; nothing else is reachable from SQL.
    memory_limit : str, optional
        Such as ``"2GB"``; what does not fit is spilled to disk. Default: 80 % of the memory.
    threads : int, optional
        Default: one a core. No result depends on it.

    Notes
    -----
    Use as a context manager. Sums are made over integers (counts, milliseconds, fixed point),
    since a sum of floats depends on the order in which threads deliver their parts.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        *,
        memory_limit: str | None = None,
        threads: int | None = None,
    ) -> None:
        import duckdb

        self._spill = tempfile.TemporaryDirectory(prefix="playbook-engine-")
        self._names: list[str] = []
        self._connection = duckdb.connect(":memory:")
        try:
            self._configure([*folders, Path(self._spill.name)], memory_limit, threads)
        except duckdb.Error as error:
            self.close()
            raise ParameterError(
                f"the engine cannot be set up with memory_limit={memory_limit!r} and "
                f"threads={threads!r}; expected e.g. '2GB' and 2. {str(error).splitlines()[0]}"
            ) from None

    def _configure(
        self, folders: Sequence[Path], memory_limit: str | None, threads: int | None
    ) -> None:
        reachable = ", ".join(_literal(f"{Path(folder).resolve()}/") for folder in folders)
        settings = [
            "TimeZone = 'UTC'",
            "preserve_insertion_order = false",
            f"temp_directory = {_literal(self._spill.name)}",
            f"allowed_directories = [{reachable}]",
            "enable_external_access = false",
        ]
        if memory_limit is not None:
            settings.insert(0, f"memory_limit = {_literal(memory_limit)}")
        if threads is not None:
            settings.insert(0, f"threads = {int(threads)}")
        import duckdb

        with contextlib.suppress(duckdb.InvalidInputException):
            # In Jupyter without ipywidgets DuckDB draws no bar, and refuses even to be told so.
            self._connection.execute("SET enable_progress_bar = false")
        for setting in [*settings, "lock_configuration = true"]:
            self._connection.execute(f"SET {setting}")

    @property
    def names(self) -> list[str]:
        """Names of the views and tables made so far."""
        return list(self._names)

    def has(self, name: str) -> bool:
        """Tell whether a view or table of that name is there."""
        return name in self._names

    def view(self, name: str, path: Path) -> None:
        """Make a parquet file readable under a name."""
        source = f"read_parquet({_literal(str(Path(path).resolve()))})"
        self._connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM {source}')
        self._remember(name)

    def insert(self, name: str, frame: pd.DataFrame) -> None:
        """Copy a frame into a table; index left out."""
        self._connection.register("incoming", frame)
        try:
            self._connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS FROM incoming')
        finally:
            self._connection.unregister("incoming")
        self._remember(name)

    def table(self, name: str, sql: str) -> None:
        """Compute a query once and keep its rows under a name."""
        self._connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS {sql}')
        self._remember(name)

    def drop(self, name: str) -> None:
        """Forget a table that is no longer needed."""
        self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        if name in self._names:
            self._names.remove(name)

    def frame(self, sql: str) -> pd.DataFrame:
        """Run a query and return its rows; where their order matters, ``sql`` orders them."""
        result: pd.DataFrame = self._connection.execute(sql).df()
        return result

    def value(self, sql: str) -> int | float | str | None:
        """Return the first column of the first row; no timestamps with a zone."""
        rows = self._connection.execute(sql).fetchall()
        first: int | float | str | None = rows[0][0] if rows else None
        return first

    def write(self, sql: str, path: Path) -> None:
        """Write the rows of a query to a parquet file, whole or not at all."""
        temporary = Path(path).with_suffix(".tmp")
        target = _literal(str(temporary.resolve()))
        self._connection.execute(f"COPY ({sql}) TO {target} (FORMAT parquet, COMPRESSION zstd)")
        temporary.replace(path)

    def close(self) -> None:
        """Give back the connection and its temporary files."""
        self._connection.close()
        self._spill.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _remember(self, name: str) -> None:
        if name not in self._names:
            self._names.append(name)


def open_engine(run: Run, *, memory_limit: str | None = None, threads: int | None = None) -> Engine:
    """Open an engine on the clean tables of a run.

    Parameters
    ----------
    run : Run
        Whose ``01_data_audit`` tables become views named as in the contract; a table without a
        source has no view, which is not the same as an empty one.
    memory_limit, threads
        As in :class:`Engine`.

    Returns
    -------
    Engine
        To be used as a context manager.

    Raises
    ------
    MissingTableError
        If accounts or events have not been written.
    """
    engine = Engine([run.stage, *run.bases], memory_limit=memory_limit, threads=threads)
    try:
        for table in TABLES.values():
            if table.required or run.has(CLEAN, table.name):
                engine.view(table.name, run.path(CLEAN, table.name))
    except BaseException:
        engine.close()
        raise
    return engine


def _literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"
