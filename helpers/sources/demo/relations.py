"""What Brightdesk itself did: messages, calls, rescues; and what the outside world shows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.clock import dates, epoch_us, iso_utc
from helpers.sources.demo.crm import csm_name, key
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk, People
from helpers.sources.demo.phrases import TOPICS
from helpers.sources.demo.settings import generator
from helpers.sources.demo.support import someone, user_key
from helpers.sources.demo.taxonomy import AT_RISK, NEW, STATES

__all__ = ["external_table", "interventions_table", "messages_columns", "touchpoints_table"]

CHANNELS = ("email", "in_app", "sms", "push")
_MESSAGES = np.array([1.0, 0.45, 0.5, 0.5])  # a week, by state
_OPENS = np.array([0.50, 0.34, 0.52, 0.16])
_PREFERRED_BONUS = 0.28
_CALLS = np.array([0.025, 0.05, 0.10])  # a week, by plan


def messages_columns(life: Life, chunk: Chunk, people: People) -> dict[str, Any]:
    """Messages with what became of them; times are UTC microseconds, -1 for never."""
    rng = generator(life.scale.seed, "relations", chunk.number)
    scale, cut = life.scale, slice(chunk.first, chunk.last)
    state = life.history["state"][cut].astype(int)
    wanted = np.where(state >= 0, _MESSAGES[np.maximum(state, 0)], 0)
    wanted *= ~life.population.opted_out[cut, None]
    account, week = np.nonzero(rng.random(wanted.shape) < wanted / 1.6)
    preferred = rng.choice(4, len(chunk), p=(0.55, 0.27, 0.05, 0.13))
    hour = rng.integers(8, 18, len(chunk))
    n = len(account)
    channel = np.where(
        rng.random(n) < 0.35, preferred[account], rng.choice(4, n, p=(0.6, 0.25, 0.05, 0.1))
    )
    on_time = rng.random(n) < 0.4
    sent_hour = np.where(on_time, hour[account], rng.integers(8, 18, n))
    monday = scale.n_days - 7 * (scale.n_weeks - week)
    day = np.maximum(monday + rng.integers(0, 7, n), 0)
    shown = (day > life.signup_day[cut][account]) & (day < life.churn_day[cut][account])
    account, channel, day, sent_hour, week, on_time = (
        values[shown] for values in (account, channel, day, sent_hour, week, on_time)
    )
    sent = day * 86_400 + sent_hour * 3600 + rng.integers(0, 3600, len(day))
    now = state[account, week]
    liked = channel == preferred[account]
    chance = _OPENS[now] + _PREFERRED_BONUS * liked + 0.10 * on_time
    topics = rng.integers(0, 4, len(day))
    person = [
        someone(people, a, d, rng) for a, d in zip(account.tolist(), day.tolist(), strict=True)
    ]
    frame = {
        "customer_id": [key(int(number)) for number in life.ids[chunk.first + account]],
        "recipient": [user_key(life, chunk, people, p) for p in person],
        "channel": [CHANNELS[number] for number in channel],
        "topic": [TOPICS[STATES[s]][t] for s, t in zip(now, topics, strict=True)],
        "sent": epoch_us(sent, scale),
    }
    return {**frame, **_reactions(sent, chance, now, life, rng)}


def _reactions(
    sent: NDArray[np.int64],
    chance: NDArray[np.float64],
    state: NDArray[np.int64],
    life: Life,
    rng: np.random.Generator,
) -> dict[str, NDArray[np.int64]]:
    scale, n = life.scale, len(sent)
    opened = rng.random(n) < chance
    clicked = opened & (rng.random(n) < 0.32)
    replied = opened & (rng.random(n) < 0.07)
    leaves = rng.random(n) < np.where(state == AT_RISK, 0.012, 0.003)
    first = sent + np.ceil(rng.lognormal(8.5, 1.2, n)).astype(np.int64)
    later = first + rng.integers(10, 900, n)
    columns = {}
    for name, flag, when in (
        ("opened", opened, first),
        ("clicked", clicked, later),
        ("replied", replied, later + 3600),
        ("unsubscribed", leaves, later + 60),
    ):
        known = flag & (when < scale.n_days * 86_400)
        columns[name] = np.where(known, epoch_us(when, scale), -1)
    return columns


def touchpoints_table(life: Life, chunk: Chunk, people: People) -> dict[str, list[Any]]:
    """Return calls, business reviews, trainings and community meetings."""
    rng = generator(life.scale.seed, "relations", 1_000_000 + chunk.number)
    scale, cut = life.scale, slice(chunk.first, chunk.last)
    state = life.history["state"][cut].astype(int)
    plan = life.population.plan[cut, None]
    live = (state >= 0) & ~life.population.opted_out[cut, None]
    review = (np.arange(scale.n_weeks)[None, :] + np.arange(len(chunk))[:, None] * 5) % 13 == 0
    chances = {
        "call": _CALLS[plan] * np.where(state == AT_RISK, 1.6, 1.0) * live,
        "business_review": np.array([0.05, 0.45, 0.8])[plan] * review * (state != NEW) * live,
        "training": np.where(state == NEW, 0.09, 0.006) * live,
        "community": np.where(state == 2, 0.02, 0.002) * live,
    }
    minutes = {"call": 25, "business_review": 60, "training": 75, "community": 45}
    names = ("customer_id", "held_at", "kind", "owner", "stakeholder", "minutes", "notes")
    table: dict[str, list[Any]] = {name: [] for name in names}
    for kind, chance in chances.items():
        account, week = np.nonzero(rng.random(chance.shape) < chance)
        for a, w in zip(account.tolist(), week.tolist(), strict=True):
            day = _workday(scale.first_day(w), life, rng)
            if not life.signup_day[chunk.first + a] < day < life.churn_day[chunk.first + a]:
                continue
            second = day * 86_400 + int(rng.integers(9, 17)) * 3600
            length = minutes[kind] + 5 * int(rng.integers(-2, 4))
            person = user_key(life, chunk, people, someone(people, a, day, rng))
            owner = csm_name(int(life.population.csm[chunk.first + a]))
            number = key(int(life.ids[chunk.first + a]))
            at = iso_utc(np.array([second]), scale)[0]
            note = _NOTES[kind][int(rng.integers(0, 3))]
            for name, value in zip(
                names, (number, at, kind, owner, person, length, note), strict=True
            ):
                table[name].append(value)
    return table


_NOTES = {
    "call": ("Check-in.", "Open questions answered.", "Asked for feedback on reports."),
    "business_review": ("Goals for next quarter agreed.", "Usage reviewed.", "Roadmap shown."),
    "training": ("Basics for new colleagues.", "Boards and reports.", "Admin training."),
    "community": ("User group.", "Spoke at the meet-up.", "Round table."),
}


def _workday(first: int, life: Life, rng: np.random.Generator) -> int:
    day = first + int(rng.integers(0, 7))
    weekday = life.scale.date(day).weekday()
    day -= max(0, weekday - 4)
    return max(day, 0)


def interventions_table(life: Life, chunk: Chunk) -> dict[str, list[Any]]:
    """Return the at-risk rescues; ``arm`` is filled in only where a coin decided."""
    rng = generator(life.scale.seed, "relations", 2_000_000 + chunk.number)
    rows, scale = chunk.rows(life.logs["rescues"]), life.scale
    names = ("customer_id", "play", "assigned", "arm", "completed", "hours", "owner", "result")
    table: dict[str, list[Any]] = {name: [] for name in names}
    results = ("plan agreed", "reached, no plan", "no answer")
    for account, day, arm in zip(
        rows["account"].tolist(), rows["day"].tolist(), rows["arm"].tolist(), strict=True
    ):
        end = day + int(rng.integers(3, 19))
        done = arm != 2 and end < min(scale.n_days, life.churn_day[chunk.first + account])
        hours = f"{0.5 * int(rng.integers(2, 13)):.1f}"
        at = day * 86_400 + int(rng.integers(9 * 3600, 16 * 3600))
        finish = iso_utc(np.array([end * 86_400 + 15 * 3600]), scale)[0]
        values = (
            key(int(life.ids[chunk.first + account])),
            "at_risk_rescue",
            iso_utc(np.array([at]), scale)[0],
            ("", "treated", "control")[int(arm)],
            finish if done else "",
            hours if done else "",
            csm_name(int(life.population.csm[chunk.first + account])),
            results[int(rng.choice(3, p=(0.45, 0.35, 0.20)))] if done else "",
        )
        for name, value in zip(names, values, strict=True):
            table[name].append(value)
    return table


def external_table(life: Life, chunk: Chunk) -> dict[str, list[Any]]:
    """News of about 15 % of accounts: likelier, and better, where the account expands."""
    rng = generator(life.scale.seed, "relations", 3_000_000 + chunk.number)
    expanding: dict[int, int] = {}
    for name in ("growth", "bursts"):
        rows = chunk.rows(life.logs[name])
        for account, day in zip(rows["account"].tolist(), rows["day"].tolist(), strict=True):
            expanding.setdefault(account, day)
    table: dict[str, list[Any]] = {
        name: [] for name in ("customer_id", "signal", "seen_on", "magnitude")
    }
    for account in range(len(chunk)):
        grows = account in expanding
        if rng.random() >= (0.35 if grows else 0.10):
            continue
        for _ in range(int(rng.integers(1, 4))):
            kind = ("funding", "headcount_growth", "job_postings")[int(rng.integers(0, 3))]
            near = expanding.get(account, 0) + int(rng.integers(-45, 15))
            day = near if grows else int(rng.integers(0, life.scale.n_days))
            day = min(max(day, 0), life.scale.n_days - 1)
            size = {
                "funding": round(float(rng.lognormal(15.5, 0.8)), -4),
                "headcount_growth": round(float(rng.normal(0.18 if grows else 0.04, 0.05)), 3),
                "job_postings": float(rng.poisson(14 if grows else 5)),
            }[kind]
            table["customer_id"].append(key(int(life.ids[chunk.first + account])))
            table["signal"].append(kind)
            table["seen_on"].append(dates(np.array([day]), life.scale)[0])
            table["magnitude"].append(size)
    return table
