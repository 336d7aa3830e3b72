"""The clean tables of a run as views of one closed DuckDB session."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.contract import TABLES
from helpers.sources.session import Session, Sql, commas, fill, ident, literal, open_session

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Views", "open_views"]


class Views:
    """The clean tables that are there, ready for SQL.

    Parameters
    ----------
    session : Session
        In which each table is a view of its contract name.
    present : set of str
        Names of the tables that have a source.
    """

    def __init__(self, session: Session, present: set[str]) -> None:
        self.session, self.present = session, present
        self._filled: dict[tuple[str, str], int] = {}

    def has(self, table: str, column: str | None = None) -> bool:
        """Tell whether a table is there, and whether the column holds any value at all."""
        if table not in self.present:
            return False
        return column is None or self.n_filled(table, column) > 0

    @property
    def clock(self) -> str:
        """The table that says how far the history goes: events, or what stands in for them."""
        stands_in = "measures" in self.present and "events" not in self.present
        return "measures" if stands_in else "events"

    def n_filled(self, table: str, column: str) -> int:
        """Count the rows in which a column has a value."""
        if (table, column) not in self._filled:
            sql = fill("SELECT COUNT({c}) FROM {t}", c=ident(column), t=ident(table))
            self._filled[table, column] = int(self.session.value(sql))
        return self._filled[table, column]

    def n_rows(self, table: str) -> int:
        """Count the rows of a table; 0 where it is absent."""
        if table not in self.present:
            return 0
        return int(self.session.value(fill("SELECT COUNT(*) FROM {t}", t=ident(table))))

    def frame(self, sql: str, **parts: Sql) -> "pd.DataFrame":
        """Run a query of this room's own text over the views."""
        return self.session.frame(fill(sql, **parts))


@contextmanager
def open_views(paths: Mapping[str, Path]) -> Iterator[Views]:
    """Open the clean tables.

    Parameters
    ----------
    paths : mapping of contract table to parquet file
        Absent tables are simply not named.

    Yields
    ------
    Views
    """
    known = {name: path for name, path in paths.items() if name in TABLES}
    folder = next(iter(known.values())).parent if known else Path(tempfile.gettempdir())
    with open_session(folder, folder) as session:
        for name, path in sorted(known.items()):
            session.run(
                fill(
                    "CREATE VIEW {v} AS SELECT * FROM read_parquet({f})",
                    v=ident(name),
                    f=literal(str(path)),
                )
            )
        if "events" not in known and "accounts" in known:
            session.run(_no_events())
        yield Views(session, set(known))


def _no_events() -> Sql:
    """Make the view of a company without events: their columns, no row; they stay absent."""
    kinds = {"timestamp": "TIMESTAMPTZ", "number": "DOUBLE"}
    columns = [
        fill("CAST(NULL AS {k}) AS {c}", k=Sql(kinds.get(c.kind, "VARCHAR")), c=ident(c.name))
        for c in TABLES["events"].columns
    ]
    return fill("CREATE VIEW events AS SELECT {c} FROM accounts WHERE FALSE", c=commas(columns))
