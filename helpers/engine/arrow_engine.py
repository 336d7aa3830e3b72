"""What engines share whose rows come as Arrow tables."""

from abc import abstractmethod
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from helpers.engine.engine import Engine

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ArrowEngine", "plain"]


def plain(found: object) -> int | float | str | None:
    """Return a value of a query as Python's own; a decimal as a whole number where it is one."""
    if isinstance(found, Decimal):
        return int(found) if found == found.to_integral_value() else float(found)
    value: int | float | str | None = found  # type: ignore[assignment]
    return value


class ArrowEngine(Engine):
    """An engine that only has to say how a query becomes an Arrow table."""

    @abstractmethod
    def _arrow(self, sql: str) -> "pa.Table":
        """Return the rows of a query; decimals, which DuckDB would make doubles, as doubles."""

    def _columns(self, sql: str) -> list[str]:
        return [str(name) for name in self._arrow(sql).column_names]

    def _frame(self, sql: str) -> pd.DataFrame:
        frame: pd.DataFrame = self._arrow(sql).to_pandas()
        return frame

    def _write(self, sql: str, path: Path) -> None:
        import pyarrow.parquet as pq

        pq.write_table(self._arrow(sql), path, compression="zstd")
