"""Tickets and surveys: when is decided by the weekly life, what is said is decided here."""

from typing import Any

import numpy as np

from helpers.sources.demo.clock import iso_utc, local_text
from helpers.sources.demo.crm import key
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk, People
from helpers.sources.demo.phrases import COMMENTS, COMPETITOR, PREMIUM, REQUESTS, RIVALS, TICKETS
from helpers.sources.demo.settings import generator
from helpers.sources.demo.taxonomy import AT_RISK

__all__ = ["surveys_table", "tickets_rows", "user_key"]

_ABOUT = ("tasks", "projects", "boards", "files", "reports", "integrations", "sharing")
_CALM = np.array([0.55, 0.50, 0.65, 0.10])  # by state; the rest is plain or cross
_CROSS = np.array([0.05, 0.07, 0.03, 0.55])
_CSAT = np.array([4.4, 4.3, 4.7, 2.7])


def user_key(life: Life, chunk: Chunk, people: People, person: int) -> str:
    """User id as the product writes it."""
    return f"u{life.ids[chunk.first + people.account[person]]}{people.rank[person]:03d}"


def someone(people: People, account: int, day: int, rng: np.random.Generator) -> int:
    """Return any person of an account who is there on a day; its first one if nobody is."""
    start, stop = np.searchsorted(people.account, [account, account + 1])
    there = np.flatnonzero((people.joined[start:stop] <= day) & (people.left[start:stop] > day))
    return int(start + there[int(rng.integers(0, len(there)))]) if len(there) else int(start)


def tickets_rows(life: Life, chunk: Chunk, people: People) -> list[dict[str, Any]]:
    """Return tickets as the help desk writes them: naive local times, priorities P1 to P4."""
    rng = generator(life.scale.seed, "support", chunk.number)
    scale, rows = life.scale, chunk.rows(life.logs["tickets"])
    imports = chunk.rows(life.logs["bulk_imports"])
    last_import: dict[int, list[int]] = {}
    for account, day in zip(imports["account"].tolist(), imports["day"].tolist(), strict=True):
        last_import.setdefault(account, []).append(day)
    found = []
    for number in range(len(rows)):
        account, day = int(rows["account"][number]), int(rows["day"][number])
        closed, escalated = int(rows["closed_day"][number]), bool(rows["escalated"][number])
        state = max(0, int(life.state_on(day + 1)[chunk.first + account]))
        near = any(0 <= day - other <= 30 for other in last_import.get(account, []))
        feature = _feature(rng, near)
        done = closed < scale.n_days
        opened_s = day * 86_400 + int(rng.integers(8 * 3600, 18 * 3600))
        closed_s = closed * 86_400 + int(rng.integers(9 * 3600, 18 * 3600))
        found.append(
            {
                "id": f"T-{life.ids[chunk.first + account]}-{number}",
                "org": key(int(life.ids[chunk.first + account])),
                "opened": local_text(np.array([opened_s]), scale)[0],
                "closed": local_text(np.array([closed_s]), scale)[0] if done else None,
                "requester": user_key(life, chunk, people, someone(people, account, day, rng)),
                "prio": _priority(rng, escalated),
                "escalated": escalated,
                "area": feature,
                "body": _body(rng, state, escalated, feature),
                "rating": _rating(rng, state, escalated) if done else None,
            }
        )
    return found


def _feature(rng: np.random.Generator, near_import: bool) -> str:
    if near_import and rng.random() < 0.55:
        return "bulk_import"
    return _ABOUT[int(rng.integers(0, len(_ABOUT)))]


def _priority(rng: np.random.Generator, escalated: bool) -> str:
    shares = (0.35, 0.45, 0.15, 0.05) if escalated else (0.04, 0.16, 0.50, 0.30)
    return f"P{1 + int(rng.choice(4, p=shares))}"


def _body(rng: np.random.Generator, state: int, escalated: bool, feature: str) -> str:
    if state != AT_RISK and not escalated and rng.random() < 0.12:
        text = REQUESTS[int(rng.integers(0, len(REQUESTS)))]
        return text.format(premium=PREMIUM[int(rng.integers(0, len(PREMIUM)))])
    draw = rng.random()
    cross = min(0.9, _CROSS[state] + 0.35 * escalated)
    mood = "cross" if draw < cross else "calm" if draw > 1 - _CALM[state] else "plain"
    text = TICKETS[mood][int(rng.integers(0, len(TICKETS[mood])))]
    if mood == "cross" and rng.random() < 0.15:
        rival = RIVALS[int(rng.integers(0, len(RIVALS)))]
        text += COMPETITOR[int(rng.integers(0, len(COMPETITOR)))].format(rival=rival)
    name = feature.replace("_", " ")
    text = text.format(feature=name)
    return text[0].upper() + text[1:]


def _rating(rng: np.random.Generator, state: int, escalated: bool) -> int | None:
    if rng.random() > 0.55:
        return None
    return int(np.clip(np.round(rng.normal(_CSAT[state] - 0.8 * escalated, 0.8)), 1, 5))


def surveys_table(life: Life, chunk: Chunk, people: People) -> dict[str, list[Any]]:
    """NPS answers of the weekly life, and a CSAT answer beside about every third of them."""
    rng = generator(life.scale.seed, "support", 1_000_000 + chunk.number)
    rows = chunk.rows(life.logs["surveys"])
    table: dict[str, list[Any]] = {
        name: []
        for name in ("customer_id", "submitted", "survey", "score", "respondent", "comment")
    }
    for account, day, score in zip(
        rows["account"].tolist(), rows["day"].tolist(), rows["score"].tolist(), strict=True
    ):
        person = someone(people, account, day, rng)
        mood = "promoter" if score >= 9 else "passive" if score >= 7 else "detractor"
        answers = [("NPS", day, int(score), mood)]
        if rng.random() < 0.35:
            state = max(0, int(life.state_on(day + 1)[chunk.first + account]))
            rating = int(np.clip(np.round(rng.normal(_CSAT[state], 0.7)), 1, 5))
            later = min(day + int(rng.integers(0, 3)), life.scale.n_days - 1)
            answers.append(("CSAT", later, rating, mood))
        for kind, when, value, tone in answers:
            second = when * 86_400 + int(rng.integers(8 * 3600, 19 * 3600))
            table["customer_id"].append(key(int(life.ids[chunk.first + account])))
            table["submitted"].append(iso_utc(np.array([second]), life.scale)[0])
            table["survey"].append(kind)
            table["score"].append(value)
            table["respondent"].append(user_key(life, chunk, people, person))
            table["comment"].append(COMMENTS[tone][int(rng.integers(0, len(COMMENTS[tone])))])
    return table
