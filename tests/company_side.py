"""The tables of the tiny company that surround its product use: support, billing, contact."""

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["side_tables"]

DAY = pd.Timedelta(days=1)
_TEXTS = {
    "good": "Thanks, the new report is great and really easy to use.",
    "bad": "The export is broken again, this is not acceptable and very frustrating.",
    "plain": "How do I change the owner of a project?",
}


def side_tables(
    accounts: pd.DataFrame, users: pd.DataFrame, as_of: pd.Timestamp, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Return every contract table but accounts, users, events, outcomes and the catalogue."""
    midnight = as_of.tz_localize("Europe/Berlin").tz_convert("UTC")
    people = users.groupby("account_id")["user_id"].apply(list).to_dict()
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _MAKERS}
    for account in accounts.itertuples():
        age = (midnight - account.signed_up_at) // DAY
        team = people.get(account.account_id, [])
        for name, make in _MAKERS.items():
            made = make(account, team, age, midnight, as_of, rng)
            rows[name] += [{"account_id": account.account_id, **row} for row in made]
    tables = {name: pd.DataFrame(found) for name, found in rows.items()}
    for name, key in (("tickets", "ticket_id"), ("invoices", "invoice_id")):
        tables[name][key] = [f"{key[0]}{index:04d}" for index in range(len(tables[name]))]
    tables["calendar"] = pd.DataFrame(
        {
            "starts_on": [as_of - 189 * DAY, as_of - 30 * DAY],
            "ends_on": [as_of - 181 * DAY, as_of - 29 * DAY],
            "reason": ["year-end", "office move"],
            "account_id": [None, accounts["account_id"].iloc[0]],
            "region": [None, None],
        }
    )
    return tables


def _tickets(account: Any, team: list[str], age: int, midnight: Any, _: Any, rng: Any) -> list[Any]:
    many = {"declining": 9, "churned": 7, "silent": 0, "low": 1, "trial": 1}
    rows = []
    for index in range(many.get(account.archetype, 4)):
        opened = midnight - (1 + (17 * index + 5) % max(age - 1, 1)) * DAY + pd.Timedelta("9h")
        is_open = index == 0
        mood = "bad" if account.archetype in ("declining", "churned") else "good"
        rows.append(
            {
                "opened_at": opened,
                "closed_at": None if is_open else opened + pd.Timedelta(hours=3 + 7 * index),
                "user_id": team[index % len(team)] if team else None,
                "priority": ("low", "normal", "urgent")[index % 3],
                "escalated": index % 4 == 0 and mood == "bad",
                "feature": ("exports", "reports", "tasks")[index % 3],
                "text": _TEXTS["plain"] if index % 3 == 2 else _TEXTS[mood],
                "csat": None if is_open or index % 2 else (1.0 if mood == "bad" else 5.0),
            }
        )
    return rows


def _subscriptions(account: Any, _team: Any, age: int, _m: Any, as_of: Any, _r: Any) -> list[Any]:
    start = as_of - age * DAY
    base = {"plan": account.plan, "seats": account.seats, "mrr": account.mrr, "discount": 0.0}
    if account.archetype == "trial":
        return [{**base, "started_on": start, "is_trial": True}]
    if account.archetype in ("growing", "power"):
        changed = as_of - (45 if account.archetype == "growing" else 30) * DAY
        before = {**base, "plan": "Starter", "mrr": account.mrr / 2, "seats": account.seats - 2}
        return [
            {**before, "started_on": start, "ended_on": changed, "is_trial": False},
            {**base, "started_on": changed, "is_trial": False, "discount": 0.1},
        ]
    ended = as_of - 70 * DAY if account.archetype == "churned" else None
    return [{**base, "started_on": start, "ended_on": ended, "is_trial": False}]


def _invoices(account: Any, _team: Any, age: int, _m: Any, as_of: Any, _r: Any) -> list[Any]:
    rows = []
    last = 70 if account.archetype == "churned" else 0
    for index, days in enumerate(range(age, last, -30)):
        if account.archetype == "trial":
            break
        issued = as_of - days * DAY
        late = 12 if account.archetype == "declining" and index % 2 else -3
        paid = issued + (14 + late) * DAY
        rows.append(
            {
                "issued_on": issued,
                "due_on": issued + 14 * DAY,
                "paid_on": paid if paid < as_of else None,
                "amount": account.mrr,
                "method": ("card", "transfer")[index % 2],
            }
        )
    return rows


def _levels(account: Any, team: list[str], age: int, _m: Any, as_of: Any, rng: Any) -> list[Any]:
    rows = []
    for days in range(3, age, 7):
        near = 0.95 if account.archetype == "power" else 0.4
        used = {
            "seats": float(max(len(team) - days // 90, 1)),
            "storage_gb": round(account.storage_gb_limit * near * (1 - days / 900), 3),
            "api_calls": float(int(9000 * near * (1 - days / 900))),
            "integrations": 5.0 if account.archetype == "power" else 1.0,
        }
        rows += [
            {"metric": name, "measured_on": as_of - days * DAY, "value": value}
            for name, value in used.items()
        ]
    return rows


def _surveys(account: Any, team: list[str], age: int, midnight: Any, _: Any, rng: Any) -> list[Any]:
    score = {"declining": 3.0, "churned": 2.0, "low": 6.0}.get(account.archetype, 9.0)
    rows = []
    for days in range(20, age, 85):
        if account.archetype == "silent" or not team:
            break
        when = midnight - days * DAY + pd.Timedelta("10h")
        rows.append({"answered_at": when, "kind": "nps", "score": score, "user_id": team[0]})
        rows.append({"answered_at": when, "kind": "csat", "score": 4.0, "user_id": team[-1]})
    return rows


def _messages(
    account: Any, team: list[str], age: int, midnight: Any, _: Any, rng: Any
) -> list[Any]:
    rows = []
    for index, days in enumerate(range(4, age, 11)):
        sent = midnight - days * DAY + pd.Timedelta(hours=8 + index % 3)
        reads = account.archetype != "silent" and index % 2 == 0
        rows.append(
            {
                "sent_at": sent,
                "channel": ("e-mail", "in-app")[index % 3 == 1],
                "user_id": team[index % len(team)] if team else None,
                "topic": ("product news", "training", "renewal")[index % 3],
                "opened_at": sent + pd.Timedelta(hours=2) if reads else None,
                "clicked_at": sent + pd.Timedelta(hours=3) if reads and index % 4 == 0 else None,
                "replied_at": sent + pd.Timedelta(days=1) if reads and index % 8 == 0 else None,
                "unsubscribed_at": sent + pd.Timedelta(days=2)
                if account.archetype == "declining" and index == 4
                else None,
            }
        )
    return rows


def _touchpoints(account: Any, _t: Any, age: int, midnight: Any, _: Any, rng: Any) -> list[Any]:
    kinds = ("call", "business_review", "training", "community")
    return [
        {
            "occurred_at": midnight - days * DAY + pd.Timedelta("14h"),
            "kind": kinds[index % 4],
            "csm": account.csm,
            "stakeholder": f"person {index % 3}",
            "duration_min": 30.0,
            "text": "Talked about goals.",
        }
        for index, days in enumerate(range(9, age, 31))
    ]


def _interventions(account: Any, _t: Any, age: int, midnight: Any, _: Any, rng: Any) -> list[Any]:
    if account.archetype not in ("declining", "low"):
        return []
    assigned = midnight - 35 * DAY + pd.Timedelta("9h")
    done = {"completed_at": assigned + 3 * DAY, "hours": 1.5, "result": "call held"}
    arm = "treated" if account.archetype == "declining" else "control"
    extra = done if arm == "treated" else {}
    return [
        {"play": "usage_rescue", "assigned_at": assigned, "arm": arm, "csm": account.csm, **extra}
    ]


def _signals(account: Any, _t: Any, age: int, _m: Any, as_of: Any, rng: Any) -> list[Any]:
    if account.archetype not in ("growing", "power"):
        return []
    values = {"funding": 5e6, "headcount_growth": 0.2, "job_postings": 12.0}
    return [
        {"kind": kind, "observed_on": as_of - (30 + 20 * index) * DAY, "value": value}
        for index, (kind, value) in enumerate(values.items())
    ]


def _feedback(account: Any, _t: Any, age: int, _m: Any, as_of: Any, rng: Any) -> list[Any]:
    verdict = {"declining": "confirmed", "steady": "false_positive", "churned": "missed"}
    if account.archetype not in verdict:
        return []
    return [
        {
            "as_of": as_of - 90 * DAY,
            "item": "gradual_decline",
            "verdict": verdict[account.archetype],
            "action": "call",
            "outcome": None,
            "minutes": 20.0,
        }
    ]


_MAKERS = {
    "tickets": _tickets,
    "subscriptions": _subscriptions,
    "invoices": _invoices,
    "usage_levels": _levels,
    "surveys": _surveys,
    "messages": _messages,
    "touchpoints": _touchpoints,
    "interventions": _interventions,
    "external_signals": _signals,
    "feedback": _feedback,
}
