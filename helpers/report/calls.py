"""Whom to call: the next actions as a person reads them, and the first one of each manager."""

from dataclasses import dataclass

import pandas as pd

from helpers.artifacts import Run
from helpers.report.briefs import anchors
from helpers.report.cells import EMPTY, formatter
from helpers.report.numbers import known_accounts
from helpers.report.text import visible

__all__ = ["Call", "Desk", "calls", "desks", "ranked_actions"]

LONGEST = 150
"""Characters of a reason on the first page; the account's own page has all of it."""
_WORDS = {"critical": 0, "urgent": 0, "high": 1, "medium": 2, "normal": 2, "low": 3}


@dataclass(frozen=True)
class Call:
    """One account to call."""

    rank: int
    account: str
    revenue: str
    csm: str
    action: str
    reason: str
    impact: str
    due: str
    anchor: str


@dataclass(frozen=True)
class Desk:
    """What one customer-success manager has to do first."""

    csm: str
    n_actions: int
    revenue: str
    first: Call


def ranked_actions(run: Run) -> pd.DataFrame | None:
    """Return the actions by priority with name, csm and mrr of the account; None if absent.

    Numbers count upwards (1 first), words from "critical" to "low"; ties keep the order of
    the table. Actions for accounts that opted out, or that nobody knows, are left out.
    """
    if not run.has("06_churn_model", "actions"):
        return None
    actions = run.read("06_churn_model", "actions")
    known = known_accounts(run)
    merged = actions.merge(known, on="account_id", suffixes=("", "_known"), sort=False)
    merged["csm"] = merged["csm"].astype(object).where(merged["csm"].notna(), merged["csm_known"])
    rank = pd.to_numeric(merged["priority"], errors="coerce")
    words = merged["priority"].astype(str).str.strip().str.lower().map(_WORDS)
    merged["_rank"] = rank.astype("float64").fillna(words.astype("float64"))
    return merged.sort_values("_rank", kind="stable", na_position="last", ignore_index=True)


def calls(actions: pd.DataFrame, *, limit: int) -> list[Call]:
    """Return the first actions, one an account: a person is called once about everything."""
    return _calls(actions.drop_duplicates("account_id").head(limit), actions)


def desks(actions: pd.DataFrame) -> list[Desk]:
    """Return each manager's first action, by name; accounts without one come last."""
    owner = actions["csm"].astype(object).where(actions["csm"].notna(), "nobody yet")
    found = []
    for name in sorted(owner.unique(), key=lambda name: (name == "nobody yet", name)):
        mine = actions[owner == name]
        accounts = mine.drop_duplicates("account_id")
        money = accounts["mrr"].astype("float64")
        revenue = f"{money.sum():,.0f}" if money.notna().any() else EMPTY
        first = _calls(mine.head(1), actions)[0]
        found.append(Desk(visible(name), len(mine), revenue, first))
    return found


def _calls(rows: pd.DataFrame, everyone: pd.DataFrame) -> list[Call]:
    numeric = pd.api.types.is_numeric_dtype(everyone["expected_impact"])
    write = formatter("money" if numeric else "text", everyone["expected_impact"])
    day = formatter("date", everyone["due_on"])
    places = anchors(everyone)
    return [
        Call(
            rank=position,
            account=_text(row["name"]) if pd.notna(row["name"]) else _text(row["account_id"]),
            revenue=EMPTY if pd.isna(row["mrr"]) else f"{float(row['mrr']):,.0f}",
            csm=_text(row["csm"]),
            action=_text(row["action"]),
            reason=_brief(_text(row["reason"])),
            impact=write(row["expected_impact"]),
            due=day(row["due_on"]),
            anchor=places[str(row["account_id"])],
        )
        for position, (_, row) in enumerate(rows.iterrows(), start=1)
    ]


def _brief(reason: str) -> str:
    """Return what of a reason fits on the first page, cut between statements."""
    if len(reason) <= LONGEST:
        return reason
    ends = [reason.rfind(mark, 0, LONGEST) for mark in ("; ", ", ")]
    cut = next((end for end in ends if end > LONGEST // 2), LONGEST)
    return f"{reason[:cut].rstrip()} …"


def _text(value: object) -> str:
    return formatter("text", pd.Series(dtype=object))(value)
