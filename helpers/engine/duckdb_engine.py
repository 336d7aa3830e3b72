"""DuckDB inside this process: the default, for everything that fits one machine's disk."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.engine.dialect import DUCKDB
from helpers.engine.engine import Engine
from helpers.errors import ParameterError

__all__ = ["DuckDBEngine"]


class DuckDBEngine(Engine):
    """A DuckDB connection that reads the folders it was given and nothing else.

    Parameters
    ----------
    folders : sequence of Path
        Folders it may read from and write to; nothing else is reachable from SQL.
    memory_limit : str, optional
        Such as ``"2GB"``; what does not fit is spilled to disk. Default: 80 % of the memory.
    threads : int, optional
        Default: one a core. No result depends on it.

    Raises
    ------
    ParameterError
        If DuckDB refuses the limit or the number of threads.
    """

    dialect = DUCKDB

    def __init__(
        self,
        folders: Sequence[Path] = (),
        *,
        memory_limit: str | None = None,
        threads: int | None = None,
    ) -> None:
        import duckdb

        super().__init__()
        self._spill = tempfile.TemporaryDirectory(prefix="playbook-engine-")
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

    def close(self) -> None:
        """Give back the connection and its temporary files."""
        self._connection.close()
        self._spill.cleanup()

    def _columns(self, sql: str) -> list[str]:
        return [str(column[0]) for column in self._connection.execute(sql).description]

    def _view(self, name: str, path: Path) -> None:
        source = f"read_parquet({_literal(str(path))})"
        self._connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM {source}')

    def _insert(self, name: str, frame: pd.DataFrame) -> None:
        self._connection.register("incoming", frame)
        try:
            self._connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS FROM incoming')
        finally:
            self._connection.unregister("incoming")

    def _table(self, name: str, sql: str) -> None:
        self._connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS {sql}')

    def _derive(self, name: str, sql: str) -> None:
        self._connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS {sql}')

    def _drop(self, name: str) -> None:
        self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')

    def _frame(self, sql: str) -> pd.DataFrame:
        result: pd.DataFrame = self._connection.execute(sql).df()
        return result

    def _value(self, sql: str) -> int | float | str | None:
        rows = self._connection.execute(sql).fetchall()
        first: int | float | str | None = rows[0][0] if rows else None
        return first

    def _write(self, sql: str, path: Path) -> None:
        target = _literal(str(path))
        self._connection.execute(f"COPY ({sql}) TO {target} (FORMAT parquet, COMPRESSION zstd)")


def _literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"
