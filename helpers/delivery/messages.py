"""What is worth a message: a critical alert, a move into risk or readiness, and one digest.

One message a change of state, never one a metric; each has its account, the reason with its
numbers and one thing to do. The same event has the same id in every run, so that it is told once.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from helpers.actions.plays import GROWTH
from helpers.artifacts import Run
from helpers.report.calls import ranked_actions
from helpers.report.numbers import POSITIVE, known_accounts
from helpers.report.text import visible

__all__ = ["Message", "message_id", "messages_of"]

AT_ONCE = "at once"
READY = "Expansion Ready"
N_DIGEST = 5
RULES = ("critical alert", "into risk", "ready to expand", "digest")


@dataclass(frozen=True)
class Message:
    """One thing to tell.

    Parameters
    ----------
    id : str
        The same for the same rule, account and period: 16 hexadecimal digits.
    rule : str
        One of :data:`RULES`.
    account_id : str
        "" for the digest.
    title : str
        One line.
    lines : tuple of str
        Reason, action, who and when; plain text.
    mrr : float
        Monthly revenue, for the order.
    """

    id: str
    rule: str
    account_id: str
    title: str
    lines: tuple[str, ...]
    mrr: float = field(default=0.0, compare=False)


def message_id(rule: str, account_id: str, period: str) -> str:
    """Return the id of an event: equal for equal rule, account and period, whatever the run."""
    text = "\0".join((rule, account_id, period))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def messages_of(run: Run, *, as_of: str, company: str, limit: int) -> list[Message]:
    """Return the messages of a run: the weightiest first, at most ``limit``, then the digest.

    Parameters
    ----------
    run : Run
        With 01; alerts, movers and actions where they are there.
    as_of : str
        The run's date.
    company : str
        For the digest's title.
    limit : int
        Messages besides the digest, which says how many more there are.
    """
    known = known_accounts(run).set_index("account_id")
    todo = _actions(run)
    found = [*_alerts(run, known, todo), *_moves(run, known, todo, as_of)]
    found.sort(key=lambda one: (RULES.index(one.rule), -one.mrr, one.account_id))
    single: dict[tuple[str, str], Message] = {}
    for one in found:
        single.setdefault((one.rule, one.account_id), one)
    kept = list(single.values())
    digest = _digest(run, as_of=as_of, company=company, n_more=max(len(kept) - limit, 0))
    return [*kept[:limit], *([digest] if digest else [])]


def _actions(run: Run) -> pd.DataFrame:
    actions = ranked_actions(run)
    if actions is None or actions.empty:
        return pd.DataFrame()
    return actions.drop_duplicates("account_id").set_index("account_id")


def _alerts(run: Run, known: pd.DataFrame, todo: pd.DataFrame) -> list[Message]:
    if not run.has("05_anomaly_review", "alerts"):
        return []
    alerts = run.read("05_anomaly_review", "alerts")
    if "route" not in alerts:
        return []
    urgent = alerts[
        (alerts["route"] == AT_ONCE)
        & ~alerts["direction"].astype(str).isin(POSITIVE)
        & alerts["account_id"].isin(known.index)
    ]
    return [
        _message(
            "critical alert",
            str(row["account_id"]),
            f"{pd.Timestamp(row['detected_on']):%Y-%m-%d}",
            f"{_kind(row['kind'])} at {{}}",
            _some(row.get("evidence"), row.get("context"), _explained(row)),
            known,
            todo,
        )
        for row in urgent.to_dict("records")
    ]


def _moves(run: Run, known: pd.DataFrame, todo: pd.DataFrame, as_of: str) -> list[Message]:
    if not run.has("03_segmentation", "movers"):
        return []
    movers = run.read("03_segmentation", "movers")
    movers = movers[movers["account_id"].isin(known.index)]
    found = []
    for row in movers.to_dict("records"):
        moved = f"moved from {visible(row['segment_from'])} to {visible(row['segment_to'])}"
        ready = str(row["segment_to"]).startswith(READY)
        if row["kind"] == "into risk":
            rule, title, more = "into risk", "{} entered a risk segment", "No upsell while it is."
        elif ready and not str(row["segment_from"]).startswith(READY):
            rule, title = "ready to expand", "{} is ready to expand"
            more = "Tell the account team; line up a case study."
        else:
            continue
        account = str(row["account_id"])
        found.append(_message(rule, account, as_of, title, (moved, more), known, todo))
    return found


def _message(
    rule: str,
    account_id: str,
    period: str,
    title: str,
    lines: tuple[str, ...],
    known: pd.DataFrame,
    todo: pd.DataFrame,
) -> Message:
    row: dict[Any, Any] = known.loc[account_id].to_dict()
    name = visible(account_id if pd.isna(row["name"]) else row["name"])
    money = 0.0 if pd.isna(row["mrr"]) else float(row["mrr"])
    ends = []
    if account_id in todo.index:
        step: dict[Any, Any] = todo.loc[account_id].to_dict()
        ends.append(f"Do: {visible(step['action'])}, by {pd.Timestamp(step['due_on']):%Y-%m-%d}")
    csm = row["csm"]
    ends.append(f"For: {visible(csm) if pd.notna(csm) else 'nobody yet: please assign'}")
    found = message_id(rule, account_id, period)
    return Message(found, rule, account_id, title.format(name), (*lines, *ends), money)


def _digest(run: Run, *, as_of: str, company: str, n_more: int) -> Message | None:
    """Return the five weightiest risks and openings; None where nothing is ranked."""
    actions = ranked_actions(run)
    if actions is None or actions.empty:
        return None
    first = actions.drop_duplicates("account_id")
    objective = first["objective"] if "objective" in first else pd.Series("", index=first.index)
    grows = objective.isin(GROWTH)
    lines = []
    for head, rows in (("Keep", first[~grows]), ("Grow", first[grows])):
        for _, row in rows.head(N_DIGEST).iterrows():
            name = row["account_id"] if pd.isna(row["name"]) else row["name"]
            lines.append(f"{head}: {visible(name)}: {visible(row['action'])}")
    if n_more:
        lines.append(f"{n_more:,} more changes are in the report")
    title = f"{visible(company)}: whom to call first, as of {as_of}"
    return Message(message_id("digest", company, as_of), "digest", "", title, tuple(lines))


def _kind(kind: object) -> str:
    text = visible(kind).replace("_", " ")
    return text[:1].upper() + text[1:]


def _explained(row: dict[Any, Any]) -> str:
    why = row.get("explained_by")
    return f"May be explained by {visible(why)}" if isinstance(why, str) and why else ""


def _some(*texts: object) -> tuple[str, ...]:
    return tuple(visible(text) for text in texts if isinstance(text, str) and text)
