"""A PostgreSQL server: the clean tables are copied into temporary tables of one session.

Temporary tables are seen by no other session, so that two runs at the same time do not meet, and
the server drops them itself when the session ends, however it ends. Nothing else in the database
is read or written; the right to connect and to make temporary tables is all that is needed.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from helpers.engine.arrow_engine import ArrowEngine, plain
from helpers.engine.dialect import POSTGRES
from helpers.errors import ConfigError, InputError, MachineError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PostgresEngine"]

BATCH_ROWS = 100_000
_SETTINGS = (
    "search_path = pg_temp, pg_catalog",
    "TimeZone = 'UTC'",
    "extra_float_digits = 1",  # doubles come back as they are
    "jit = off",  # compiling 150 columns takes longer than computing them
    "work_mem = '64MB'",
    "temp_buffers = '128MB'",
)
_ARROW = {
    "bool": "bool",
    "int2": "int32",
    "int4": "int32",
    "int8": "int64",
    "float4": "double",
    "float8": "double",
    "numeric": "double",
}


class PostgresEngine(ArrowEngine):
    """One session of a PostgreSQL server, version 14 or later.

    Parameters
    ----------
    connection : str
        As libpq takes it: ``"host=db user=me dbname=warehouse"`` or ``"postgresql://..."``. It may
        hold a password, so it is never shown.

    Raises
    ------
    ConfigError
        If the text is no connection string.
    MachineError
        If the server cannot be reached or refuses.
    """

    dialect = POSTGRES

    def __init__(self, connection: str) -> None:
        super().__init__()
        self._connection = _connect(connection)
        for setting in _SETTINGS:
            self._connection.execute(f"SET {setting}")

    def close(self) -> None:
        """End the session; the server drops its temporary tables."""
        self._connection.close()

    def _view(self, name: str, path: Path) -> None:
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            self._create(name, file.schema_arrow)
            self._copy(name, file.iter_batches(BATCH_ROWS))

    def _insert(self, name: str, frame: pd.DataFrame) -> None:
        import pyarrow as pa

        rows = pa.Table.from_pandas(frame, preserve_index=False)
        self._create(name, rows.schema)
        self._copy(name, rows.to_batches(BATCH_ROWS))

    def _table(self, name: str, sql: str) -> None:
        """Compute first and replace then: the query may read the table of that name."""
        with self._connection.transaction():
            self._connection.execute(f'CREATE TEMPORARY TABLE "{name}__new" AS {sql}')
            self._drop(name)
            self._connection.execute(f'ALTER TABLE "{name}__new" RENAME TO "{name}"')
        self._connection.execute(f'ANALYZE "{name}"')

    def _derive(self, name: str, sql: str) -> None:
        self._connection.execute(f'CREATE OR REPLACE TEMPORARY VIEW "{name}" AS {sql}')

    def _drop(self, name: str) -> None:
        self._connection.execute(f'DROP TABLE IF EXISTS pg_temp."{name}" CASCADE')

    def _value(self, sql: str) -> int | float | str | None:
        row = self._connection.execute(sql).fetchone()
        return plain(None if row is None else row[0])

    def _arrow(self, sql: str) -> "pa.Table":
        import pyarrow as pa

        cursor = self._connection.execute(sql)
        names = [column.name for column in cursor.description]
        types = [_arrow_type(column.type_code) for column in cursor.description]
        columns = zip(*cursor.fetchall(), strict=True) if cursor.rowcount else ((),) * len(names)
        arrays = [
            pa.array(map(_as_float, values) if kind == pa.float64() else values, type=kind)
            for kind, values in zip(types, columns, strict=True)
        ]
        return pa.Table.from_arrays(arrays, names=names)

    def _create(self, name: str, schema: "pa.Schema") -> None:
        columns = ", ".join(f'"{field.name}" {_postgres_type(field.type)}' for field in schema)
        self._drop(name)
        self._connection.execute(f'CREATE TEMPORARY TABLE "{name}" ({columns})')

    def _copy(self, name: str, batches: Any) -> None:
        """Send rows as CSV, in which an empty text is quoted and a missing value is not."""
        import psycopg
        import pyarrow as pa
        from pyarrow import csv

        options = csv.WriteOptions(include_header=False)
        try:
            with self._connection.cursor().copy(f'COPY "{name}" FROM STDIN (FORMAT csv)') as copy:
                for batch in batches:
                    sink = pa.BufferOutputStream()
                    csv.write_csv(batch, sink, options)
                    copy.write(sink.getvalue().to_pybytes())
        except psycopg.DataError as error:
            raise InputError(
                f"PostgreSQL cannot hold a value of {name}: {_first_line(error)}. Mend it at its "
                "source, or leave `engine:` out of the configuration: DuckDB can."
            ) from None
        self._connection.execute(f'ANALYZE "{name}"')


def _connect(text: str) -> Any:
    import psycopg

    try:
        psycopg.conninfo.conninfo_to_dict(text)
    except psycopg.ProgrammingError:  # its message repeats the text, password and all
        raise ConfigError(
            "the environment variable that engine.connection_env names holds no connection string "
            "(not shown, it may hold a password). Expected e.g. 'host=db user=me dbname=warehouse' "
            "or 'postgresql://me@db/warehouse'."
        ) from None
    try:
        return psycopg.connect(text, autocommit=True, client_encoding="utf8")
    except psycopg.OperationalError as error:
        raise MachineError(
            f"PostgreSQL cannot be reached: {_first_line(error)}. Is the server up, and may this "
            "user connect and make temporary tables?"
        ) from None


def _postgres_type(kind: "pa.DataType") -> str:
    """Return the column type that holds an arrow type; texts compare byte by byte, as elsewhere."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz is None else "TIMESTAMPTZ"
    if pa.types.is_integer(kind):
        return "BIGINT" if kind.bit_width > 32 else "INTEGER"
    if pa.types.is_floating(kind):
        return "DOUBLE PRECISION"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    return 'TEXT COLLATE "C"'


def _arrow_type(code: int) -> "pa.DataType":
    """Return the arrow type in which a column of a result is handed out."""
    import psycopg
    import pyarrow as pa

    known = psycopg.adapters.types.get(code)
    name = "text" if known is None else known.name
    if name in ("timestamptz", "timestamp", "date"):
        return pa.timestamp("us", tz="UTC" if name == "timestamptz" else None)
    return pa.type_for_alias(_ARROW.get(name, "string"))


def _as_float(value: Any) -> float | None:
    return None if value is None else float(value)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
