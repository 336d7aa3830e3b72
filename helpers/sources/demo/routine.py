"""Scripted visits that the weekly life calls for: bulk imports, invitations, a look at prices."""

import numpy as np

from helpers.sources.demo.effects import Effects
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk, People, burst_invitations
from helpers.sources.demo.scripted import Script
from helpers.sources.demo.settings import generator
from helpers.sources.demo.taxonomy import code

__all__ = ["routine_scripts"]


def routine_scripts(
    life: Life, chunk: Chunk, people: People, effects: Effects, rng: np.random.Generator
) -> list[Script]:
    """Return the scripted visits of a chunk that follow from the weekly life."""
    scripts: list[Script] = []
    imports = chunk.rows(life.logs["bulk_imports"])
    bulk = (code("login"), code("bulk_import_run"))
    for account, day in zip(imports["account"].tolist(), imports["day"].tolist(), strict=True):
        runner = _someone(people, effects, account, day)
        times = int(rng.integers(1, 4))
        scripts.append(Script(runner, day, bulk + bulk[1:] * (times - 1)))
    accounts, days = burst_invitations(life, chunk)
    for account, day in zip(accounts.tolist(), days.tolist(), strict=True):
        runner = _someone(people, effects, account, day)
        scripts.append(Script(runner, day, (code("login"), code("user_invited"))))
    upgrades = chunk.rows(life.logs["upgrades"])
    prices = (code("login"), code("pricing_page_viewed"))
    for account, day in zip(upgrades["account"].tolist(), upgrades["day"].tolist(), strict=True):
        for before in rng.integers(2, 28, int(rng.integers(1, 5))).tolist():
            runner = _someone(people, effects, account, day - before)
            scripts.append(Script(runner, day - before, prices))
    return scripts + _set_up(life, chunk, people)


def _set_up(life: Life, chunk: Chunk, people: People) -> list[Script]:
    """Let the administrator of a new account go through the set-up, six in ten to its end."""
    rng = generator(life.scale.seed, "journeys", 2_000_000 + chunk.number)
    login, step = code("login"), code("setup_step_completed")
    scripts = []
    for account in np.flatnonzero(life.signup_day[chunk.first : chunk.last] >= 0).tolist():
        admin = int(np.searchsorted(people.account, account))
        steps = 4 if rng.random() < 0.6 else int(rng.integers(0, 4))
        day = int(life.signup_day[chunk.first + account])
        for first, count, later in ((1, min(steps, 2), 0), (3, steps - 2, 2)):
            if count > 0:
                codes = (login, *([step] * count))
                scripts.append(Script(admin, day + later, codes, first_step=first))
    return scripts


def _someone(people: People, effects: Effects, account: int, day: int) -> int:
    """Return the champion, else the administrator, else whoever is there on that day."""
    start, stop = np.searchsorted(people.account, [account, account + 1])
    silent = {who for who, first, end in effects.silent if first <= day < end}
    there = [
        int(person)
        for person in (start + 1, start, *range(start + 2, stop))
        if people.active_from[person] <= day < people.active_to[person] and person not in silent
    ]
    set_up = [person for person in there if people.journey[person] < 0]
    return (set_up or there or [int(start)])[0]
