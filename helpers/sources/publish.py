"""What a reading leaves behind: clean tables on disk, and the frames that account for them."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers.contract import TABLES, Table
from helpers.sources.judge import Judged
from helpers.sources.keys import user_spelling
from helpers.sources.quarantine import COLUMNS
from helpers.sources.session import Session, Sql, commas, fill, ident, literal

__all__ = ["Reading", "quarantine_frame", "reconciliation_frame", "sources_frame", "write_tables"]

_COUNTS = ("rows_source", "rows_merged", "rows_filtered", "rows_in", "rows_kept",
           "rows_quarantined", "rows_duplicate")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What :func:`helpers.sources.read_company` found.

    Parameters
    ----------
    reconciliation : DataFrame
        One row a table that has a source: ``table``, ``rows_source`` (records and bad lines),
        ``rows_merged`` (folded by group_by), ``rows_filtered`` (left out by where), ``rows_in``
        (the rest), ``rows_kept``, ``rows_quarantined``, ``rows_duplicate``.
    quarantine : DataFrame
        Every row put aside: ``table``, ``source_file``, ``row`` (physical line of a text file,
        record number otherwise), ``reason``, ``column``, ``value_excerpt``, ``record``.
    issues : DataFrame
        What was noticed while reading; the columns of the audit's ``issues``.
    sources : DataFrame
        One row a file, and one for each table without any: ``state`` is present, absent or
        empty; ``first`` and ``last`` (UTC) are of the table's rows kept.
    as_of : date
        The cutoff in force.
    tables : dict of str to Path
        The clean tables written.
    """

    reconciliation: pd.DataFrame
    quarantine: pd.DataFrame
    issues: pd.DataFrame
    sources: pd.DataFrame
    as_of: dt.date
    tables: dict[str, Path] = field(default_factory=dict)


def write_tables(
    session: Session,
    judged: Mapping[str, Judged],
    out_folder: Path,
    *,
    case_sensitive: bool,
    progress: Callable[[str], None],
) -> dict[str, Path]:
    """Write all tables beside their final names, then rename all of them.

    Parameters
    ----------
    session : Session
        Holds the rows.
    judged : mapping of str to Judged
        The tables that have a source; files of other contract tables are removed.
    out_folder : Path
        Existing folder.
    case_sensitive : bool
        Whether user ids that differ in case are different.
    progress : callable
        Told which table has been written.

    Returns
    -------
    dict of str to Path
        Table to file.
    """
    respelled = _user_spelling(session, judged, case_sensitive)
    written = {name: out_folder / f"{name}.parquet" for name in judged}
    try:
        for name, target in written.items():
            table = TABLES[name]
            spelling = respelled if "user_id" in table.names else None
            session.run(fill(
                "COPY ({q}) TO {p} (FORMAT parquet, COMPRESSION zstd)",
                q=_ordered(table, judged[name].kept, spelling),
                p=literal(str(target.resolve().with_suffix(".tmp"))),
            ))  # fmt: skip
            progress(f"{name}: written")
        for name in TABLES:
            if name not in written:
                (out_folder / f"{name}.parquet").unlink(missing_ok=True)
        for target in written.values():
            target.with_suffix(".tmp").replace(target)
    finally:
        for target in written.values():
            target.with_suffix(".tmp").unlink(missing_ok=True)
    return written


def _user_spelling(
    session: Session, judged: Mapping[str, Judged], case_sensitive: bool
) -> Sql | None:
    users = judged["users"].kept if "users" in judged else None
    others = [
        item.kept
        for name, item in judged.items()
        if name != "users" and "user_id" in TABLES[name].names
    ]
    return user_spelling(session, users, others, case_sensitive=case_sensitive)


def _ordered(table: Table, kept: Sql, respelled: Sql | None) -> Sql:
    """Return the rows in contract columns, sorted by account, time and everything else."""
    if respelled is not None:
        kept = fill(
            "(SELECT t.* REPLACE (coalesce(s.spelled, t.user_id) AS user_id) FROM {k} AS t "
            "LEFT JOIN {s} AS s ON t.user_id = s.written)", k=kept, s=respelled,
        )  # fmt: skip
    lead = [name for name in ("account_id", table.when) if name in table.names and name]
    order = [*lead, *(name for name in table.names if name not in lead)]
    return fill(
        "SELECT {c} FROM {k} ORDER BY {o}",
        c=commas(ident(name) for name in table.names),
        k=kept,
        o=commas(ident(name) for name in order),
    )


def reconciliation_frame(judged: Mapping[str, Judged]) -> pd.DataFrame:
    """Return one row a table: rows read, merged, filtered, in, kept, quarantined, duplicate."""
    rows = [{"table": name, **item.counts} for name, item in judged.items()]
    types = {"table": "str", **dict.fromkeys(_COUNTS, "int64")}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def quarantine_frame(judged: Mapping[str, Judged]) -> pd.DataFrame:
    """Return every row put aside, table by table."""
    frames = [item.quarantine for item in judged.values() if len(item.quarantine)]
    if frames:
        return pd.concat(frames, ignore_index=True)
    types = {name: "int64" if name == "row" else "str" for name in COLUMNS}
    return pd.DataFrame(columns=COLUMNS).astype(types)


def sources_frame(session: Session, judged: Mapping[str, Judged]) -> pd.DataFrame:
    """Return one row a file, and one for each table without any."""
    rows: list[dict[str, object]] = []
    for name, table in TABLES.items():
        if name not in judged:
            rows.append({"table": name, "state": "absent"})
            continue
        first, last = _span(session, table, judged[name].kept)
        given = judged[name].given
        seen: set[str] = set()  # a wide file feeds many sources
        for file, count in zip(given.files, given.counts, strict=True):
            if file.name in seen:
                continue
            seen.add(file.name)
            rows.append({
                "table": name, "file": file.name, "state": "present" if count else "empty",
                "kind": file.kind, "bytes": file.n_bytes, "rows": count, "sha256": file.sha256,
                "first": first, "last": last,
            })  # fmt: skip
    texts = ["table", "file", "state", "kind", "sha256"]
    columns = ["table", "file", "state", "kind", "bytes", "rows", "sha256", "first", "last"]
    frame = pd.DataFrame(rows, columns=columns)
    frame[texts] = frame[texts].fillna("").astype("str")
    frame[["bytes", "rows"]] = frame[["bytes", "rows"]].astype("Int64")
    for column in ("first", "last"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    return frame


def _span(session: Session, table: Table, kept: Sql) -> tuple[object, object]:
    """Return the first and last time (naive UTC) of the rows kept."""
    when = table.when or ("signed_up_at" if table.name == "accounts" else None)
    if when is None:
        return None, None
    moment = fill("CAST({w} AS TIMESTAMP)", w=ident(when))
    found = session.rows(fill("SELECT min({m}), max({m}) FROM {k}", m=moment, k=kept))
    return found[0][0], found[0][1]
