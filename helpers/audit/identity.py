"""Do the systems mean the same accounts and people? Source by source, in shares."""

import pandas as pd

from helpers.audit.tables import Views
from helpers.contract import TABLES
from helpers.sources.session import ident

__all__ = ["identity"]

_RESPELLED = "ids that differ only in case or blanks"
_AMBIGUOUS = "ambiguous_key"


def identity(
    views: Views,
    reconciliation: pd.DataFrame,
    quarantine: pd.DataFrame,
    reading_issues: pd.DataFrame,
) -> pd.DataFrame:
    """Say for each source how many of its rows find their account, and how.

    Parameters
    ----------
    views : Views
        The clean tables.
    reconciliation, quarantine, reading_issues : DataFrame
        From :func:`helpers.sources.read_company`.

    Returns
    -------
    DataFrame
        One row a table that names accounts: ``table``, ``rows_in``, ``unmatched`` (of an account
        that ``accounts`` does not have), ``without_id``, ``unmatched_share`` (both, of rows in),
        ``respelled`` (matched once case, blanks and invisible characters are off),
        ``respelled_share`` (of rows in), ``accounts_seen``, ``unknown_users_share`` (of rows that
        name a user; missing where there is no ``users`` table or no user is named).
    """
    rows_in = reconciliation.set_index("table")["rows_in"]
    reasons = quarantine.groupby(["table", "reason"]).size()
    rows = []
    for name, total in rows_in.items():
        table = str(name)
        if "account_id" not in TABLES[table].names:
            continue
        unmatched = int(reasons.get((table, "orphan"), 0))
        without = int(reasons.get((table, "missing account_id"), 0))
        respelled = _noted(reading_issues, table, _RESPELLED)
        if table == "accounts":
            respelled = _noted(reading_issues, table, _AMBIGUOUS)
        rows.append(
            {
                "table": table,
                "rows_in": int(total),
                "unmatched": unmatched,
                "without_id": without,
                "unmatched_share": (unmatched + without) / max(int(total), 1),
                "respelled": respelled,
                "respelled_share": respelled / max(int(total), 1),
                "accounts_seen": _accounts(views, table),
                "unknown_users_share": _unknown_users(views, table),
            }
        )
    columns = ["table", "rows_in", "unmatched", "without_id", "unmatched_share", "respelled",
               "respelled_share", "accounts_seen", "unknown_users_share"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"unknown_users_share": "float64"})


def _noted(issues: pd.DataFrame, table: str, words: str) -> int:
    mine = (issues["table"] == table) & issues["rule"].str.startswith(words)
    return int(issues.loc[mine, "n_rows"].sum())


def _accounts(views: Views, table: str) -> int:
    found = views.frame("SELECT COUNT(DISTINCT account_id) AS n FROM {t}", t=ident(table))
    return int(found["n"].iloc[0])


def _unknown_users(views: Views, table: str) -> float:
    named = "user_id" in TABLES[table].names and views.has(table, "user_id")
    if table == "users" or not named or "users" not in views.present:
        return float("nan")
    found = views.frame(
        "SELECT AVG(CASE WHEN u.user_id IS NULL THEN 1.0 ELSE 0.0 END) AS share FROM {t} t"
        " LEFT JOIN (SELECT DISTINCT user_id FROM users) u ON u.user_id = t.user_id"
        " WHERE t.user_id IS NOT NULL",
        t=ident(table),
    )
    return float(found["share"].iloc[0])
