"""Rows put aside: why, and where they stand.

Every row is listed with its file and line. The first 1,000 of a reason also show the value and
the record; the record holds only columns that the mapping uses and that identify nobody. A line
that is no record shows nothing, since nobody knows which part of it is personal.

Reasons. Of a line: ``too_many_fields(4>3)``, ``too_few_fields(2<3)``, ``stray_quote``,
``nul_byte``, ``bad_byte``, ``field_too_long``, ``line_too_long``, ``bad_json``,
``not_an_object``. Of a value: ``missing <column>``, ``unknown_value``, ``not_a_number``,
``not_finite``, ``not_a_whole_number``, ``below_minimum(0)``, ``above_maximum(1)``,
``not_a_boolean``, ``bad_timestamp``, ``bad_date``, ``implausible_time``, ``cast_failed``. Of a
row among others: ``lookup_unmatched(<lookup>)``, ``orphan``, ``conflicting_key``,
``ambiguous_key``, ``other_currency``, ``future``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.sources.inputs import FILE_STEP, LoadedSource, TableInput
from helpers.sources.raw import column
from helpers.sources.session import Session, Sql, commas, fill, literal

__all__ = ["COLUMNS", "HELD_BACK", "ORPHAN", "Aside", "collect", "frame_of"]

COLUMNS = ["table", "source_file", "row", "reason", "column", "value_excerpt", "record"]
SHOWN_ROWS = 1_000
HELD_BACK = "future"
"""Rows after the as-of date: held back, not wrong, and never counted against a limit."""
ORPHAN = "orphan"
_RECORD_CHARACTERS = 200


@dataclass(frozen=True)
class Aside:
    """The rows of one table that were put aside: a table ``(_pos, _reason, _column, _excerpt)``."""

    relation: Sql
    n_rows: int
    counts: dict[tuple[str, str], int]


def collect(session: Session, rows: Sql, repeats: Sql, given: TableInput) -> Aside:
    """Gather bad lines, rows without a group key, judged rows and conflicting keys.

    Parameters
    ----------
    session : Session
        Holds the tables.
    rows, repeats : Sql
        Judged rows, and verdicts on repeated ones.
    given : TableInput
        Bad lines and keyless rows.

    Returns
    -------
    Aside
        With counts by (reason, column).
    """
    import pyarrow as pa

    bad = pa.table(
        {
            "_pos": [index * FILE_STEP + line.row for index, line in given.bad],
            "reason": [line.reason for _, line in given.bad],
        },
        schema=pa.schema([("_pos", pa.int64()), ("reason", pa.string())]),
    )
    lines = session.load("bad_lines", bad)
    empty = Sql("NULL::VARCHAR AS _column, NULL::VARCHAR AS _excerpt")
    parts = [
        fill("SELECT _pos, reason AS _reason, {e} FROM {l}", e=empty, l=lines),
        fill("SELECT _pos, _reason, _column, _excerpt FROM {r} WHERE _reason IS NOT NULL", r=rows),
        fill(
            "SELECT _pos, verdict, {k}, key FROM {r} WHERE verdict <> 'duplicate'",
            k=literal(", ".join(given.table.key)),
            r=repeats,
        ),
    ]
    parts += [
        fill("SELECT pos, 'missing ' || name, name, NULL FROM {k}", k=source.keyless)
        for source in given.sources
        if source.keyless is not None
    ]
    table = session.name("aside")
    union = commas(parts, " UNION ALL ")
    session.run(fill("CREATE TEMP TABLE {t} AS {u}", t=table, u=union))
    counted = session.rows(fill(
        "SELECT _reason, coalesce(_column, ''), count(*) FROM {t} GROUP BY ALL ORDER BY ALL",
        t=table,
    ))  # fmt: skip
    counts = {(reason, name): int(n) for reason, name, n in counted}
    return Aside(table, sum(counts.values()), counts)


def frame_of(session: Session, given: TableInput, aside: Aside) -> pd.DataFrame:
    """List every row put aside, in the order of files and lines.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`; excerpt and record for the first 1,000 rows of a reason.
    """
    ranked = session.name("ranked")
    session.run(fill(
        "CREATE TEMP TABLE {n} AS SELECT _pos, _reason, _column, _excerpt, row_number() OVER "
        "(PARTITION BY _reason ORDER BY _pos) <= {s} AS shown FROM {t}",
        n=ranked, s=literal(SHOWN_ROWS), t=aside.relation,
    ))  # fmt: skip
    shown = fill("SELECT DISTINCT _pos // {s} FROM {n} WHERE shown ORDER BY 1",
                 s=literal(FILE_STEP), n=ranked)  # fmt: skip
    files = [int(number) for (number,) in session.rows(shown)]
    records = commas(
        [Sql("SELECT NULL::BIGINT AS pos, NULL::VARCHAR AS record WHERE FALSE")]
        + [_records(source, ranked, files) for source in given.sources],
        " UNION ALL ",
    )
    frame = session.frame(fill(
        "SELECT n._pos AS pos, CAST(n._reason AS {reasons}) AS reason, "
        "CAST(coalesce(n._column, '') AS {names}) AS \"column\", "
        "CASE WHEN n.shown THEN n._excerpt END AS value_excerpt, r.record AS record "
        "FROM {n} AS n LEFT JOIN ({r}) AS r ON n._pos = r.pos ORDER BY n._pos, n._reason",
        reasons=_enum({reason for reason, _ in aside.counts}),
        names=_enum({name for _, name in aside.counts}), n=ranked, r=records,
    ))  # fmt: skip
    session.drop(ranked)
    positions = frame.pop("pos").astype("int64")
    names = [file.name for file in given.files]
    known = sorted(set(names))
    of_file = np.array([known.index(name) for name in names], dtype=np.int64)
    codes: npt.NDArray[np.int64] = of_file[positions.to_numpy() // FILE_STEP]
    frame["source_file"] = pd.Categorical.from_codes(codes, pd.Index(known))
    frame["table"] = given.table.name
    frame["row"] = positions % FILE_STEP
    return frame[COLUMNS].astype({name: "str" for name in COLUMNS if name != "row"})


def _enum(words: set[str]) -> Sql:
    """Return a type of few words: millions of rows then share them on their way out."""
    return fill("ENUM({w})", w=commas(literal(word) for word in sorted(words) or [""]))


def _records(source: LoadedSource, ranked: Sql, files: list[int]) -> Sql:
    """Return the shown rows of one source, all in ``files``, as JSON of its own column names."""
    hidden = {n for p in source.mapping.planned if p.column.personal for n in p.names}
    open_names = {n for p in source.mapping.planned if not p.column.personal for n in p.names}
    pairs = []
    for index, name in enumerate(source.mapping.names):
        if name not in hidden or name in open_names:
            cut = fill("left(CAST({c} AS VARCHAR), {n})", c=column(index),
                       n=literal(_RECORD_CHARACTERS))  # fmt: skip
            pairs.append(fill("{k}, {v}", k=literal(name), v=cut))
    return fill(
        "SELECT pos, CAST(json_object({p}) AS VARCHAR) FROM {r} "
        "WHERE pos IN (SELECT _pos FROM {n} WHERE shown)",
        p=commas(pairs),
        r=source.again(files) if source.again is not None else source.relation,
        n=ranked,
    )
