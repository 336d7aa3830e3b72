"""Whether too many rows of a table were put aside, and what to say then."""

from helpers.config import CompanyConfig
from helpers.errors import InputError
from helpers.sources.dates import SLASHED, order_evidence
from helpers.sources.inputs import FILE_STEP, TableInput
from helpers.sources.quarantine import HELD_BACK, ORPHAN, Aside
from helpers.sources.session import Session, fill, literal

__all__ = ["check_shares", "place"]

_WORST = 4


def check_shares(
    session: Session, given: TableInput, aside: Aside, *, n_in: int, config: CompanyConfig
) -> None:
    """Raise if too many rows of a table break the contract, or belong to nobody.

    Parameters
    ----------
    session : Session
        For the examples.
    given : TableInput
        The table and its files.
    aside : Aside
        What was put aside.
    n_in : int
        Rows read, after filter and fold.
    config : CompanyConfig
        The limits.

    Raises
    ------
    InputError
        Naming the worst reasons with a line each, and what to do.
    """
    name = given.table.name
    held = sum(n for (reason, _), n in aside.counts.items() if reason == HELD_BACK)
    orphans = sum(n for (reason, _), n in aside.counts.items() if reason == ORPHAN)
    broken = aside.n_rows - held - orphans
    judged = n_in - held
    limit, orphan_limit = config.quarantine_limit(name), config.thresholds.max_orphan_share
    problems = []
    if broken and broken > limit * judged:
        problems += _undeclared_order(session, given, aside)
        problems.append(
            f"{name}: {broken:,} of {judged:,} rows ({broken / judged:.1%}) break the contract; "
            f"at most {limit:.1%} may (max_quarantine_share.{name}).\n"
            + _worst(session, given, aside, {HELD_BACK, ORPHAN})
            + f"\n  Mend the export or the mapping under sources.{name}, or raise the limit."
        )
    if orphans and orphans > orphan_limit * judged:
        excluded = {reason for reason, _ in aside.counts if reason != ORPHAN}
        problems.append(
            f"{name}: {orphans:,} of {judged:,} rows ({orphans / judged:.1%}) belong to no account "
            f"in the accounts table; at most {orphan_limit:.1%} may "
            "(thresholds.max_orphan_share).\n"
            + _worst(session, given, aside, excluded)
            + "\n  Check that both files use the same id, that the accounts file is complete, and "
            f"that ids are written alike.{_id_hint(session, aside)}"
        )
    if problems:
        raise InputError("\n".join(problems))


def _worst(session: Session, given: TableInput, aside: Aside, leave_out: set[str]) -> str:
    ranked = sorted(
        (
            (n, reason, name)
            for (reason, name), n in aside.counts.items()
            if reason not in leave_out
        ),
        key=lambda item: (-item[0], item[1], item[2]),
    )
    lines = []
    for n, reason, name in ranked[:_WORST]:
        query = fill(
            "SELECT _pos, _excerpt FROM {t} WHERE _reason = {r} AND coalesce(_column, '') = {c} "
            "ORDER BY _pos LIMIT 1", t=aside.relation, r=literal(reason), c=literal(name),
        )  # fmt: skip
        pos, excerpt = session.rows(query)[0]
        where = f" in {name}" if name and name not in reason else ""
        shown = f": {excerpt!r}" if excerpt is not None else ""
        lines.append(f"  {reason}{where}: {n:,} row(s), e.g. {place(given, pos)}{shown}")
    return "\n".join(lines)


def place(given: TableInput, pos: int) -> str:
    """Return file and line (or row) of a position, for people."""
    file = given.files[pos // FILE_STEP]
    word = "line" if file.kind in ("csv", "jsonl") else "row"
    return f"{file.name} {word} {pos % FILE_STEP}"


def _id_hint(session: Session, aside: Aside) -> str:
    """Say so if the unknown ids look like numbers that went through a spreadsheet."""
    found = session.value(fill(
        "SELECT count(*) FROM {t} WHERE _reason = 'orphan' AND regexp_full_match(_excerpt, {p})",
        t=aside.relation, p=literal(r"\d+\.0"),
    ))  # fmt: skip
    if not found:
        return ""
    return (
        f" {found:,} ids end in .0, as numbers do after a spreadsheet: sql: "
        "\"regexp_replace(<column>, '[.]0$', '')\" would take it off."
    )


def _undeclared_order(session: Session, given: TableInput, aside: Aside) -> list[str]:
    """Explain dates such as 03/04/2025 for which nobody said which number is the month."""
    problems = []
    for reason, name in sorted(aside.counts):
        if reason not in ("bad_timestamp", "bad_date"):
            continue
        found = session.rows(fill(
            "SELECT count(*), count(*) FILTER (a > 12 AND b <= 12), "
            "count(*) FILTER (b > 12 AND a <= 12), min(_pos), arg_min(_excerpt, _pos) FROM ("
            "SELECT _pos, _excerpt, "
            "TRY_CAST(regexp_extract(_excerpt, '^([0-9]+)', 1) AS INTEGER) AS a, "
            "TRY_CAST(regexp_extract(_excerpt, '^[0-9]+[./-]([0-9]+)', 1) AS INTEGER) AS b "
            "FROM {t} "
            "WHERE _reason = {r} AND _column = {c} AND regexp_full_match(_excerpt, {s}))",
            t=aside.relation, r=literal(reason), c=literal(name), s=literal(SLASHED),
        ))  # fmt: skip
        n_rows, day_first, month_first, pos, example = found[0]
        if not n_rows or 2 * n_rows < aside.counts[(reason, name)]:
            continue
        source = given.source_at(pos)
        entry = source.checked.source.columns.get(name)
        if source.checked.source.date_order != "ymd" or (entry and entry.format):
            continue
        key = source.checked.key
        problems.append(
            f"{source.checked.key_of(name)}: {place(given, pos)}: {example!r} may be day-first or "
            f"month-first; expected ISO 8601 such as 2025-04-03. {n_rows:,} values are written "
            f"so; {order_evidence(day_first, month_first)}. Set {key}.date_order: dmy or mdy, or "
            f"give the column a format such as '%d/%m/%Y'."
        )
    return problems
