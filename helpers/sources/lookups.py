"""Columns taken from a second file by key: exactly one row a key, and every row finds one."""

from collections.abc import Sequence

from helpers.config.sources import Lookup
from helpers.errors import InputError
from helpers.sources import values
from helpers.sources.mapping import Mapping, lookup_column
from helpers.sources.raw import Loaded, RawFile, column
from helpers.sources.session import Session, Sql, commas, fill, literal

__all__ = ["join_lookup", "load_lookup"]


def load_lookup(
    session: Session,
    files: Sequence[RawFile],
    lookup: Lookup,
    names: Sequence[str],
    *,
    key: str,
    case_sensitive: bool,
) -> tuple[Sql, list[tuple[str, Loaded]]]:
    """Read a lookup into a table with ``id`` (folded key) and ``k0``, ``k1``, ...

    Parameters
    ----------
    session : Session
        Holds the table.
    files : sequence of RawFile
        The lookup's opened files.
    lookup : Lookup
        Its key column.
    names : sequence of str
        Columns to take, in this order.
    key : str
        Configuration key, for errors.
    case_sensitive : bool
        Whether ids that differ in case are different.

    Returns
    -------
    table : Sql
        Name of the table.
    loaded : list of (file name, Loaded)
        For the bad lines.

    Raises
    ------
    InputError
        If a column is missing or a key occurs more than once.
    """
    for file in files:
        lacking = [name for name in [lookup.key, *names] if name not in file.columns]
        if lacking:
            raise InputError(
                f"{key}: {file.name} has no column(s) {lacking}. Found: {list(file.columns)}."
            )
    parts, loaded = [], []
    for file in files:
        result = file.load(session, [lookup.key, *names])
        text = values.as_text(column(0), file.columns[lookup.key])
        identity = values.clean_id(values.clean_text(text, []))
        picked = [fill("{i} AS id", i=values.folded(identity, case_sensitive=case_sensitive))]
        picked += [fill("{c} AS k{n}", c=column(n + 1), n=literal(n)) for n in range(len(names))]
        parts.append(fill("SELECT {p} FROM {r}", p=commas(picked), r=result.relation))
        loaded.append((file.name, result))
    table = session.name("lookup")
    union = commas(parts, " UNION ALL ")
    session.run(fill("CREATE TEMP TABLE {t} AS SELECT * FROM ({u}) WHERE id IS NOT NULL",
                     t=table, u=union))  # fmt: skip
    repeated = session.rows(fill(
        "SELECT id, count(*) AS n FROM {t} GROUP BY id HAVING count(*) > 1 ORDER BY n DESC, id",
        t=table,
    ))  # fmt: skip
    if repeated:
        raise InputError(
            f"{key}: the key {lookup.key!r} must occur once, but {len(repeated):,} value(s) occur "
            f"more often, e.g. {repeated[0][0]!r} {repeated[0][1]} times. A join would multiply "
            "rows; make the file unique in that column."
        )
    return table, loaded


def join_lookup(
    relation: Sql, table: Sql, index: int, match: Sql, mapping: Mapping, name: str
) -> Sql:
    """Return ``relation`` with the lookup's columns ``l{j}_{k}`` and ``hit{j}``."""
    taken = [
        fill("k.k{n} AS {c}", n=literal(n), c=lookup_column(index, n))
        for n in range(len(mapping.lookups[name]))
    ]
    hit = fill("k.id IS NOT NULL AS hit{j}", j=literal(index))
    return fill(
        "(SELECT r.*, {c} FROM {r} AS r LEFT JOIN {t} AS k ON {m} = k.id)",
        c=commas([*taken, hit]),
        r=relation,
        t=table,
        m=match,
    )
