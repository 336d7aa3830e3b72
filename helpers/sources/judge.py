"""Every row of a table gets its verdict: kept, put aside with a reason, or a duplicate."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from helpers.config import CompanyConfig
from helpers.contract import Table
from helpers.errors import GateError
from helpers.sources.as_of import BUCKET_SECONDS, cutoff, day_quarters
from helpers.sources.folding import MISFITS, bind_error
from helpers.sources.inputs import TableInput
from helpers.sources.issues import Issues
from helpers.sources.keys import drop_repeats
from helpers.sources.limits import check_shares, place
from helpers.sources.quarantine import HELD_BACK, ORPHAN, Aside, collect, frame_of
from helpers.sources.session import Session, Sql, commas, fill, ident, literal
from helpers.sources.values import folded

__all__ = [
    "Judged",
    "hold_back",
    "judge",
    "materialise",
    "newest_day",
    "other_currencies",
    "rows_a_day",
    "staged_rows",
]

RESPELLED = "ids that differ only in case or blanks from those of accounts"
_META = ("_pos", "_reason", "_column", "_excerpt", "_raw_id")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One table with its verdicts.

    Parameters
    ----------
    given : TableInput
        Where the rows came from.
    kept : Sql
        Query of the rows kept, in contract columns.
    counts : dict of str to int
        The row of the reconciliation.
    quarantine : DataFrame
        The rows put aside, listed.
    """

    given: TableInput
    kept: Sql
    counts: dict[str, int]
    quarantine: pd.DataFrame


def materialise(
    session: Session, given: TableInput, *, config: CompanyConfig, accounts: Sql | None
) -> Sql:
    """Compute the mapped rows of a table once, with account ids spelled as in ``accounts``.

    Parameters
    ----------
    session : Session
        Holds the result.
    given : TableInput
        Loaded and staged.
    config : CompanyConfig
        How ids are compared.
    accounts : Sql, optional
        ``(folded, spelled)`` of the known accounts; without it nothing is an orphan.

    Returns
    -------
    Sql
        Name of the table of rows.

    Raises
    ------
    InputError
        If an expression does not fit the data.
    """
    name = session.name("rows")
    query = fill("SELECT * FROM {u}", u=staged_rows(given))
    if accounts is not None and "account_id" in given.table.names:
        query = _with_accounts(staged_rows(given), accounts, config)
    try:
        session.run(fill("CREATE TEMP TABLE {n} AS {q}", n=name, q=query))
    except MISFITS as error:
        raise bind_error(f"sources.{given.table.name}", error) from None
    return name


def staged_rows(given: TableInput) -> Sql:
    """Return the rows of all sources; a flag that a source does not raise is null there."""
    flags = sorted({flag.name for source in given.sources for flag in source.staged.flags})
    parts = []
    for source in given.sources:
        own = {flag.name for flag in source.staged.flags}
        columns = [ident(column) for column in given.table.names]
        columns += [Sql(name) for name in _META]
        columns += [flag if flag in own else fill("NULL::BOOLEAN AS {f}", f=flag) for flag in flags]
        parts.append(fill("SELECT {c} FROM {q}", c=commas(columns), q=source.staged.query))
    return fill("({p})", p=commas(parts, " UNION ALL "))


def _with_accounts(union: Sql, accounts: Sql, config: CompanyConfig) -> Sql:
    fold = folded(Sql("s.account_id"), case_sensitive=config.ids.case_sensitive)
    unknown = Sql("(s._reason IS NULL AND s.account_id IS NOT NULL AND a.folded IS NULL)")
    return fill(
        "SELECT s.* REPLACE (coalesce(a.spelled, s.account_id) AS account_id, "
        "CASE WHEN {u} THEN {o} ELSE s._reason END AS _reason, "
        "CASE WHEN {u} THEN 'account_id' ELSE s._column END AS _column, "
        "CASE WHEN {u} THEN s.account_id ELSE s._excerpt END AS _excerpt) "
        "FROM {rows} AS s LEFT JOIN {a} AS a ON a.folded = {f}",
        u=unknown, o=literal(ORPHAN), rows=union, a=accounts, f=fold,
    )  # fmt: skip


def rows_a_day(
    session: Session, rows: Sql, table: Table, zone: str
) -> dict[dt.date, dict[int, int]]:
    """Count the readable rows of a dated table by local day and quarter hour.

    Rows of unknown accounts are among them.
    """
    if table.when is None:
        return {}
    counted = fill(
        "SELECT epoch_us({w}) // {b} AS bucket, count(*) FROM {r} "
        "WHERE {w} IS NOT NULL AND (_reason IS NULL OR _reason = {o}) "
        "GROUP BY bucket ORDER BY bucket",
        w=ident(table.when), b=literal(BUCKET_SECONDS * 1_000_000), r=rows, o=literal(ORPHAN),
    )  # fmt: skip
    is_date = table.column(table.when).kind == "date"
    return day_quarters(session.rows(counted), "UTC" if is_date else zone)


def newest_day(session: Session, kept: Sql, table: Table) -> dt.date | None:
    """Return the day (UTC) of a dated table's newest row; ``None`` without any."""
    if table.when is None:
        return None
    found: dt.date | None = session.value(
        fill(
            "SELECT max(CAST(CAST({w} AS TIMESTAMP) AS DATE)) FROM {k}", w=ident(table.when), k=kept
        )
    )
    return found


def hold_back(
    session: Session, rows: Sql, table: Table, *, config: CompanyConfig, as_of: dt.date
) -> None:
    """Give the reason ``future`` to rows dated after the as-of date, clock skew allowed for.

    Also to those that are broken in another way: what is wrong with later rows is not known at
    the as-of date, and would else count against a table of which only the earlier rows count.
    """
    if table.when is None:
        return
    day = as_of + dt.timedelta(days=config.thresholds.clock_skew_days)
    if table.column(table.when).kind == "date":
        limit = fill("CAST({d} AS TIMESTAMP)", d=literal(day.isoformat()))
    else:
        moment = cutoff(day, config.company.time_zone)
        limit = fill("CAST({d} AS TIMESTAMPTZ)", d=literal(moment.isoformat()))
    later = fill("{w} >= {l}", w=ident(table.when), l=limit)
    _put_aside(session, rows, HELD_BACK, table.when, later, broken_too=True)
    if "loaded_at" in table.names:
        moment = cutoff(as_of, config.company.time_zone)
        limit = fill("CAST({d} AS TIMESTAMPTZ)", d=literal(moment.isoformat()))
        later = fill("loaded_at >= {l}", l=limit)
        _put_aside(session, rows, HELD_BACK, "loaded_at", later, broken_too=True)


def other_currencies(session: Session, rows: Sql, table: Table, currency: str) -> None:
    """Give the reason ``other_currency`` to rows whose money cannot be added to the rest."""
    if "currency" in table.names:
        test = fill("upper(currency) <> {c}", c=literal(currency))
        _put_aside(session, rows, "other_currency", "currency", test)


def _put_aside(
    session: Session, rows: Sql, reason: str, column: str, test: Sql, *, broken_too: bool = False
) -> None:
    """Give rows a reason; one that they have already stays, unless ``broken_too``.

    What is wrong with ``column`` itself stays in any case.
    """
    also = fill("_reason = {o}", o=literal(ORPHAN))
    if broken_too:
        also = fill("coalesce(_column, '') <> {c}", c=literal(column))
    session.run(fill(
        "UPDATE {r} SET _reason = {h}, _column = {n}, _excerpt = CAST({w} AS VARCHAR) "
        "WHERE {t} AND (_reason IS NULL OR {a})",
        r=rows, h=literal(reason), n=literal(column), w=ident(column), t=test, a=also,
    ))  # fmt: skip


def judge(
    session: Session, given: TableInput, rows: Sql, *, config: CompanyConfig, issues: Issues
) -> Judged:
    """Find duplicates and conflicts, reconcile, and compare with the limits.

    Parameters
    ----------
    session : Session
        Holds the rows.
    given : TableInput
        Loaded and staged.
    rows : Sql
        From :func:`materialise`, rows of the future held back.
    config : CompanyConfig
        Limits, and how ids are compared.
    issues : Issues
        Receives what was noticed.

    Returns
    -------
    Judged
        Counts reconciled.

    Raises
    ------
    InputError
        If too many rows break the contract.
    GateError
        If rows read and rows accounted for ever differ.
    """
    sensitive = config.ids.case_sensitive
    repeats = drop_repeats(session, rows, given.table, case_sensitive=sensitive)
    aside = collect(session, rows, repeats, given)
    kept = fill(
        "(SELECT {c} FROM {r} WHERE _reason IS NULL AND _pos NOT IN (SELECT _pos FROM {d}))",
        c=commas(ident(name) for name in given.table.names),
        r=rows,
        d=repeats,
    )
    counts = _reconcile(session, given, kept, repeats, aside)
    _note_flags(session, given, rows, issues)
    if given.table.name == "accounts":
        _note_ambiguous(session, rows, sensitive, issues)
    elif "account_id" in given.table.names:
        _note_respelled(session, rows, given.table.name, issues)
    check_shares(session, given, aside, n_in=counts["rows_in"], config=config)
    listed = frame_of(session, given, aside)
    for table in given.temporary:
        session.drop(table)
    return Judged(given=given, kept=kept, counts=counts, quarantine=listed)


def _reconcile(
    session: Session, given: TableInput, kept: Sql, repeats: Sql, aside: Aside
) -> dict[str, int]:
    """Count independently on both sides and compare."""
    n_kept = int(session.value(fill("SELECT count(*) FROM {k}", k=kept)))
    same = fill("SELECT count(*) FROM {r} WHERE verdict = 'duplicate'", r=repeats)
    n_same = int(session.value(same))
    n_source = sum(source.n_source for source in given.sources)
    n_merged = sum(source.n_merged for source in given.sources)
    n_filtered = sum(source.n_filtered for source in given.sources)
    n_in = n_source - n_merged - n_filtered
    if n_in != n_kept + aside.n_rows + n_same:
        raise GateError(
            f"{given.table.name}: {n_in:,} rows went in, but {n_kept:,} were kept, "
            f"{aside.n_rows:,} quarantined and {n_same:,} duplicates. Nothing may be lost; this is "
            "a defect of the reader."
        )
    return {
        "rows_source": n_source,
        "rows_merged": n_merged,
        "rows_filtered": n_filtered,
        "rows_in": n_in,
        "rows_kept": n_kept,
        "rows_quarantined": aside.n_rows,
        "rows_duplicate": n_same,
    }


def _note_flags(session: Session, given: TableInput, rows: Sql, issues: Issues) -> None:
    found = {(flag.name, flag.column, flag.rule) for s in given.sources for flag in s.staged.flags}
    for name, column, rule in sorted(found):
        query = fill(
            "SELECT count(*) FILTER ({f}), count({f}), min(_pos) FILTER ({f}) FROM {r}",
            r=rows, f=name,
        )  # fmt: skip
        n_rows, total, first = session.rows(query)[0]
        if n_rows:
            issues.add(given.table.name, column, rule, n_rows, total, place(given, first))


def _note_ambiguous(session: Session, rows: Sql, sensitive: bool, issues: Issues) -> None:
    """Accounts whose ids differ in writing only: one customer, or two?"""
    found = fill(
        "SELECT sum(n), min(example), (SELECT count(*) FROM {r}) FROM (SELECT count(*) AS n, "
        "min(_raw_id) || ' / ' || max(_raw_id) AS example FROM {r} WHERE account_id IS NOT NULL "
        "GROUP BY {f} HAVING count(DISTINCT _raw_id) > 1)",
        r=rows, f=folded(Sql("account_id"), case_sensitive=sensitive),
    )  # fmt: skip
    n_rows, example, total = session.rows(found)[0]
    if n_rows:
        rule = "ambiguous_key: ids that differ in writing only"
        issues.add("accounts", "account_id", rule, n_rows, total, example)


def _note_respelled(session: Session, rows: Sql, table: str, issues: Issues) -> None:
    """Count the rows whose account is found only once case, blanks and odd characters are off."""
    respelled = Sql("_raw_id IS DISTINCT FROM account_id AND account_id IS NOT NULL")
    query = fill(
        "SELECT count(*) FILTER ({d}), count(*), min(_raw_id || ' = ' || account_id) FILTER ({d}) "
        "FROM {r} WHERE _reason IS NULL",
        d=respelled, r=rows,
    )  # fmt: skip
    n_rows, total, example = session.rows(query)[0]
    if n_rows:
        issues.add(table, "account_id", RESPELLED, n_rows, total, example, "note")
