"""Parquet, JSON lines, DuckDB and SQLite files, and rows written in the configuration.

Parquet and DuckDB keep their types; JSON and SQLite come as text, so that ids stay as written.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from helpers.config.sources import FileOptions
from helpers.errors import InputError
from helpers.sources.raw import BadLine, Loaded, RawFile, column
from helpers.sources.scan import fingerprint, scan_text
from helpers.sources.session import (
    Session,
    Sql,
    commas,
    fill,
    first_line,
    ident,
    literal,
)

__all__ = ["open_duckdb", "open_jsonl", "open_parquet", "open_rows", "open_sqlite"]

BATCH_ROWS = 50_000


def open_parquet(session: Session, path: Path, name: str) -> RawFile:
    """Open one Parquet file; ``InputError`` if it is cut off or none at all."""
    scan = fill(
        "read_parquet({p}, file_row_number = TRUE, hive_partitioning = FALSE)", p=literal(str(path))
    )
    try:
        types = session.types(scan)
    except duckdb.Error as error:
        raise InputError(
            f"{name}: not a complete Parquet file ({path.stat().st_size:,} bytes): "
            f"{first_line(error)}. Copy or export it again."
        ) from None
    types.pop("file_row_number", None)

    def load(inner: Session, names: Sequence[str]) -> Loaded:
        picked = [fill("{n} AS {c}", n=ident(n), c=column(i)) for i, n in enumerate(names)]
        picked.append(Sql("file_row_number + 1 AS row"))
        query = fill("(SELECT {p} FROM {s})", p=commas(picked), s=scan)
        metadata = fill(
            "SELECT sum(num_rows) FROM parquet_file_metadata({p})", p=literal(str(path))
        )
        return Loaded(relation=query, n_records=int(inner.value(metadata) or 0))

    return RawFile(
        name=name,
        kind="parquet",
        columns=types,
        load=load,
        sha256=fingerprint(path),
        n_bytes=path.stat().st_size,
    )


def open_jsonl(session: Session, path: Path, name: str, options: FileOptions, key: str) -> RawFile:
    """Open a file with one JSON object a line; nested objects are reached as ``outer.inner``."""
    scan = scan_text(
        path,
        name=name,
        scratch=session.scratch,
        encoding=options.encoding,
        delimiter=options.delimiter,
        quote=options.quote,
        key=key,
    )
    if scan.bad_line is not None and options.on_bad_bytes == "fail":
        raise InputError(
            f"{name}: line {scan.bad_line}: byte 0x{scan.bad_byte:02x} is not valid utf-8. JSON is "
            f"UTF-8 by definition: mend the export, or set {key}.on_bad_bytes: quarantine."
        )
    odd = scan.n_nul > 0 or scan.bad_line is not None or scan.newline == "mixed"
    lines = _careful_lines(session, scan.plain) if odd else _plain_lines(scan.plain)
    table = session.name("lines")
    session.run(fill(
        "CREATE TEMP TABLE {t} AS SELECT row, line, CASE WHEN reason IS NOT NULL THEN reason "
        "WHEN NOT json_valid(line) THEN 'bad_json' "
        "WHEN json_type(line) <> 'OBJECT' THEN 'not_an_object' END AS reason "
        "FROM {l} WHERE trim(line) <> ''", t=table, l=lines,
    ))  # fmt: skip
    keys = _json_keys(session, table)
    if not keys and _starts_with_list(session, table):
        raise InputError(
            f"{name}: a JSON list, not JSON lines. Write one object a line, for example with "
            "`jq -c '.[]'`."
        )
    return RawFile(
        name=name,
        kind="jsonl",
        columns=dict.fromkeys(keys, "VARCHAR"),
        load=lambda inner, names: _load_json(inner, table, keys, names),
        sha256=scan.sha256,
        n_bytes=scan.n_bytes,
        notes=[("byte order mark at the start", "read as if it were not there")] * scan.bom,
    )


def _plain_lines(path: Path) -> Sql:
    return fill(
        "(SELECT row_number() OVER () AS row, line, NULL::VARCHAR AS reason FROM read_csv({p}, "
        "auto_detect = FALSE, header = FALSE, strict_mode = FALSE, compression = 'none', "
        "max_line_size = 16777216, delim = '\x01', quote = '', escape = '', "
        "columns = {c}))",
        p=literal(str(path)),
        c=Sql("{'line': 'VARCHAR'}"),
    )


def _careful_lines(session: Session, path: Path) -> Sql:
    """Split in Python where there are NUL bytes, bad bytes or mixed line ends."""
    import pyarrow as pa

    rows: dict[str, list[Any]] = {"row": [], "line": [], "reason": []}
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline=None) as stream:
        for number, line in enumerate(stream, start=1):
            text, reason = line.rstrip("\n"), None
            if "\0" in text:
                text, reason = text.replace("\0", ""), "nul_byte"
            elif not text.isascii() and any("\udc80" <= mark <= "\udcff" for mark in text):
                text, reason = text.encode("ascii", "replace").decode(), "bad_byte"
            for name, value in (("row", number), ("line", text), ("reason", reason)):
                rows[name].append(value)
    schema = pa.schema([("row", pa.int64()), ("line", pa.string()), ("reason", pa.string())])
    return session.load("lines", pa.table(rows, schema=schema))


def _json_keys(session: Session, table: Sql) -> dict[str, Sql]:
    """Return column name to JSON path: top-level keys, and the keys of nested objects."""
    level = fill(
        "SELECT DISTINCT unnest(json_keys(line)) AS k FROM {t} WHERE reason IS NULL ORDER BY k",
        t=table,
    )
    paths: dict[str, Sql] = {}
    for (key,) in session.rows(level):
        path = _json_path(key)
        paths[key] = path
        nested = fill(
            "SELECT DISTINCT unnest(json_keys(line, {p})) AS k FROM {t} WHERE reason IS NULL "
            "AND json_type(line, {p}) = 'OBJECT' ORDER BY k", t=table, p=path,
        )  # fmt: skip
        for (inner,) in session.rows(nested):
            paths.setdefault(f"{key}.{inner}", _json_path(key, inner))
    return paths


def _json_path(*keys: str) -> Sql:
    return literal("$" + "".join(f'."{key}"' for key in keys))


def _starts_with_list(session: Session, table: Sql) -> bool:
    first = session.rows(fill("SELECT line FROM {t} ORDER BY row LIMIT 1", t=table))
    return bool(first) and str(first[0][0]).lstrip().startswith("[")


def _load_json(session: Session, table: Sql, paths: dict[str, Sql], names: Sequence[str]) -> Loaded:
    bad = session.rows(
        fill("SELECT row, reason FROM {t} WHERE reason IS NOT NULL ORDER BY row", t=table)
    )
    good = session.value(fill("SELECT count(*) FROM {t} WHERE reason IS NULL", t=table))
    picked = [
        fill("json_extract_string(line, {p}) AS {c}", p=paths[name], c=column(i))
        for i, name in enumerate(names)
    ]
    query = fill(
        "(SELECT {p} FROM {t} WHERE reason IS NULL)", p=commas([*picked, Sql("row")]), t=table
    )
    lines = [BadLine(row, reason) for row, reason in bad]
    return Loaded(relation=query, n_records=int(good), bad=lines)


def open_duckdb(session: Session, path: Path, name: str, options: FileOptions) -> RawFile:
    """Open a table of a DuckDB file, read only."""
    alias = session.name("attached")
    try:
        session.run(fill("ATTACH {p} AS {a} (READ_ONLY)", p=literal(str(path)), a=alias))
    except duckdb.Error as error:
        raise InputError(f"{name}: not a DuckDB file: {first_line(error)}.") from None
    parts = (options.table or "").split(".")
    schema, table = parts if len(parts) == 2 else ("main", options.table or "")
    known = session.rows(fill(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_catalog = {a} ORDER BY ALL", a=literal(alias.strip('"')),
    ))  # fmt: skip
    if (schema, table) not in known:
        names = [f"{s}.{t}" for s, t in known]
        raise InputError(f"{name}: no table {schema}.{table}; it has {names}.")
    relation = Sql(f"{alias}.{ident(schema)}.{ident(table)}")

    def load(inner: Session, names: Sequence[str]) -> Loaded:
        copy = inner.name("raw")
        picked = [fill("{n} AS {c}", n=ident(n), c=column(i)) for i, n in enumerate(names)]
        picked.append(Sql("row_number() OVER () AS row"))
        inner.run(fill("CREATE TEMP TABLE {t} AS SELECT {p} FROM {r}",
                       t=copy, p=commas(picked), r=relation))  # fmt: skip
        n_rows = inner.value(fill("SELECT count(*) FROM {t}", t=copy))
        return Loaded(relation=copy, n_records=int(n_rows), table=True)

    return RawFile(
        name=f"{name}:{options.table}",
        kind="duckdb",
        columns=session.types(relation),
        load=load,
        sha256=fingerprint(path),
        n_bytes=path.stat().st_size,
    )


def open_sqlite(path: Path, name: str, options: FileOptions) -> RawFile:
    """Open a table of an SQLite file, read only and as text."""
    table = options.table or ""
    with _sqlite(path, name) as base:
        known = [row[0] for row in base.execute(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name"
        )]  # fmt: skip
        if table not in known:
            raise InputError(f"{name}: no table {table!r}; it has {known}.")
        names = [row[0] for row in base.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    return RawFile(
        name=f"{name}:{table}",
        kind="sqlite",
        columns=dict.fromkeys(names, "VARCHAR"),
        load=lambda session, wanted: _load_sqlite(session, path, name, table, wanted),
        sha256=fingerprint(path),
        n_bytes=path.stat().st_size,
    )


@contextlib.contextmanager
def _sqlite(path: Path, name: str) -> Iterator[sqlite3.Connection]:
    base = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        base.execute("PRAGMA trusted_schema = OFF")
        base.execute("PRAGMA query_only = ON")
        base.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        yield base
    except sqlite3.DatabaseError as error:
        raise InputError(f"{name}: cannot be read as SQLite: {error}.") from None
    finally:
        base.close()


def _load_sqlite(
    session: Session, path: Path, name: str, table: str, wanted: Sequence[str]
) -> Loaded:
    import pyarrow as pa
    import pyarrow.parquet as pq

    picked = commas(fill("CAST({n} AS TEXT)", n=ident(column_name)) for column_name in wanted)
    query = fill("SELECT {p} FROM {t}", p=picked or Sql("1"), t=ident(table))
    schema = pa.schema([(f"c{i}", pa.string()) for i in range(len(wanted))] + [("row", pa.int64())])
    target = session.scratch / f"{session.name('sqlite').strip(chr(34))}.parquet"
    total = 0
    with _sqlite(path, name) as base, pq.ParquetWriter(target, schema) as writer:
        cursor = base.execute(str(query))
        while batch := cursor.fetchmany(BATCH_ROWS):
            cells = [[row[i] for row in batch] for i in range(len(wanted))]
            numbers = list(range(total + 1, total + len(batch) + 1))
            writer.write_table(pa.table([*cells, numbers], schema=schema))
            total += len(batch)
    relation = fill("read_parquet({p})", p=literal(str(target)))
    return Loaded(relation=relation, n_records=total)


def open_rows(rows: Sequence[dict[str, Any]]) -> RawFile:
    """Take rows from the configuration itself."""
    names = list(dict.fromkeys(name for row in rows for name in row))

    def load(session: Session, wanted: Sequence[str]) -> Loaded:
        import pyarrow as pa

        cells = [[_as_text(row.get(name)) for row in rows] for name in wanted]
        fields = [(f"c{i}", pa.string()) for i in range(len(wanted))] + [("row", pa.int64())]
        numbers = list(range(1, len(rows) + 1))
        table = session.load("rows", pa.table([*cells, numbers], schema=pa.schema(fields)))
        return Loaded(relation=table, n_records=len(rows), table=True)

    return RawFile(
        name="(configuration)", kind="rows", columns=dict.fromkeys(names, "VARCHAR"), load=load
    )


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
