"""When people come: visits, left to chance and habit, drawn person by person and day by day."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.anomalies import FLAT_WEEKS
from helpers.sources.demo.scene import Scene
from helpers.sources.demo.season import region_factor, season
from helpers.sources.demo.taxonomy import POWER

__all__ = ["DAY_S", "TWICE", "Visits", "make_visits", "regular_visits", "working_hour"]

DAY_S = 86_400
TWICE = 0.3
"""Share of visits of power accounts that are followed by another on the same day."""
_REGULARITY = 5.0
_NOISE = np.array([0.22, 0.10, 0.06, 0.14])  # of an account's week, log scale, by state

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Visits:
    """Visits left to chance: who, when, how long, how many actions."""

    person: Ints
    account: Ints
    day: Ints
    state: Ints
    start: Ints
    length: Ints
    actions: Ints

    def __len__(self) -> int:
        return len(self.person)


def make_visits(scene: Scene, rng: np.random.Generator) -> Visits:
    """Draw the visits of a chunk."""
    person, day = regular_visits(_chances(scene, rng), rng)
    account, week = scene.people.account[person], scene.scale.week_of(day)
    state = scene.history("state")[account, week].astype(np.int64)
    twice = (state == POWER) & (rng.random(len(person)) < TWICE)
    keep = np.repeat(np.arange(len(person)), 1 + twice)
    person, account, day, week = person[keep], account[keep], day[keep], week[keep]
    start, length = _times(scene, account, day, week, rng)
    mean = scene.history("actions")[account, week] * scene.effects.actions[account, day]
    actions = rng.poisson(mean * rng.gamma(8.0, 0.125, len(person)))
    return Visits(person, account, day, state[keep], start, length, actions)


def _chances(scene: Scene, rng: np.random.Generator) -> NDArray[np.float32]:
    """Visits that each person is expected to make on each day, (n_people, n_days)."""
    people, effects, day = scene.people, scene.effects, np.arange(scene.scale.n_days)
    chance = _rates(scene, rng)[people.account] * people.weight[:, None].astype(np.float32)
    for person, start, end, factor in effects.louder:
        chance[person, start:end] *= factor
    np.minimum(chance, np.float32(3.0), out=chance)
    until = np.minimum(people.active_to, scene.gone_on())
    chance[(day < people.active_from[:, None]) | (day >= until[:, None])] = 0
    for person, start, end in effects.silent:
        chance[person, start:end] = 0
    return chance


def _rates(scene: Scene, rng: np.random.Generator) -> NDArray[np.float32]:
    """Visits expected of a person of average weight, (n_accounts, n_days)."""
    scale, flat = scene.scale, scene.plateau
    rate = np.maximum(scene.history("rate"), 0).astype(np.float64)
    state = np.maximum(scene.history("state"), 0).astype(np.int64)
    noise = np.exp(rng.normal(0, 1, rate.shape) * _NOISE[state])
    if flat.any():
        rate[flat, -FLAT_WEEKS:] = rate[flat, -FLAT_WEEKS:].mean(axis=1, keepdims=True)
        noise[flat, -FLAT_WEEKS:] = 1.0
    week = scale.week_of(np.arange(scale.n_days))
    region = scene.life.population.region[scene.chunk.first : scene.chunk.last]
    daily = (rate * noise)[:, week] * season(scale)[None, :] * region_factor(scale)[region]
    return (daily * scene.effects.rate).astype(np.float32)


def regular_visits(expected: NDArray[np.float32], rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return (person, day) of visits, as many as expected but more evenly spread than dice.

    People have habits: in a time that runs as fast as visits are expected, they are a renewal
    process with gamma-distributed gaps, so that a week's count varies a fifth as much as a
    Poisson count would.
    """
    passed = np.cumsum(expected, axis=1, dtype=np.float64)
    most = int(passed[:, -1].max(initial=0) * 1.2) + 12
    gaps = rng.gamma(_REGULARITY, 1 / _REGULARITY, (len(expected), most))
    gaps[:, 0] *= rng.random(len(expected))
    visits = np.cumsum(gaps, axis=1)
    number = np.arange(len(expected))[:, None]
    row = (2.0 * most + 10.0) * number  # apart, so that one search serves all people
    before = np.searchsorted((visits + row).ravel(), (passed + row).ravel(), side="right")
    count = np.diff(before.reshape(expected.shape), axis=1, prepend=most * number)
    person, day = np.nonzero(count)
    many = count[person, day]
    return np.repeat(person, many).astype(np.int64), np.repeat(day, many).astype(np.int64)


def _times(
    scene: Scene, account: Ints, day: Ints, week: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return second of the day at which each visit begins, and its length in seconds."""
    n = len(account)
    hour = working_hour(rng, n)
    hour = np.where(rng.random(n) < 0.015, rng.uniform(20.5, 23.0, n), hour)
    night = rng.uniform(0.3, 3.1, n)
    night = np.where(night < 1.7, night, night + 1.4)  # never in an hour that the clock skips
    at_night = scene.effects.night[account, day]
    hour = np.where(at_night, night, hour)
    minutes = scene.history("minutes")[account, week]
    longest = np.where(at_night, 900, 4 * 3600)
    length = np.clip(minutes * 60 * rng.lognormal(-0.15, 0.55, n), 45, longest)
    start = (hour * 3600).astype(np.int64)
    return start, np.minimum(length.astype(np.int64), DAY_S - 60 - start)


def working_hour(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Hour at which a visit begins: around eleven, between six and half past eight at night."""
    hour = rng.normal(11.2, 2.8, n)
    inside = (hour > 6.0) & (hour < 20.5)
    return np.where(inside, hour, rng.uniform(8.0, 17.0, n))
