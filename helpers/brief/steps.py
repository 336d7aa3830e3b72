"""Three actions for the next 30 days with their reasons, and a first message (B-07, R-02)."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.brief.subject import Subject
from helpers.report.briefs import briefs, listed
from helpers.report.calls import ranked_actions
from helpers.report.text import visible

__all__ = ["Step", "Steps", "three_steps"]


@dataclass(frozen=True)
class Step:
    """One action: what, by when, who, why, what is at stake, and the agenda of a review."""

    action: str
    within: str
    owner: str
    reason: str
    stake: str
    agenda: tuple[str, ...] = ()


@dataclass(frozen=True)
class Steps:
    """The plan of an account; ``draft`` is "" where nothing presses and no message is written."""

    steps: tuple[Step, ...]
    draft: str
    held_back: str


def three_steps(subject: Subject) -> Steps:
    """Return the account's plan for the next 30 days, the weightiest step first."""
    plan = subject.rows("06_churn_model", "plans")
    steps: tuple[Step, ...] = ()
    if not plan.empty:
        steps = tuple(_step(row) for _, row in plan.sort_values("step").iterrows())
    actions = ranked_actions(subject.run)
    mine = None if actions is None else actions[actions["account_id"] == subject.account_id]
    told = (
        [] if mine is None or mine.empty else briefs(subject.run, mine, currency=subject.currency)
    )
    held = subject.rows("06_churn_model", "held_back")
    why = ""
    if not held.empty:
        plays = ", ".join(dict.fromkeys(map(visible, held["action"])))
        why = f"Not now: {plays} ({visible(held.iloc[0]['why'])})."
    return Steps(steps, told[0].draft if told else "", why)


def _step(row: "pd.Series[Any]") -> Step:
    note = row["impact_note"]
    return Step(
        action=visible(row["action"]),
        within=f"within {int(row['within_days'])} days",
        owner=visible(row["owner"]),
        reason=visible(row["reason"]),
        stake="" if note is None or pd.isna(note) else visible(note),
        agenda=listed(row.get("agenda")),
    )
