"""What is asked of an engine, whichever it is: house SQL in, frames or parquet out.

An engine knows the tables of one run by their names. It is told in house SQL what to compute (see
:mod:`helpers.engine.dialect`), so that the same text gives the same table on each of them.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import pandas as pd

from helpers.artifacts import tell
from helpers.engine.dialect import Dialect, speak

__all__ = ["Engine"]


class Engine(ABC):
    """A connection that knows the tables of one run; use as a context manager.

    Notes
    -----
    Sums are made over integers (counts, milliseconds, fixed point), since a sum of floats depends
    on the order in which threads or workers deliver their parts.
    """

    dialect: ClassVar[Dialect]

    def __init__(self) -> None:
        self._names: list[str] = []

    @property
    def names(self) -> list[str]:
        """Names of the views and tables made so far."""
        return list(self._names)

    def has(self, name: str) -> bool:
        """Tell whether a view or table of that name is there."""
        return name in self._names

    def columns(self, name: str) -> list[str]:
        """Return the names of the columns of a view or table."""
        return self._columns(f"SELECT * FROM {name} WHERE 1 = 0")  # noqa: S608 (a name of ours)

    def view(self, name: str, path: Path) -> None:
        """Make a parquet file readable under a name."""
        self._view(name, Path(path).resolve())
        self._remember(name)

    def insert(self, name: str, frame: pd.DataFrame) -> None:
        """Copy a frame into a table; index left out."""
        self._insert(name, frame)
        self._remember(name)

    def table(self, name: str, sql: str) -> None:
        """Compute a query once and keep its rows under a name."""
        tell(f"computing {name}")
        self._table(name, speak(self.dialect, sql))
        self._remember(name)

    def derive(self, name: str, sql: str) -> None:
        """Give a query a name; it is computed whenever it is asked for."""
        self._derive(name, speak(self.dialect, sql))
        self._remember(name)

    def drop(self, name: str) -> None:
        """Forget a table that is no longer needed."""
        if name in self._names:
            self._drop(name)
            self._names.remove(name)

    def frame(self, sql: str) -> pd.DataFrame:
        """Run a query and return its rows; where their order matters, ``sql`` orders them.

        Whole numbers that do not fit 64 bits, and those with a missing value, come as floats.
        """
        return self._frame(speak(self.dialect, sql))

    def value(self, sql: str) -> int | float | str | None:
        """Return the first column of the first row; no timestamps with a zone."""
        return self._value(speak(self.dialect, sql))

    def write(self, sql: str, path: Path) -> None:
        """Write the rows of a query to a parquet file, whole or not at all."""
        temporary = Path(path).with_suffix(".tmp")
        self._write(speak(self.dialect, sql), temporary.resolve())
        temporary.replace(path)

    @abstractmethod
    def close(self) -> None:
        """Give back the connection and everything that was kept for it."""

    @abstractmethod
    def _columns(self, sql: str) -> list[str]: ...

    @abstractmethod
    def _view(self, name: str, path: Path) -> None: ...

    @abstractmethod
    def _insert(self, name: str, frame: pd.DataFrame) -> None: ...

    @abstractmethod
    def _table(self, name: str, sql: str) -> None: ...

    @abstractmethod
    def _derive(self, name: str, sql: str) -> None: ...

    @abstractmethod
    def _drop(self, name: str) -> None: ...

    @abstractmethod
    def _frame(self, sql: str) -> pd.DataFrame: ...

    @abstractmethod
    def _value(self, sql: str) -> int | float | str | None: ...

    @abstractmethod
    def _write(self, sql: str, path: Path) -> None: ...

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
