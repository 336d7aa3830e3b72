"""Scripted visits that the weekly life calls for: bulk imports, invitations, a look at prices."""

import numpy as np

from helpers.sources.demo.effects import Effects
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk, People, burst_invitations
from helpers.sources.demo.scripted import Script
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
    return scripts


def _someone(people: People, effects: Effects, account: int, day: int) -> int:
    """Return the champion, else the administrator, else whoever is there on that day."""
    start, stop = np.searchsorted(people.account, [account, account + 1])
    order = [start + 1, start, *range(start + 2, stop)]
    silent = {who for who, first, end in effects.silent if first <= day < end}
    for person in order:
        if people.joined[person] <= day < people.left[person] and person not in silent:
            set_up = people.journey[person] < 0
            if set_up:
                return int(person)
    return int(start)
