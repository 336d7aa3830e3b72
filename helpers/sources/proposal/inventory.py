"""What lies in a folder: files, how they are written, and a sample of each column."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from helpers.errors import InputError
from helpers.sources.csv_strict import Grammar
from helpers.sources.kinds import kind_of_name
from helpers.sources.manifests import MANIFEST, SUCCESS
from helpers.sources.plain import plain_bytes
from helpers.sources.proposal.profile import Profile, profile
from helpers.sources.session import Session, commas, fill, ident, literal

__all__ = ["Dataset", "take_inventory"]

SAMPLE_ROWS, SAMPLE_BYTES = 50_000, 1 << 25
_DELIMITERS = ",;\t|"
_TEXTS = ("readme", "license", "licence", "changelog", "notes", "manifest")
Columns = dict[str, list[str | None]]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One table that somebody has: a file, several parts of one, or a table in a database.

    Parameters
    ----------
    name : str
        For reading: the stem of the file, or the table.
    files : tuple of str
        Path or pattern below the folder, as the configuration would have it.
    options : dict
        What must be said about how it is written.
    columns : dict of str to Profile
        By name, in the file's order.
    n_rows : int
        Rows sampled.
    whole : bool
        Whether the sample is everything.
    proven : bool
        Whether a manifest beside several files lists them.
    """

    name: str
    files: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Profile] = field(default_factory=dict)
    n_rows: int = 0
    whole: bool = True
    proven: bool = False


@dataclass
class _Sample:
    columns: Columns
    options: dict[str, Any]
    types: dict[str, str] = field(default_factory=dict)


def take_inventory(session: Session, root: Path) -> tuple[list[Dataset], list[str]]:
    """Look at every file below a folder.

    Parameters
    ----------
    session : Session
        Reads Parquet and DuckDB files.
    root : Path
        The data folder.

    Returns
    -------
    datasets : list of Dataset
        In the order of their paths.
    skipped : list of str
        Files left aside, and why.
    """
    datasets, skipped = [], []
    for pattern, paths in _groups(root):
        path = paths[0]
        kind = kind_of_name(path.name)
        if path.stem.lower().startswith(_TEXTS):
            continue
        if kind is None:
            if path.suffix.lower() not in (".md", ".sha256", ".py", ".html"):
                skipped.append(f"{pattern}: not a table that can be read")
            continue
        try:
            for name, sample in _samples(session, path, kind):
                datasets.append(_dataset(name, pattern, paths, sample))
        except (InputError, duckdb.Error, sqlite3.Error, UnicodeError) as error:
            why = str(error).splitlines()[0].removeprefix(f"{path.name}: ")
            skipped.append(f"{pattern}: {why}")
    return datasets, skipped


def _groups(root: Path) -> list[tuple[str, list[Path]]]:
    """Put numbered parts in one folder together: ``part-0.parquet`` and ``part-1.parquet``."""
    found: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*"), key=lambda p: p.relative_to(root).as_posix()):
        relative = path.relative_to(root)
        if path.is_file() and not any(part[0] in "._" for part in relative.parts):
            found.setdefault(re.sub(r"\d+", "*", relative.name) + "|" + str(relative.parent),
                             []).append(path)  # fmt: skip
    groups = []
    for key, paths in found.items():
        if len(paths) > 1 and kind_of_name(paths[0].name) in ("csv", "parquet", "jsonl"):
            folder = paths[0].relative_to(root).parent
            groups.append(((folder / key.split("|")[0]).as_posix(), paths))
        else:
            groups += [(path.relative_to(root).as_posix(), [path]) for path in paths]
    return sorted(groups)


def _dataset(name: str, pattern: str, paths: list[Path], sample: _Sample) -> Dataset:
    columns = {
        column: profile(column, cells, sample.types.get(column, "VARCHAR"))
        for column, cells in sample.columns.items()
        if column
    }
    n_rows = max((len(cells) for cells in sample.columns.values()), default=0)
    return Dataset(
        name=name,
        files=(pattern,),
        options=sample.options,
        columns=columns,
        n_rows=n_rows,
        whole=n_rows < SAMPLE_ROWS and len(paths) == 1,
        proven=any((paths[0].parent / mark).is_file() for mark in (MANIFEST, SUCCESS)),
    )


def _samples(session: Session, path: Path, kind: str) -> Iterator[tuple[str, _Sample]]:
    stem = path.name.split(".")[0]
    if kind == "csv":
        yield stem, _sample_csv(path)
    elif kind == "jsonl":
        yield stem, _sample_jsonl(path)
    elif kind == "parquet":
        yield stem, _sample_query(session, fill("read_parquet({p})", p=literal(str(path))))
    elif kind == "duckdb":
        yield from _sample_duckdb(session, path)
    else:
        yield from _sample_sqlite(path)


def _text(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the beginning of a file as text, and the encoding if it must be declared."""
    raw = b""
    for chunk in plain_bytes(path, lambda _: None, path.name):
        raw += chunk
        if len(raw) >= SAMPLE_BYTES:
            raw = raw[: raw.rfind(b"\n") + 1]
            break
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16"), {}
    try:
        return raw.decode("utf-8-sig"), {}
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), {"encoding": "cp1252"}


def _sample_csv(path: Path) -> _Sample:
    text, options = _text(path)
    lines = list(islice((line for line in text.splitlines() if line), SAMPLE_ROWS + 20))
    if not lines:
        raise InputError(f"{path.name}: file is empty")
    best, split, skip = _best_delimiter(lines)
    if best != ",":
        options["delimiter"] = best
    if skip:
        options["skip_lines"] = skip
    header = split(lines[skip]) or []
    columns: Columns = {name: [] for name in header}
    for line in lines[skip + 1 : skip + 1 + SAMPLE_ROWS]:
        fields = split(line)
        if fields is not None and len(fields) == len(header):
            for name, cell in zip(header, fields, strict=True):
                columns[name].append(cell or None)
    return _Sample(columns, options)


def _best_delimiter(
    lines: Sequence[str],
) -> tuple[str, Callable[[str], list[str] | None], int]:
    """Return the delimiter that splits most lines alike, and the lines above the header."""
    scores: list[tuple[int, int, int, str, int]] = []
    for mark in _DELIMITERS:
        split = _splitter(mark)
        widths = [len(split(line) or []) for line in lines[:200]]
        usual = max(set(widths), key=lambda width: (widths.count(width) * (width > 1), width))
        first = next((i for i, width in enumerate(widths[:10]) if width == usual), 0)
        scores.append((widths.count(usual) * (usual > 1), usual, -len(scores), mark, first))
    _, usual, _, mark, first = max(scores)
    return mark, _splitter(mark), first if usual > 1 else 0


def _splitter(mark: str) -> Callable[[str], list[str] | None]:
    patterns = Grammar(mark, '"').compiled()

    def split(line: str) -> list[str] | None:
        if '"' not in line:
            return line.split(mark)
        return patterns.split(line) if patterns.line.fullmatch(line) else None

    return split


def _sample_jsonl(path: Path) -> _Sample:
    text, options = _text(path)
    columns: Columns = {}
    for count, line in enumerate(islice(filter(None, text.splitlines()), SAMPLE_ROWS)):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            continue
        for name, value in _flat(record):
            columns.setdefault(name, [None] * count).append(value)
        for cells in columns.values():
            cells.extend([None] * (count + 1 - len(cells)))
    if not columns:
        raise InputError(f"{path.name}: no JSON object in any line")
    return _Sample(columns, options)


def _flat(record: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", _plain(item)) for inner, item in value.items())
        else:
            yield name, _plain(value)


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _sample_query(session: Session, relation: Any, **options: Any) -> _Sample:
    types = session.types(relation)
    picked = commas(fill("CAST({n} AS VARCHAR)", n=ident(name)) for name in types)
    query = fill("SELECT {p} FROM {r} LIMIT {n}", p=picked, r=relation, n=literal(SAMPLE_ROWS))
    rows = session.rows(query)
    columns: Columns = {name: [row[i] for row in rows] for i, name in enumerate(types)}
    return _Sample(columns, options, types)


def _sample_duckdb(session: Session, path: Path) -> Iterator[tuple[str, _Sample]]:
    alias = session.name("surveyed")
    session.run(fill("ATTACH {p} AS {a} (READ_ONLY)", p=literal(str(path)), a=alias))
    tables = session.rows(fill(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_catalog = {a} ORDER BY ALL", a=literal(alias.strip('"')),
    ))  # fmt: skip
    for schema, table in tables:
        relation = fill("{a}.{s}.{t}", a=alias, s=ident(schema), t=ident(table))
        name = table if schema == "main" else f"{schema}.{table}"
        yield table, _sample_query(session, relation, table=name)


def _sample_sqlite(path: Path) -> Iterator[tuple[str, _Sample]]:
    base = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        base.execute("PRAGMA trusted_schema = OFF")
        tables = base.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        for (table,) in tables.fetchall():
            if table.startswith("sqlite_"):
                continue
            query = fill("SELECT * FROM {t} LIMIT {n}", t=ident(table), n=literal(SAMPLE_ROWS))
            cursor = base.execute(str(query))
            rows = cursor.fetchall()
            names = [item[0] for item in cursor.description]
            columns: Columns = {
                name: [None if row[i] is None else str(row[i]) for row in rows]
                for i, name in enumerate(names)
            }
            yield table, _Sample(columns, {"table": table})
    finally:
        base.close()
