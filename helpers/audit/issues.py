"""Everything that is wrong with the data, as one table: what, where, how much, an example."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from helpers.audit.rules import RULES, Rule
from helpers.audit.tables import Views
from helpers.sources.session import Sql, commas, fill, ident

__all__ = ["SEVERITIES", "find_issues", "issue", "sample_quarantine"]

SEVERITIES = ("error", "warning", "note")
WIDESPREAD = 0.2
"""Share of a table's rows from which a contradiction is no slip any more but an error."""
_COLUMNS = ["table", "column", "rule", "n_rows", "share", "example", "severity", "remedy"]


def issue(
    table: str,
    column: str,
    rule: str,
    *,
    n_rows: int,
    share: float,
    severity: str,
    example: str = "",
    remedy: str = "",
) -> dict[str, Any]:
    """Return one row of the ``issues`` table; ``share`` is of the table's rows, 0 to 1."""
    return {
        "table": table,
        "column": column,
        "rule": rule,
        "n_rows": n_rows,
        "share": share,
        "example": example,
        "severity": severity,
        "remedy": remedy,
    }


def find_issues(
    views: Views, quarantine: pd.DataFrame, reading: pd.DataFrame, others: Iterable[dict[str, Any]]
) -> pd.DataFrame:
    """Collect the issues of reading, of integrity and of the other checks.

    Parameters
    ----------
    views : Views
        The clean tables.
    quarantine : DataFrame
        Rows held back: ``table``, ``reason``, ``column``, ``source_file``, ``row``.
    reading : DataFrame
        Issues that the reader itself met.
    others : iterable of dict
        Rows made by :func:`issue`.

    Returns
    -------
    DataFrame
        The contract's ``issues`` columns and ``remedy``; errors first, then by table.
    """
    rows = [*_rules(views), *_quarantined(views, quarantine), *others]
    found = pd.DataFrame([row for row in rows if row["n_rows"] > 0], columns=_COLUMNS)
    read = reading.reindex(columns=_COLUMNS).fillna({"remedy": "", "example": ""})
    parts = [part for part in (found, read) if not part.empty]
    joined = pd.concat(parts, ignore_index=True) if parts else found
    joined["severity"] = joined["severity"].mask(_is_widespread(joined), "error")
    order = joined["severity"].map({name: i for i, name in enumerate(SEVERITIES)})
    return (
        joined.assign(_order=order)
        .sort_values(["_order", "table", "column", "rule", "example"], ignore_index=True)
        .drop(columns="_order")
        .astype({"n_rows": "int64", "share": "float64"})
    )


def _is_widespread(issues: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which warnings say that two values of many rows cannot both be right."""
    contradicts = issues["rule"].isin({rule.rule for rule in RULES})
    misdated = issues["rule"].str.startswith("dated ")
    often = issues["share"].astype("float64") >= WIDESPREAD
    return issues["severity"].eq("warning") & (contradicts | misdated) & often


def sample_quarantine(quarantine: pd.DataFrame, *, per_reason: int = 2) -> pd.DataFrame:
    """Return the first quarantined rows of each table and reason: where they stand, not whom.

    Parameters
    ----------
    quarantine : DataFrame
        From :func:`helpers.sources.read_company`.
    per_reason : int
        Rows of each table and reason.

    Returns
    -------
    DataFrame
        ``table``, ``reason``, ``column``, ``source_file``, ``row``, ``n_alike``.
    """
    by = ["table", "reason", "column"]
    ordered = quarantine.sort_values([*by, "source_file", "row"], na_position="first")
    counted = ordered.assign(
        n_alike=ordered.groupby(by, dropna=False)["row"].transform("size").astype("int64")
    )
    first = counted.groupby(by, dropna=False, sort=True).head(per_reason)
    return first[[*by, "source_file", "row", "n_alike"]].reset_index(drop=True)


def _rules(views: Views) -> list[dict[str, Any]]:
    """Judge all rules of a table in one pass over it."""
    rows = []
    for table in sorted({rule.table for rule in RULES}):
        needs = {
            rule: [(rule.table, rule.column), *(tuple(name.split(".")) for name in rule.also)]
            for rule in RULES
            if rule.table == table
        }
        applicable = [rule for rule, all_of in needs.items() if all(views.has(*n) for n in all_of)]
        if applicable:
            rows += _count(views, table, applicable)
    return rows


def _count(views: Views, table: str, rules: Sequence[Rule]) -> list[dict[str, Any]]:
    general = table == "calendar"
    who = Sql("t.reason") if general else Sql("t.account_id")
    counts = [
        fill(
            "COUNT(*) FILTER ({broken}),"
            " MIN({who} || ': ' || regexp_replace(CAST(t.{column} AS VARCHAR),"
            " ' 00:00:00([+]00)?$', '')) FILTER ({broken})",
            broken=Sql(rule.broken),
            who=who,
            column=ident(rule.column),
        )
        for rule in rules
    ]
    sql = fill(
        "SELECT COUNT(*), {counts} FROM {table} t {joins}",
        counts=commas(counts),
        table=ident(table),
        joins=Sql("" if general else " ".join(dict.fromkeys([_JOIN, *(r.join for r in rules)]))),
    )
    n_all, *found = views.session.rows(sql)[0]
    return [
        issue(
            table,
            rule.column,
            rule.rule,
            n_rows=int(n_broken),
            share=n_broken / n_all if n_all else 0.0,
            severity=rule.severity,
            example="" if rule.column == "user_id" or example is None else str(example),
            remedy=rule.remedy,
        )
        for rule, n_broken, example in zip(rules, found[::2], found[1::2], strict=True)
    ]


_JOIN = "JOIN accounts a ON a.account_id = t.account_id"


def _quarantined(views: Views, quarantine: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    grouped = quarantine.groupby(["table", "column", "reason"], dropna=False, sort=True)
    for key, group in grouped:
        table, column, reason = (str(part) if part == part else "" for part in key)
        n_all = views.n_rows(table) + int((quarantine["table"] == table).sum())
        first = group.sort_values(["source_file", "row"]).iloc[0]
        held_back = reason == "future"
        rows.append(
            issue(
                table,
                column,
                f"quarantined: {reason}",
                n_rows=len(group),
                share=len(group) / n_all if n_all else 0.0,
                severity="note" if held_back else "warning",
                example=f"{first['source_file']}, row {first['row']}",
                remedy=(
                    "Dated after the as-of date: held back, as a back-dated run must."
                    if held_back
                    else "See the row in the quarantine table; mend the extract or the mapping."
                ),
            )
        )
    return rows
