"""Everything that is wrong with the data, as one table: what, where, how much, an example."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from helpers.audit.rules import RULES, Rule
from helpers.audit.tables import Views
from helpers.sources.session import Sql, fill, ident

__all__ = ["SEVERITIES", "find_issues", "issue"]

SEVERITIES = ("error", "warning", "note")
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
    order = joined["severity"].map({name: i for i, name in enumerate(SEVERITIES)})
    return (
        joined.assign(_order=order)
        .sort_values(["_order", "table", "column", "rule", "example"], ignore_index=True)
        .drop(columns="_order")
        .astype({"n_rows": "int64", "share": "float64"})
    )


def _rules(views: Views) -> list[dict[str, Any]]:
    rows = []
    for rule in RULES:
        needs = [(rule.table, rule.column), *((tuple(name.split("."))) for name in rule.also)]
        if all(views.has(*need) for need in needs):
            rows.append(_count(views, rule))
    return rows


def _count(views: Views, rule: Rule) -> dict[str, Any]:
    with_account = Sql("") if rule.table == "calendar" else _JOIN
    who = Sql("t.reason") if rule.table == "calendar" else Sql("t.account_id")
    sql = fill(
        "SELECT COUNT(*), COUNT(*) FILTER ({broken}),"
        " MIN({who} || ': ' || CAST(t.{column} AS VARCHAR)) FILTER ({broken})"
        " FROM {table} t {join}",
        broken=Sql(rule.broken),
        who=who,
        column=ident(rule.column),
        table=ident(rule.table),
        join=with_account,
    )
    n_all, n_broken, example = views.session.rows(sql)[0]
    personal = rule.column == "user_id"
    return issue(
        rule.table,
        rule.column,
        rule.rule,
        n_rows=int(n_broken),
        share=n_broken / n_all if n_all else 0.0,
        severity=rule.severity,
        example="" if personal or example is None else str(example),
        remedy=rule.remedy,
    )


_JOIN = Sql("JOIN accounts a ON a.account_id = t.account_id")


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
