"""The truth of accounts, people, weeks and oddities, as tables."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from helpers.sources.demo.anomalies import LATE_POSITIVE, Plan
from helpers.sources.demo.crm import key
from helpers.sources.demo.events import Events
from helpers.sources.demo.life import Life
from helpers.sources.demo.log import Rows
from helpers.sources.demo.people import JOURNEYS, Chunk, People
from helpers.sources.demo.realised import visible_trend
from helpers.sources.demo.support import user_key
from helpers.sources.demo.tally import journey_outcomes
from helpers.sources.demo.taxonomy import AT_RISK, EVENTS, STATES
from helpers.sources.demo.terms import Book, terms_on

__all__ = [
    "accounts_truth",
    "anomalies_truth",
    "incidents_truth",
    "journeys_truth",
    "weeks_truth",
]

ANOMALY_COLUMNS = (
    "account_id",
    "kind",
    "direction",
    "starts_on",
    "ends_on",
    "phase",
    "origin",
    "detail",
)


def accounts_truth(
    life: Life,
    chunk: Chunk,
    plan: Plan,
    trends: Mapping[str, frozenset[int]],
    recent: NDArray[np.int64],
) -> dict[str, list[Any]]:
    """One row an account: dates, courses, and its state on the first of each month."""
    cut = range(chunk.first, chunk.last)
    scale = life.scale
    initiatives = {account for account, _, _ in plan.initiatives}
    firsts = {
        name: _first_days(chunk, life.logs[name]) for name in ("growth", "bursts", "champions")
    }
    week, visible = scale.n_weeks - 1, visible_trend(life, recent)
    table: dict[str, list[Any]] = {
        "account_id": [key(int(life.ids[n])) for n in cut],
        "signed_up_on": [scale.date(int(life.signup_day[n])).isoformat() for n in cut],
        "churned_on": [_date(life, int(life.churn_day[n])) for n in cut],
        "opted_out": [bool(life.population.opted_out[n]) for n in cut],
        "champion_left_on": [_date(life, firsts["champions"].get(n)) for n in cut],
        "growth_from": [_date(life, firsts["growth"].get(n)) for n in cut],
        "burst_from": [_date(life, firsts["bursts"].get(n)) for n in cut],
        "trend": [next((name for name in trends if n in trends[name]), "") for n in cut],
        "trend_visible": [bool(visible[n]) for n in cut],
        "planned_absence": [n in initiatives for n in cut],
        "last_weekly_hazard": [round(float(life.history["hazard"][n, week]), 6) for n in cut],
    }
    for day in range(1, scale.n_days + 1):
        if scale.date(day).day == 1:
            states = life.state_on(day)
            live = life.live_on(day)
            table[f"state_{scale.date(day).isoformat()}"] = [
                STATES[int(states[n])] if live[n] and states[n] >= 0 else "" for n in cut
            ]
    return table


def _first_days(chunk: Chunk, rows: Rows) -> dict[int, int]:
    """Account to the day of its last row in a log."""
    mine = chunk.rows(rows)
    return {
        chunk.first + int(account): int(day)
        for account, day in zip(mine["account"], mine["day"], strict=True)
    }


def _date(life: Life, day: int | None) -> str:
    return "" if day is None or day >= life.scale.n_days else life.scale.date(day).isoformat()


def journeys_truth(life: Life, chunk: Chunk, people: People) -> dict[str, list[Any]]:
    """One row a person who signed up; ``eligible`` where 56 days of a live account are known."""
    eligible, activated = journey_outcomes(life, chunk, people)
    shown = np.flatnonzero((people.journey >= 0) & (people.joined < life.scale.n_days)).tolist()
    return {
        "user_id": [user_key(life, chunk, people, n) for n in shown],
        "account_id": [key(int(life.ids[chunk.first + people.account[n]])) for n in shown],
        "signed_up_on": [life.scale.date(int(people.joined[n])).isoformat() for n in shown],
        "journey": [JOURNEYS[people.journey[n]] for n in shown],
        "wizard_steps": [int(people.wizard[n]) for n in shown],
        "activated": [bool(activated[n]) for n in shown],
        "eligible": [bool(eligible[n]) for n in shown],
    }


def anomalies_truth(
    life: Life, chunk: Chunk, plan: Plan, people: People, events: Events, books: list[Book]
) -> dict[str, list[Any]]:
    """One row an oddity, the declines included; last day inclusive."""
    rows = [
        (a.account, a.kind, _direction(a.kind, a.detail), a.start, a.end - 1, a.phase, "planted",
         a.detail)
        for a in plan.of(chunk.first, chunk.last)
    ]  # fmt: skip
    rows += _declines(life, chunk)
    rows += _unplanned(life, chunk, plan, people, events, books)
    table: dict[str, list[Any]] = {name: [] for name in ANOMALY_COLUMNS}
    for account, kind, direction, start, end, phase, origin, detail in sorted(rows):
        first, last = (life.scale.date(max(day, 0)).isoformat() for day in (start, end))
        values = (key(int(life.ids[account])), kind, direction, first, last, phase, origin, detail)
        for name, value in zip(ANOMALY_COLUMNS, values, strict=True):
            table[name].append(value)
    return table


Row = tuple[int, str, str, int, int, str, str, str]


def _direction(kind: str, detail: str) -> str:
    if kind in LATE_POSITIVE or detail == "legitimate":
        return "positive"
    return "negative"


def _declines(life: Life, chunk: Chunk) -> list[Row]:
    """Stretches of weeks at risk: from the onset to recovery, churn or the end of the data."""
    found: list[Row] = []
    state = life.history["state"][chunk.first : chunk.last]
    for account in range(len(chunk)):
        number = chunk.first + account
        inside = np.concatenate([[False], state[account] == AT_RISK, [False]])
        edges = np.flatnonzero(inside[1:] != inside[:-1])
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            first, after = life.scale.first_day(begin), life.scale.first_day(end)
            last = min(after, int(life.churn_day[number])) - 1
            ended = "current" if end == state.shape[1] else "early"
            if life.churn_day[number] < life.scale.n_days and after + 7 > life.churn_day[number]:
                ended = "before_churn"
            found.append(
                (
                    number,
                    "gradual_decline",
                    "negative",
                    first,
                    max(last, first),
                    ended,
                    "planted",
                    "",
                )
            )
    return found


def _unplanned(
    life: Life, chunk: Chunk, plan: Plan, people: People, events: Events, books: list[Book]
) -> list[Row]:
    """Signs of expansion at the end in accounts that were not chosen for them."""
    chosen = {(a.account, a.kind) for a in plan.of(chunk.first, chunk.last)}
    last = life.scale.n_days - 1
    there = (people.joined <= last) & (people.left > last)
    used = np.bincount(people.account[there], minlength=len(chunk))
    premium = np.isin(events.code, [n for n, event in enumerate(EVENTS) if event.premium])
    recent = premium & (events.day > last - 14)
    tried = np.bincount(people.account[events.person[recent]], minlength=len(chunk))
    found: list[Row] = []
    for account, book in enumerate(books):
        number, terms = chunk.first + account, terms_on(book, last)
        signs = {
            "near_seat_limit": used[account] > 0.9 * terms.seats,
            "premium_in_trial": terms.trial and tried[account] >= 3,
        }
        for kind, shown in signs.items():
            if shown and life.churn_day[number] > last and (number, kind) not in chosen:
                found.append((number, kind, "positive", last, last, "late", "natural", ""))
    return found


def incidents_truth(life: Life, plan: Plan) -> dict[str, list[Any]]:
    """Faults of the product: no account, since they hit many."""
    what = ("errors x8; boards -60 %", "errors x6; exports -60 %")
    scale, outage = life.scale, life.scale.outage_day
    rows = [(outage, outage, "source_outage", "no events at all")]
    for (start, end, share), text in zip(plan.incidents, what, strict=True):
        rows.append((start, end - 1, "systemic_incident", f"{text}; {share:.0%} of accounts"))
    table: dict[str, list[Any]] = {name: [] for name in ANOMALY_COLUMNS}
    for first, last, kind, detail in rows:
        days = (scale.date(first).isoformat(), scale.date(last).isoformat())
        phase = "late" if first >= scale.n_days - 28 else "early"
        values = ("", kind, "negative", *days, phase, "planted", detail)
        for name, value in zip(ANOMALY_COLUMNS, values, strict=True):
            table[name].append(value)
    return table


def weeks_truth(life: Life, chunk: Chunk) -> pa.Table:
    """One row an account and week: state, level of usage, weekly hazard."""
    state = life.history["state"][chunk.first : chunk.last]
    account, week = np.nonzero(state >= 0)
    first = [life.scale.date(life.scale.first_day(number)) for number in range(state.shape[1])]
    number = chunk.first + account
    return pa.table(
        {
            "account_id": [key(int(value)) for value in life.ids[number]],
            "week_from": pa.array([first[w] for w in week.tolist()], pa.date32()),
            "state": [STATES[int(value)] for value in state[account, week]],
            "level": life.history["rate"][number, week],
            "hazard": life.history["hazard"][number, week],
        },
        schema=_WEEKS,
    )


_WEEKS = pa.schema(
    [
        ("account_id", pa.string()),
        ("week_from", pa.date32()),
        ("state", pa.string()),
        ("level", pa.float32()),
        ("hazard", pa.float32()),
    ]
)
