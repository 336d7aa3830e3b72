"""Ids across tables: one spelling an account, nothing twice, nothing of an unknown account.

Which row of several is kept never depends on the order of the file: the newest by the table's
own date, then the first by all columns in contract order.
"""

from helpers.contract import Table
from helpers.sources.session import Session, Sql, commas, fill, ident, literal
from helpers.sources.values import folded

__all__ = ["account_spelling", "drop_repeats", "user_spelling"]


def account_spelling(session: Session, kept_accounts: Sql, *, case_sensitive: bool) -> Sql:
    """Return a table ``(folded, spelled)`` of the accounts that exist."""
    name = session.name("accounts_known")
    session.run(fill(
        "CREATE TEMP TABLE {n} AS SELECT {f} AS folded, account_id AS spelled FROM {a}",
        n=name, f=folded(Sql("account_id"), case_sensitive=case_sensitive), a=kept_accounts,
    ))  # fmt: skip
    return name


def user_spelling(
    session: Session, users: Sql | None, others: list[Sql], *, case_sensitive: bool
) -> Sql | None:
    """Return a table ``(written, spelled)`` of user ids to rewrite, or ``None`` if there are none.

    The users table's own spelling wins; without one, the first in alphabetical order.
    """
    parts = [fill("SELECT DISTINCT user_id, 1 AS rank FROM {t}", t=table) for table in others]
    if users is not None:
        parts.append(fill("SELECT DISTINCT user_id, 0 AS rank FROM {t}", t=users))
    if not parts:
        return None
    name = session.name("user_spelling")
    fold = folded(Sql("user_id"), case_sensitive=case_sensitive)
    session.run(fill(
        "CREATE TEMP TABLE {n} AS SELECT written, spelled FROM (SELECT user_id AS written, "
        "first_value(user_id) OVER (PARTITION BY {f} ORDER BY rank, user_id) AS spelled "
        "FROM ({u}) WHERE user_id IS NOT NULL) WHERE written <> spelled "
        "GROUP BY ALL ORDER BY ALL",
        n=name, f=fold, u=commas(parts, " UNION ALL "),
    ))  # fmt: skip
    if session.value(fill("SELECT count(*) FROM {n}", n=name)):
        return name
    session.drop(name)
    return None


def drop_repeats(session: Session, rows: Sql, table: Table, *, case_sensitive: bool) -> Sql:
    """Find duplicates and conflicting keys among rows without a reason.

    Parameters
    ----------
    session : Session
        Holds the tables.
    rows : Sql
        Table with the contract columns, ``_pos``, ``_reason`` and ``_raw_id``.
    table : Table
        Its key, its date, its columns.
    case_sensitive : bool
        Whether ids that differ in case are different.

    Returns
    -------
    Sql
        Table ``(_pos, verdict, key)``: ``duplicate``, ``conflicting_key`` or ``ambiguous_key``;
        the key as text where it names nobody.
    """
    result = session.name("repeats")
    session.run(fill("CREATE TEMP TABLE {r} (_pos BIGINT, verdict VARCHAR, key VARCHAR)", r=result))
    same = commas(_compared(table, name, case_sensitive) for name in table.names)
    good = fill("(SELECT * FROM {rows} WHERE _reason IS NULL)", rows=rows)
    order = commas([ident(name) for name in table.names] + [Sql("_pos")])
    session.run(fill(
        "INSERT INTO {r} SELECT _pos, 'duplicate', NULL FROM (SELECT _pos, row_number() OVER "
        "(PARTITION BY {same} ORDER BY {order}) AS n FROM {few}) WHERE n > 1",
        r=result, same=same, order=order, few=_repeated(good, same),
    ))  # fmt: skip
    if table.key:
        _conflicts(session, result, good, table, case_sensitive)
    return result


def _compared(table: Table, name: str, case_sensitive: bool) -> Sql:
    is_id = table.column(name).kind == "id"
    return folded(ident(name), case_sensitive=case_sensitive) if is_id else ident(name)


def _repeated(rows: Sql, by: Sql) -> Sql:
    """Return only the rows whose hash of ``by`` occurs more than once: usually very few."""
    return fill(
        "(SELECT * FROM {r} WHERE hash({by}) IN "
        "(SELECT hash({by}) FROM {r} GROUP BY 1 HAVING count(*) > 1))",
        r=rows,
        by=by,
    )


def _conflicts(
    session: Session, result: Sql, good: Sql, table: Table, case_sensitive: bool
) -> None:
    """Several rows of one key with other content: keep one, name the rest."""
    left = fill("(SELECT * FROM {g} WHERE _pos NOT IN (SELECT _pos FROM {r}))", g=good, r=result)
    present = commas((fill("{k} IS NOT NULL", k=ident(name)) for name in table.key), " AND ")
    left = fill("(SELECT * FROM {l} WHERE {p})", l=left, p=present)
    key = commas(_compared(table, name, case_sensitive) for name in table.key)
    newest = [fill("{w} DESC NULLS LAST", w=ident(table.when))] if table.when else []
    order = commas([*newest, *(ident(name) for name in table.names), Sql("_pos")])
    verdict = literal("conflicting_key")
    if table.name == "accounts":
        verdict = Sql(
            "CASE WHEN _raw_id IS DISTINCT FROM first_value(_raw_id) OVER w "
            "THEN 'ambiguous_key' ELSE 'conflicting_key' END"
        )
    session.run(fill(
        "INSERT INTO {r} SELECT _pos, verdict, shown FROM (SELECT _pos, {s} AS shown, "
        "row_number() OVER w AS n, {v} AS verdict FROM {few} "
        "WINDOW w AS (PARTITION BY {key} ORDER BY {order})) WHERE n > 1",
        r=result, v=verdict, few=_repeated(left, key), key=key, order=order, s=_shown(table),
    ))  # fmt: skip


def _shown(table: Table) -> Sql:
    """Return the key as text for people, or null where it names a person."""
    if any(table.column(name).personal for name in table.key):
        return literal(None)
    parts = commas(fill("CAST({k} AS VARCHAR)", k=ident(name)) for name in table.key)
    return fill("concat_ws(', ', {p})", p=parts)
