"""Counts gathered chunk by chunk while the company is written: small, whatever its size."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.events import Events
from helpers.sources.demo.journeys import eligible
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk, People
from helpers.sources.demo.taxonomy import POWER, code
from helpers.sources.demo.visits import TWICE

__all__ = ["RECENT_DAYS", "WINDOW_DAYS", "Tally", "journey_outcomes"]

WINDOW_DAYS = 30
RECENT_DAYS = 56

Ints = NDArray[np.int64]


@dataclass
class Tally:
    """Counts over all chunks so far."""

    life: Life
    n_people: int = 0
    windows_a: int = 0
    windows_b: int = 0
    windows_both: int = 0
    windows: int = 0
    accounts_a: int = 0
    upgrades: int = 0
    daily: NDArray[np.float64] = field(init=False)
    baseline: NDArray[np.float64] = field(init=False)
    recent: NDArray[np.int64] = field(init=False)  # events of each account, last eight weeks
    journeys: NDArray[np.int64] = field(init=False)
    wizard: NDArray[np.int64] = field(init=False)
    invites: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.daily, self.baseline = (np.zeros(self.life.scale.n_days) for _ in range(2))
        self.recent = np.zeros(len(self.life.ids), np.int64)
        self.journeys = np.zeros((3, 2), np.int64)  # journey, activated
        self.wizard = np.zeros((5, 2), np.int64)  # steps, activated

    def add(self, chunk: Chunk, people: People, events: Events) -> None:
        """Take in one chunk."""
        self.n_people += int((people.joined < self.life.scale.n_days).sum())
        self.daily += np.bincount(events.day, minlength=self.life.scale.n_days)
        self.baseline += expected_daily(self.life, chunk, people)
        late = events.day >= self.life.scale.n_days - RECENT_DAYS
        account = chunk.first + people.account[events.person[late]]
        self.recent += np.bincount(account, minlength=len(self.recent))
        self._pairs(chunk, people, events)
        self._invitations(chunk, people, events)
        judged, activated = journey_outcomes(self.life, chunk, people)
        np.add.at(self.journeys, (people.journey[judged], activated[judged].astype(int)), 1)
        np.add.at(self.wizard, (people.wizard[judged], activated[judged].astype(int)), 1)

    def _pairs(self, chunk: Chunk, people: People, events: Events) -> None:
        """Accounts and 30-day windows, counted back from the end, with features A and B in use."""
        n_windows = self.life.scale.n_days // WINDOW_DAYS
        window = (self.life.scale.n_days - 1 - events.day) // WINDOW_DAYS
        account = people.account[events.person]
        inside = window < n_windows
        used = {}
        for name in ("automation_run", "workload_planned", None):
            mine = inside if name is None else inside & (events.code == code(name))
            grid = np.zeros((len(chunk), n_windows), bool)
            grid[account[mine], window[mine]] = True
            used[name] = grid
        a, b = used["automation_run"], used["workload_planned"]
        self.windows += int(used[None].sum())
        self.windows_a += int(a.sum())
        self.windows_b += int(b.sum())
        self.windows_both += int((a & b).sum())
        self.accounts_a += int(a.any(axis=1).sum())

    def _invitations(self, chunk: Chunk, people: People, events: Events) -> None:
        mine = events.code == code("user_invited")
        n_days = self.life.scale.n_days
        cell = (chunk.first + people.account[events.person[mine]]) * n_days + events.day[mine]
        cells, many = np.unique(cell, return_counts=True)
        self.invites.append((cells // n_days, cells % n_days, many))

    def invited(self, day: int, days: int) -> Ints:
        """Invitations of each account in the ``days`` before a day, (n_accounts,)."""
        total = np.zeros(len(self.life.ids), np.int64)
        for account, when, many in self.invites:
            inside = (when >= day - days) & (when < day)
            np.add.at(total, account[inside], many[inside])
        return total


def journey_outcomes(
    life: Life, chunk: Chunk, people: People
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return who can be judged, and who was activated."""
    churn = life.churn_day[chunk.first + people.account]
    return eligible(people, churn, life.scale), people.activated


def expected_daily(life: Life, chunk: Chunk, people: People) -> NDArray[np.float64]:
    """Events a day that people, states and levels alone would give: no season, no noise."""
    scale, n_days = life.scale, life.scale.n_days
    until = np.minimum(people.active_to, life.churn_day[chunk.first + people.account])
    change = np.zeros((len(chunk), n_days + 1))
    start = np.clip(people.active_from, 0, n_days)
    stop = np.maximum(np.clip(until, 0, n_days), start)
    np.add.at(change, (people.account, start), people.weight)
    np.add.at(change, (people.account, stop), -people.weight)
    present = np.cumsum(change, axis=1)[:, :n_days]
    week = scale.week_of(np.arange(n_days))
    cut = slice(chunk.first, chunk.last)
    history = {name: values[cut][:, week] for name, values in life.history.items()}
    rate = np.maximum(history["rate"], 0)
    visits = 1 + TWICE * (history["state"] == POWER)
    expected: NDArray[np.float64] = (present * rate * visits * (history["actions"] + 2)).sum(axis=0)
    return expected
