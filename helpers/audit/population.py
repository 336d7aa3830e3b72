"""Who is in the data, and who is missing from them."""

from typing import Any

import pandas as pd

from helpers.audit.issues import issue
from helpers.audit.tables import Views
from helpers.sources.session import ident

__all__ = ["concentration", "population_issues", "sampling"]

_GROUPS = ("plan", "region", "industry", "csm")
MIN_GROUP = 10
NOTABLE_GAP = 0.15


def sampling(views: Views) -> pd.DataFrame:
    """Compare groups of accounts by the share that appears in each source at all.

    Accounts that never appear in a source are missing from every analysis of it; where one
    group is missing more often than others, results lean towards the rest.

    Returns
    -------
    DataFrame
        ``column``, ``group``, ``n_accounts``, ``with_events`` (or measures, where these stand
        in) and ``with_tickets``: shares of the group's accounts, null without the source.
    """
    parts = []
    tickets = "tickets" if "tickets" in views.present else views.clock
    for column in _GROUPS:
        if not views.has("accounts", column):
            continue
        found = views.frame(
            "WITH seen AS (SELECT DISTINCT account_id FROM {seen}),"
            " asked AS (SELECT DISTINCT account_id FROM {tickets})"
            " SELECT {c} AS grp, COUNT(*) AS n_accounts,"
            " AVG(CASE WHEN s.account_id IS NULL THEN 0.0 ELSE 1.0 END) AS with_events,"
            " AVG(CASE WHEN q.account_id IS NULL THEN 0.0 ELSE 1.0 END) AS with_tickets"
            " FROM accounts a LEFT JOIN seen s ON s.account_id = a.account_id"
            " LEFT JOIN asked q ON q.account_id = a.account_id"
            " WHERE {c} IS NOT NULL GROUP BY {c} ORDER BY {c}",
            c=ident(column),
            tickets=ident(tickets),
            seen=ident(views.clock),
        )
        parts.append(found.rename(columns={"grp": "group"}).assign(column=column))
    columns = ["column", "group", "n_accounts", "with_events", "with_tickets"]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    if "tickets" not in views.present:
        frame["with_tickets"] = pd.NA
    return frame[columns]


def concentration(views: Views) -> dict[str, float]:
    """Say how unevenly use is spread over accounts.

    Returns
    -------
    dict
        ``n_accounts``, ``n_silent`` (accounts without any event, or measure where these stand
        in), ``n_opted_out``, ``top_share`` (share of all of them that the most active account
        has) and ``top_tenth_share`` (that of the most active tenth).
    """
    counts = views.frame(
        "SELECT a.account_id, COUNT(e.account_id) AS n FROM accounts a"
        " LEFT JOIN {seen} e ON e.account_id = a.account_id"
        " GROUP BY a.account_id ORDER BY n DESC, a.account_id",
        seen=ident(views.clock),
    )["n"]
    total = max(float(counts.sum()), 1.0)
    n_top = max(len(counts) // 10, 1)
    out = views.frame("SELECT COUNT(*) AS n FROM accounts WHERE opted_out")["n"].iloc[0]
    return {
        "n_accounts": len(counts),
        "n_silent": int((counts == 0).sum()),
        "n_opted_out": int(out),
        "top_share": float(counts.head(1).sum()) / total,
        "top_tenth_share": float(counts.head(n_top).sum()) / total,
    }


def population_issues(
    groups: pd.DataFrame, spread: dict[str, float], clock: str = "events"
) -> list[dict[str, Any]]:
    """Turn uneven coverage, silent accounts and one giant account into issues.

    ``clock`` is the table in which accounts are looked for: events, or measures in their place.
    """
    n_accounts, noun = int(spread["n_accounts"]), clock.removesuffix("s")
    rows = [
        issue(
            "accounts",
            "account_id",
            f"an account without any {noun}",
            n_rows=int(spread["n_silent"]),
            share=spread["n_silent"] / max(n_accounts, 1),
            severity="note",
            remedy=f"It stays in every result with zero use; check that its {clock} are loaded.",
        )
    ]
    if spread["top_share"] > 0.2:
        rows.append(
            issue(
                "events",
                "account_id",
                f"one account has {spread['top_share']:.0%} of all events",
                n_rows=1,
                share=spread["top_share"],
                severity="warning",
                remedy="Averages over events describe this account; read medians.",
            )
        )
    large = groups[groups["n_accounts"] >= MIN_GROUP]
    for column, part in large.groupby("column", sort=True):
        low, high = part["with_events"].min(), part["with_events"].max()
        if high - low > NOTABLE_GAP:
            least = part.sort_values(["with_events", "group"]).iloc[0]
            rows.append(
                issue(
                    "accounts",
                    str(column),
                    f"share of accounts with {clock} differs by {high - low:.0%} between groups",
                    n_rows=int(least["n_accounts"]),
                    share=float(least["with_events"]),
                    severity="note",
                    example=str(least["group"]),
                    remedy="Results say less about this group: it is partly missing.",
                )
            )
    return rows
