"""Tables of the product itself: events, people, metered levels, the feature catalogue."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from helpers.sources.demo.anomalies import Plan
from helpers.sources.demo.clock import epoch_us
from helpers.sources.demo.crm import STORAGE_GB, key
from helpers.sources.demo.events import Events, trailing
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import DEPARTMENTS, ROLES, Chunk, People
from helpers.sources.demo.settings import generator
from helpers.sources.demo.support import user_key
from helpers.sources.demo.taxonomy import EVENTS, FEATURES, code
from helpers.sources.demo.terms import Book, terms_on

__all__ = ["EVENT_SCHEMA", "catalogue_table", "events_table", "levels_table", "users_table"]

EVENT_SCHEMA = pa.schema(
    [
        ("event_uuid", pa.int64()),
        ("org_id", pa.string()),
        ("user_id", pa.string()),
        ("event_name", pa.string()),
        ("area", pa.string()),
        ("event_time", pa.timestamp("us", tz="UTC")),
        ("session_id", pa.int64()),
        ("duration_ms", pa.int64()),
        ("amount", pa.float64()),
    ]
)


def events_table(life: Life, chunk: Chunk, people: People, events: Events) -> pa.Table:
    """Events as the product's warehouse delivers them."""
    base = (chunk.number + 1) * 1_000_000_000
    orgs = [key(int(number)) for number in life.ids[chunk.first : chunk.last]]
    users = [user_key(life, chunk, people, person) for person in range(len(people))]
    visit = np.where(events.visit >= 0, events.visit + base, -1)
    columns = [
        pa.array(base + np.arange(len(events))),
        _coded(orgs, people.account[events.person]),
        _coded(users, events.person),
        _coded([event.name for event in EVENTS], events.code),
        _coded([event.feature for event in EVENTS], events.code),
        pa.array(epoch_us(events.second, life.scale)).cast(pa.timestamp("us", tz="UTC")),
        pa.array(visit, mask=visit < 0),
        pa.array(events.duration_ms, mask=events.duration_ms < 0),
        pa.array(events.value, mask=np.isnan(events.value)),
    ]
    return pa.table(columns, schema=EVENT_SCHEMA)


def _coded(words: list[Any], index: NDArray[np.int64]) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(index))


def users_table(life: Life, chunk: Chunk, people: People) -> dict[str, list[Any]]:
    """People as the product lists them: milliseconds since 1970, one-letter flags."""
    rng = generator(life.scale.seed, "people", 1_000_000 + chunk.number)
    known = np.flatnonzero(people.joined < life.scale.n_days)
    ids = life.ids[chunk.first + people.account[known]]
    created = people.joined[known] * 86_400 + rng.integers(6 * 3600, 7 * 3600, len(known))
    left = people.left[known] * 86_400 + 18 * 3600
    gone = people.left[known] < life.scale.n_days
    created_ms = epoch_us(created, life.scale) // 1000
    left_ms = np.where(gone, epoch_us(np.where(gone, left, 0), life.scale) // 1000, 0)
    return {
        "user_id": [user_key(life, chunk, people, int(person)) for person in known],
        "org_id": [key(int(number)) for number in ids],
        "role": [ROLES[number] for number in people.role[known]],
        "department": [DEPARTMENTS[number] for number in people.department[known]],
        "created_ms": created_ms.tolist(),
        "deactivated_ms": ["" if not g else t for g, t in zip(gone, left_ms.tolist(), strict=True)],
        "admin": ["Y" if flag else "N" for flag in people.admin[known]],
        "champion": ["Y" if flag else "N" for flag in people.champion[known]],
    }


def levels_table(
    life: Life, chunk: Chunk, people: People, events: Events, books: list[Book], plan: Plan
) -> dict[str, list[Any]]:
    """Weekly readings: seats in use, storage, API calls in 30 days, active integrations."""
    scale, n = life.scale, len(chunk)
    days = scale.n_days - 1 - 7 * np.arange(scale.n_weeks - 1, -1, -1)
    days = days[days >= 0]
    limits = np.array([[_plan_on(book, int(day)) for day in days] for book in books])
    api = events.code == code("api_called")
    calls = trailing(
        people.account[events.person[api]], events.day[api], events.value[api], n, scale.n_days
    )
    readings = {
        "seats": _seats(people, n, days),
        "storage_gb": np.round(_storage(life, chunk, days, plan) * np.array(STORAGE_GB)[limits], 2),
        "api_calls": calls[:, days],
        "integrations": _integrations(life, chunk, days, plan),
    }
    signup, churn = (
        values[chunk.first : chunk.last, None] for values in (life.signup_day, life.churn_day)
    )
    account, column = np.nonzero((days >= signup) & (days < churn))
    table: dict[str, list[Any]] = {"org_id": [], "metric": [], "measured_on": [], "value": []}
    orgs = [key(int(number)) for number in life.ids[chunk.first : chunk.last]]
    for metric, values in readings.items():
        table["org_id"] += [orgs[number] for number in account.tolist()]
        table["metric"] += [metric] * len(account)
        table["measured_on"] += [scale.date(day) for day in days[column].tolist()]
        table["value"] += values[account, column].astype(float).tolist()
    return table


def _plan_on(book: Book, day: int) -> int:
    return terms_on(book, day).plan


def _seats(people: People, n: int, days: NDArray[np.int64]) -> NDArray[np.int64]:
    used = np.zeros((n, len(days)), np.int64)
    np.add.at(
        used, people.account, (people.joined[:, None] <= days) & (people.left[:, None] > days)
    )
    return used


def _storage(life: Life, chunk: Chunk, days: NDArray[np.int64], plan: Plan) -> NDArray[np.float64]:
    """Share of the allocation in use: slowly rising, below three quarters unless planted."""
    rng = generator(life.scale.seed, "commerce", 2_000_000 + chunk.number)
    start, rise = rng.uniform(0.08, 0.45, len(chunk)), rng.uniform(0.0, 0.25, len(chunk))
    share = start[:, None] + rise[:, None] * (days / life.scale.n_days)[None, :]
    share = np.minimum(share * (1 + 0.01 * rng.normal(size=share.shape)), 0.74)
    for anomaly in plan.of(chunk.first, chunk.last):
        if anomaly.kind == "near_storage_limit":
            row, top = anomaly.account - chunk.first, float(rng.uniform(0.86, 0.97))
            before = share[row, days < anomaly.start][-1]
            after = days >= anomaly.start
            steps = np.linspace(0, 1, int(after.sum()) + 1)[1:]
            share[row, after] = before + (top - before) * np.sqrt(steps)
    return share


def _integrations(
    life: Life, chunk: Chunk, days: NDArray[np.int64], plan: Plan
) -> NDArray[np.int64]:
    """One to four for those who use integrations at all; five or more only where planted."""
    rng = generator(life.scale.seed, "commerce", 3_000_000 + chunk.number)
    many = np.clip(1 + rng.poisson(1.0, len(chunk)), 1, 3)
    week = life.scale.week_of(days)
    state = np.maximum(life.history["state"][chunk.first : chunk.last][:, week].astype(int), 0)
    feature = FEATURES.index("integrations")
    rows = np.arange(chunk.first, chunk.last)[:, None]
    uses = life.population.adopts[state, rows, feature]
    level = np.where(uses, many[:, None] + (state == 2), 0)
    for anomaly in plan.of(chunk.first, chunk.last):
        if anomaly.kind == "five_integrations_three_departments":
            level[anomaly.account - chunk.first, days >= anomaly.start] = 5 + anomaly.account % 3
    return level


def catalogue_table() -> dict[str, list[Any]]:
    """Return the event taxonomy as the product team keeps it."""
    listed = [event for event in EVENTS if event.kind is not None]
    return {
        "event": [event.name for event in listed],
        "feature": [event.feature or "" for event in listed],
        "kind": [event.kind for event in listed],
        "core": ["true" if event.core else "false" for event in listed],
        "premium": ["true" if event.premium else "false" for event in listed],
        "milestone": [event.milestone or "" for event in listed],
    }
