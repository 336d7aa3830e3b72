"""What anomalies, planned absences and faults do to usage: factors by account and day."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.anomalies import Anomaly, Plan
from helpers.sources.demo.extra_use import Target, extra_visits
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk, People
from helpers.sources.demo.scripted import Script
from helpers.sources.demo.settings import generator
from helpers.sources.demo.taxonomy import FEATURES, POWER

__all__ = ["Effects", "apply_plan"]

Floats = NDArray[np.float32]


@dataclass
class Effects:
    """Factors of a chunk, (n_accounts, n_days), and scripted extras.

    ``rate`` multiplies how many people come, ``actions`` what they do in a visit; ``night`` moves
    visits to the night; ``errors`` multiplies errors, ``boards`` and ``exports`` keep that share
    of their events. ``silent`` lists (person, from, to), ``louder`` also a factor, ``dropped``
    (account, feature, from, to), ``spikes`` (account, from, to, detail).
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
    rate, actions, errors, boards, exports = (np.ones(shape, np.float32) for _ in range(5))
    effects = Effects(rate, actions, np.zeros(shape, bool), errors, boards, exports)
    for account, start, end in plan.initiatives:
        if chunk.first <= account < chunk.last:
            effects.rate[account - chunk.first, start:end] *= 0.15
    for position, (start, end, share) in enumerate(plan.incidents):
        hit = rng.random(len(chunk)) < share
        effects.errors[hit, start:end] = 8.0 if position == 0 else 6.0
        side = effects.boards if position == 0 else effects.exports
        side[hit, start:end] = 0.4
    for anomaly in plan.of(chunk.first, chunk.last):
        target = _target(anomaly, chunk, people, life)
        _change_usage(target, effects, life)
        limit = int(api_limits[target.account])
        effects.scripts += extra_visits(target, limit, rng)
    return effects


def _target(anomaly: Anomaly, chunk: Chunk, people: People, life: Life) -> Target:
    account = anomaly.account - chunk.first
    mine = np.flatnonzero(people.account == account)
    regular = people.active_from[mine] < anomaly.start - 21
    active = mine[regular & (people.active_to[mine] >= anomaly.end)]
    return Target(anomaly, account, people, life.scale, mine, active if len(active) else mine[:1])


def _change_usage(target: Target, effects: Effects, life: Life) -> None:
    """Apply the kinds that change how often people come, or what they do."""
    account, anomaly = target.account, target.anomaly
    kind, start, end = anomaly.kind, anomaly.start, anomaly.end
    if kind == "sudden_drop":
        effects.rate[account, start:end] *= 0.1
    elif kind == "feature_abandonment":
        effects.dropped.append((account, FEATURES.index(anomaly.detail), start, end))
    elif kind == "unexpected_spike":
        effects.spikes.append((account, start, end, anomaly.detail))
    elif kind == "above_typical_power_user":
        effects.rate[account, start:end] *= 1.25
        effects.actions[account, start:end] *= 1.7
    elif kind == "pattern_break":
        for day in target.days:  # the same volume at other times
            effects.rate[account, day] *= 7.0 if life.scale.date(day).weekday() >= 5 else 0.5
            effects.night[account, day] = True
    else:
        _silence(target, effects, life)


def _silence(target: Target, effects: Effects, life: Life) -> None:
    """Apply the kinds in which certain people fall silent; the busy ones were busy before."""
    kind, start, end = target.anomaly.kind, target.anomaly.start, target.anomaly.end
    weight, mine, active = target.people.weight, target.mine, target.active
    if kind == "user_attrition":
        order = active[np.argsort(-weight[active], kind="stable")]
        effects.silent += [(int(person), start, end) for person in order[::2]]
    elif kind == "admin_absence":
        admins = mine[target.people.admin[mine]]
        power = life.state_on(start)[target.anomaly.account] == POWER
        effects.louder.append((int(admins[0]), 0, start, 1.4 if power else 3.0))
        effects.silent += [(int(person), start, end) for person in admins]
    elif kind == "power_user_silent":
        known = active[target.people.active_from[active] < start - 90]
        pool = known if len(known) else active
        top = int(pool[np.argmax(weight[pool])])
        effects.louder.append((top, 0, start, 1.8))
        effects.silent.append((top, start, end))
