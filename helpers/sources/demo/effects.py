"""What anomalies, planned absences and faults do to usage: factors by account and day."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.anomalies import Anomaly, Plan
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk, People
from helpers.sources.demo.scripted import Script
from helpers.sources.demo.settings import generator
from helpers.sources.demo.taxonomy import FEATURES, POWER, code

__all__ = ["Effects", "apply_plan"]

Floats = NDArray[np.float32]


@dataclass
class Effects:
    """Factors of a chunk, (n_accounts, n_days), and scripted extras.

    ``rate`` multiplies how many people are active, ``actions`` what they do in a visit;
    ``night`` moves visits to the night; ``silent`` and ``dropped`` list (person, from, to) and
    (account, feature, from, to); ``errors`` multiplies errors, ``boards`` keeps that share.
    """

    rate: Floats
    actions: Floats
    night: NDArray[np.bool_]
    errors: Floats
    boards: Floats
    exports: Floats
    silent: list[tuple[int, int, int]] = field(default_factory=list)
    louder: list[tuple[int, int, int, float]] = field(default_factory=list)
    dropped: list[tuple[int, int, int, int]] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    spikes: list[tuple[int, int, int, str]] = field(default_factory=list)


def apply_plan(
    life: Life, chunk: Chunk, people: People, plan: Plan, api_limits: NDArray[np.int64]
) -> Effects:
    """Turn the plan into factors and scripts for one chunk; limits are of API calls a month."""
    rng = generator(life.scale.seed, "anomalies", chunk.number + 1)
    shape = (len(chunk), life.scale.n_days)
    effects = Effects(
        rate=np.ones(shape, np.float32),
        actions=np.ones(shape, np.float32),
        night=np.zeros(shape, bool),
        errors=np.ones(shape, np.float32),
        boards=np.ones(shape, np.float32),
        exports=np.ones(shape, np.float32),
    )
    for account, start, end in plan.initiatives:
        if chunk.first <= account < chunk.last:
            effects.rate[account - chunk.first, start:end] *= 0.15
    for position, (start, end, share) in enumerate(plan.incidents):
        hit = rng.random(len(chunk)) < share
        effects.errors[hit, start:end] = 8.0 if position == 0 else 6.0
        side = effects.boards if position == 0 else effects.exports
        side[hit, start:end] = 0.4
    for anomaly in plan.of(chunk.first, chunk.last):
        account = anomaly.account - chunk.first
        _apply(anomaly, effects, people, account, life, rng)
        if anomaly.kind == "api_over_limit":
            effects.scripts += _api_calls(anomaly, people, account, int(api_limits[account]))
    return effects


def _apply(
    anomaly: Anomaly,
    effects: Effects,
    people: People,
    account: int,
    life: Life,
    rng: np.random.Generator,
) -> None:
    start, end = anomaly.start, anomaly.end
    mine = np.flatnonzero(people.account == account)
    active = mine[(people.active_from[mine] < start - 21) & (people.active_to[mine] >= end)]
    if anomaly.kind == "sudden_drop":
        effects.rate[account, start:end] *= 0.1
    elif anomaly.kind == "feature_abandonment":
        feature = FEATURES.index(anomaly.detail)
        effects.dropped.append((account, feature, start, end))
    elif anomaly.kind == "user_attrition":
        order = active[np.argsort(-people.weight[active], kind="stable")]
        effects.silent += [(int(person), start, end) for person in order[::2]]
    elif anomaly.kind == "admin_absence":
        admins = mine[people.admin[mine]]
        power = life.state_on(start)[anomaly.account] == POWER
        effects.louder.append((int(admins[0]), 0, start, 1.4 if power else 3.0))
        effects.silent += [(int(person), start, end) for person in admins]
    elif anomaly.kind == "power_user_silent" and len(active):
        top = active[np.argmax(people.weight[active])]
        effects.louder.append((int(top), 0, start, 1.8))
        effects.silent.append((int(top), start, end))
    elif anomaly.kind == "unexpected_spike":
        effects.spikes.append((account, start, end, anomaly.detail))
    elif anomaly.kind == "pattern_break":
        _swap_week(effects, account, start, end, life)
    elif anomaly.kind == "above_typical_power_user":
        effects.rate[account, start:end] *= 1.25
        effects.actions[account, start:end] *= 1.7
    else:
        _extra_use(anomaly, effects, people, active if len(active) else mine, life, rng)


def _api_calls(anomaly: Anomaly, people: People, account: int, limit: int) -> list[Script]:
    """Let a machine call every day, so as to pass the monthly limit before the data end."""
    someone = int(np.searchsorted(people.account, account))
    each = round(1.35 * limit / (anomaly.end - anomaly.start) / 4)
    return [
        Script(someone, day, (code("api_called"),), hour=hour, value=each, visit=False)
        for day in range(anomaly.start, anomaly.end)
        for hour in (3.0, 9.0, 15.0, 21.0)
    ]


def _swap_week(effects: Effects, account: int, start: int, end: int, life: Life) -> None:
    """Keep the volume, change the times: weekends and nights instead of working days."""
    for day in range(start, end):
        weekend = life.scale.date(day).weekday() >= 5
        effects.rate[account, day] *= 5.0 if weekend else 0.5
        effects.night[account, day] = True


def _extra_use(
    anomaly: Anomaly,
    effects: Effects,
    people: People,
    active: NDArray[np.int64],
    life: Life,
    rng: np.random.Generator,
) -> None:
    """Kinds that add visits of their own."""
    start, end = anomaly.start, anomaly.end
    if not len(active):
        return
    someone = int(active[int(rng.integers(0, len(active)))])
    if anomaly.kind == "outlier_actions":
        codes = (code("login"), code("api_key_created"), *([code("export_run")] * 12))
        for day in range(start, end):
            effects.scripts += [Script(someone, day, codes, hour=h) for h in (10.5, 14.5)]
    elif anomaly.kind == "suspicious_activity":
        fails = (code("login_failed"),) * int(rng.integers(25, 60))
        for day in range(start, end):
            effects.scripts.append(Script(someone, day, fails, hour=2.2, visit=False))
            night = (code("login"), code("api_key_created"), *([code("export_run")] * 15))
            effects.scripts.append(Script(someone, day, night, hour=2.6))
    elif anomaly.kind == "premium_in_trial":
        names = ("automation_run", "workload_planned", "timeline_viewed", "automation_run")
        codes = (code("login"), *(code(name) for name in names))
        for day in range(start, end):
            if life.scale.date(day).weekday() < 5:
                effects.scripts.append(Script(someone, day, codes))
    elif anomaly.kind == "five_integrations_three_departments":
        codes = (code("login"), *([code("integration_used")] * 3))
        for day in range(start, end, 2):
            effects.scripts.append(Script(someone, day, codes, hour=11.0))
    elif anomaly.kind == "emerging_champion":
        _emerge(anomaly, effects, people, active, life)


def _emerge(
    anomaly: Anomaly, effects: Effects, people: People, active: NDArray[np.int64], life: Life
) -> None:
    """Let the least active ordinary member begin to share, comment and answer every working day."""
    members = active[(people.rank[active] > 1) & (people.role[active] != 0)]
    pool = members if len(members) else active
    person = int(pool[np.argmin(people.weight[pool])])
    names = ("item_shared", "comment_added", "comment_added", "community_posted", "report_built")
    codes = (code("login"), *(code(name) for name in names), *([code("task_created")] * 6))
    for day in range(anomaly.start, anomaly.end):
        if life.scale.date(day).weekday() < 5:
            effects.scripts.append(Script(person, day, codes))
