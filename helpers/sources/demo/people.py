"""The people of the accounts of one chunk: who joins when, who uses the product, who leaves."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.anomalies import FLAT_WEEKS, Plan
from helpers.sources.demo.life import Life
from helpers.sources.demo.log import Rows
from helpers.sources.demo.settings import CHUNK, PLANTED, generator
from helpers.sources.demo.state import NEVER

__all__ = ["DEPARTMENTS", "JOURNEYS", "ROLES", "Chunk", "People", "chunk_of", "make_people"]

DEPARTMENTS = (
    "Operations",
    "Marketing",
    "Sales",
    "IT",
    "Finance",
    "Product",
    "HR",
    "Legal",
)
ROLES = ("admin", "manager", "member", "guest")
JOURNEYS = ("success", "failure", "mixed")

_JOINS = np.array([0.50, 0.035, 0.09, 0.008])  # people a week, by state
_JOINS_GROWING = 0.40
_REMOVED = np.array([0.0005, 0.0012, 0.0008, 0.0100])  # a person and week, by state
_RATES = (PLANTED.success_rate, PLANTED.failure_rate, PLANTED.mixed_rate)
_SHARES = (
    PLANTED.success_share,
    PLANTED.failure_share,
    1 - PLANTED.success_share - PLANTED.failure_share,
)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Chunk:
    """A run of accounts ``first <= account < last``; inside, accounts count from 0."""

    number: int
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    def rows(self, rows: Rows) -> Rows:
        """Cut a log to these accounts."""
        return rows.between(self.first, self.last)


def chunk_of(life: Life, number: int) -> Chunk:
    """Return the chunk of that number."""
    return Chunk(number, number * CHUNK, min((number + 1) * CHUNK, len(life.ids)))


@dataclass(frozen=True)
class People:
    """Arrays over people, ordered by account and day of joining; ``account`` counts in the chunk.

    ``journey`` is -1 for those whom an administrator set up, else an index of JOURNEYS; people
    use the product on days ``active_from <= day < active_to``.
    """

    account: Ints
    joined: Ints
    left: Ints
    active_from: Ints
    active_to: Ints
    journey: Ints
    activated: NDArray[np.bool_]
    wizard: Ints
    weight: NDArray[np.float64]
    department: Ints
    role: Ints
    champion: NDArray[np.bool_]
    rank: Ints

    def __len__(self) -> int:
        return len(self.account)

    @property
    def admin(self) -> NDArray[np.bool_]:
        """Who administers the account."""
        return self.role == 0


def make_people(life: Life, chunk: Chunk, plan: Plan) -> People:
    """Draw the people of a chunk."""
    rng = generator(life.scale.seed, "people", chunk.number)
    account, joined, set_up = _who_joins(life, chunk, plan, rng)
    order = np.lexsort([joined, ~set_up, account])
    account, joined, set_up = account[order], joined[order], set_up[order]
    rank = np.arange(len(account)) - np.searchsorted(account, account)
    n = len(account)
    journey = np.where(set_up, -1, rng.choice(3, n, p=_SHARES))
    chance = np.where(set_up, 1.0, np.array(_RATES)[journey])
    role = rng.choice([1, 2, 3], n, p=(0.18, 0.72, 0.10))
    large = life.population.team[chunk.first + account] >= 15
    role[(rank == 0) | ((rank == 2) & large)] = 0
    people = People(
        account=account,
        joined=joined,
        left=np.full(n, NEVER),
        active_from=joined,
        active_to=np.full(n, NEVER),
        journey=journey,
        activated=rng.random(n) < chance,
        wizard=np.where(set_up, 4, _wizard_steps(rng, journey)),
        weight=np.clip(rng.lognormal(-0.10, 0.45, n), 0.25, 1.7)
        * np.where(rank == 1, 1.4, np.where(rank == 0, 1.15, 1.0)),
        department=np.zeros(n, np.int64),
        role=role,
        champion=rank == 1,
        rank=rank,
    )
    people = replace(people, department=_departments(life, chunk, people, plan, rng))
    return _when_active(_removals(life, chunk, people, rng), rng)


def _who_joins(
    life: Life, chunk: Chunk, plan: Plan, rng: np.random.Generator
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return account, day of joining and "set up by an administrator" of all people."""
    parts = [
        (*_set_up(life, chunk, rng), True),
        (*_added(life, chunk, plan), True),
        (*_weekly(life, chunk, plan, rng), False),
        (*_from_bursts(life, chunk, rng), False),
    ]
    account = np.concatenate([part[0] for part in parts])
    joined = np.concatenate([part[1] for part in parts])
    set_up = np.concatenate([np.full(len(part[0]), part[2]) for part in parts])
    known = set_up | (joined < np.minimum(life.churn_day[chunk.first + account], life.scale.n_days))
    return account[known], joined[known], set_up[known]


def _set_up(life: Life, chunk: Chunk, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """People of an account when it began, and those who joined before day 0."""
    cut = slice(chunk.first, chunk.last)
    signup, team = life.signup_day[cut], life.population.team[cut]
    old = np.round(team * rng.uniform(0.7, 1.0, len(team)))
    young = np.clip(np.round(team * 0.4), 2, 8)
    many = np.maximum(2, np.where(signup < 0, old, young)).astype(np.int64)
    account = np.repeat(np.arange(len(many)), many)
    rank = np.arange(len(account)) - np.searchsorted(account, account)
    span = np.where(signup[account] < 0, -signup[account] * 0.8, 3)
    after = np.where(rank < 2, 0, np.floor(rng.random(len(account)) * span))
    return account, signup[account] + after.astype(np.int64)


def _weekly(life: Life, chunk: Chunk, plan: Plan, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """At most one person an account and week signs up, between Monday and Thursday."""
    scale, cut = life.scale, slice(chunk.first, chunk.last)
    state = life.history["state"][cut].astype(np.int64)
    chance = np.where(state >= 0, _JOINS[np.maximum(state, 0)], 0.0)
    chance *= np.clip(life.population.team[cut, None] / 8, 0.4, 1.6)
    grows = chunk.rows(life.logs["growth"])
    begins = scale.week_of(grows["day"])
    for grower, begin, lasts in zip(grows["account"], begins, grows["weeks"], strict=True):
        chance[grower, begin : begin + lasts] = _JOINS_GROWING
    flat = np.isin(np.arange(chunk.first, chunk.last), plan.plateau)
    chance[flat, -FLAT_WEEKS:] = 0.0
    account, week = np.nonzero(rng.random(chance.shape) < chance)
    first = scale.n_days - 7 * (scale.n_weeks - week)
    monday = (7 - (scale.start.weekday() + first) % 7) % 7
    day = first + (monday + rng.integers(0, 4, len(week))) % 7
    known = (day >= 0) & (day > life.signup_day[cut][account] + 2)
    return account[known], before_outage(day[known], scale.outage_day)


def _from_bursts(life: Life, chunk: Chunk, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Six in ten of those invited in a burst join, up to three days after the invitation."""
    account, day = burst_invitations(life, chunk)
    come = rng.random(len(account)) < 0.6
    day = day[come] + rng.integers(0, 4, int(come.sum()))
    return account[come], before_outage(day, life.scale.outage_day)


def burst_invitations(life: Life, chunk: Chunk) -> tuple[Ints, Ints]:
    """Return account and day of every invitation of a burst: the first ten days of it."""
    bursts = chunk.rows(life.logs["bursts"])
    rng = generator(life.scale.seed, "journeys", chunk.number)
    invites = bursts["invites"].astype(np.int64)
    account = np.repeat(bursts["account"].astype(np.int64), invites)
    start = np.repeat(bursts["day"].astype(np.int64), invites)
    offset = np.floor(rng.random(len(start)) * 10).astype(np.int64)
    first_of_each = np.cumsum(invites) - invites
    offset[first_of_each] = 0
    day = start + offset
    return account, np.where(day == life.scale.outage_day, np.maximum(start, day - 1), day)


def before_outage(day: Ints, outage_day: int) -> Ints:
    """Move a first day so that neither it nor the next one falls on the outage."""
    return np.where((day == outage_day) | (day == outage_day - 1), outage_day - 2, day)


def _wizard_steps(rng: np.random.Generator, journey: Ints) -> Ints:
    """Draw the steps of the set-up that each person finishes, 0 to 4.

    Who finishes is drawn so that 60 % of those who do are activated and 45 % of the others: a
    third of the success journeys and 72 % of the mixed ones finish, no failure does.
    """
    finishes = rng.random(len(journey)) < np.array([1 / 3, 0.0, 0.72])[journey]
    partly = rng.choice(4, len(journey), p=(0.3, 0.2, 0.35, 0.15))
    return np.where(journey == 1, 0, np.where(finishes, 4, partly))


def _added(life: Life, chunk: Chunk, plan: Plan) -> tuple[Ints, Ints]:
    """People whom an administrator adds all at once: towards the seat limit, new departments."""
    accounts, days = [], []
    for anomaly in plan.of(chunk.first, chunk.last):
        team = int(life.population.team[anomaly.account])
        many = {
            "near_seat_limit": max(1, round(0.12 * team)),
            "new_departments": 4,
            "five_integrations_three_departments": 3,
        }.get(anomaly.kind, 0)
        accounts += [anomaly.account - chunk.first] * many
        days += [anomaly.start] * many
    return np.array(accounts, np.int64), np.array(days, np.int64)


def _departments(
    life: Life, chunk: Chunk, people: People, plan: Plan, rng: np.random.Generator
) -> Ints:
    """Give each account a few departments, more to larger teams; person 0 founds the first."""
    team = life.population.team[chunk.first : chunk.last]
    many = np.clip(np.round(np.sqrt(team) * 0.55), 1, 4).astype(np.int64)
    first = rng.integers(0, len(DEPARTMENTS), len(team))
    within = np.floor(rng.random(len(people)) ** 1.5 * many[people.account]).astype(np.int64)
    within = np.where(people.rank == 0, 0, within)
    for anomaly in plan.of(chunk.first, chunk.last):
        if anomaly.kind in ("new_departments", "five_integrations_three_departments"):
            mine = people.account == anomaly.account - chunk.first
            new = np.flatnonzero(mine & (people.joined == anomaly.start))
            within[new] = many[anomaly.account - chunk.first] + np.arange(len(new)) % 3
    return (first[people.account] + within) % len(DEPARTMENTS)


def _removals(life: Life, chunk: Chunk, people: People, rng: np.random.Generator) -> People:
    """Deactivate people: rarely, more often in accounts at risk; champions on their day."""
    scale = life.scale
    state = life.history["state"][chunk.first : chunk.last].astype(np.int64)
    chance = np.where(state >= 0, _REMOVED[np.maximum(state, 0)], 0.0)
    survives = np.cumsum(-np.log1p(-chance), axis=1)  # of one person, by week
    first_week = np.clip(scale.week_of(people.joined) + 10, 0, scale.n_weeks - 1)
    before = survives[people.account, first_week]
    threshold = before + rng.exponential(size=len(people))
    week = (survives[people.account] < threshold[:, None]).sum(axis=1)
    day = scale.n_days - 7 * (scale.n_weeks - week) + rng.integers(0, 5, len(people))
    goes = (week < scale.n_weeks) & (people.rank > 1) & (day > people.joined + 63)
    left = np.where(goes & (day < life.churn_day[chunk.first + people.account]), day, NEVER)
    left = np.where(left >= scale.n_days, NEVER, left)
    champion, left = _champions(chunk.rows(life.logs["champions"]), people, left)
    return replace(people, left=left, champion=champion)


def _champions(departures: Rows, people: People, left: Ints) -> tuple[NDArray[np.bool_], Ints]:
    """Let the champion (person 1) leave on the logged day; person 0 takes over, then leaves."""
    champion, left = people.champion.copy(), left.copy()
    seen: dict[int, int] = {}
    for account, day in zip(
        departures["account"].tolist(), departures["day"].tolist(), strict=True
    ):
        count = seen.get(account, 0)
        seen[account] = count + 1
        if count < 2:
            start = int(np.searchsorted(people.account, account))
            left[start + 1 - count] = day
            champion[start] = True
    return champion, left


def _when_active(people: People, rng: np.random.Generator) -> People:
    """Set the days on which people may use the product; see ``journeys`` for the first ones."""
    n = len(people)
    success, failure, mixed = (people.journey == number for number in range(3))
    start = people.joined.copy()
    start[success] += 2
    start[mixed] += 1
    start[failure] += 8 + rng.integers(0, 10, n)[failure]
    gives_up = people.joined + 8 + rng.integers(0, 12, n)
    stays = people.activated & ~((people.journey < 0) & (people.rank > 1) & (rng.random(n) < 0.08))
    end = np.where(stays, NEVER, np.where(failure, people.joined, gives_up))
    end = np.where((people.journey < 0) & ~stays, people.joined, end)  # a seat nobody uses
    return replace(people, active_from=start, active_to=np.minimum(end, people.left))
