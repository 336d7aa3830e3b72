"""Contract terms over time: seats, plan, price; and the outcomes that change them."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.anomalies import Plan
from helpers.sources.demo.expansion import UPGRADE_KINDS
from helpers.sources.demo.life import Life
from helpers.sources.demo.log import Rows
from helpers.sources.demo.people import Chunk, People
from helpers.sources.demo.settings import generator

__all__ = ["Book", "Outcome", "Terms", "make_terms", "terms_on"]

PRICES = (14.0, 26.0, 45.0)
TRIAL_DAYS = 30
TIGHT = "near_seat_limit"
_ANNUAL_DISCOUNT = 0.10
_DOWNGRADES = 0.06  # of declines

REASONS = (
    "price",
    "missing features",
    "support experience",
    "low usage",
    "switched to a competitor",
    "reorganisation",
)


@dataclass
class Terms:
    """One row of a subscription; ``end`` is the first day it no longer holds, if any."""

    account: int
    start: int
    end: int | None
    plan: int
    seats: int
    annual: bool
    discount: float
    trial: bool = False

    @property
    def mrr(self) -> float:
        """Monthly recurring revenue."""
        if self.trial:
            return 0.0
        return round(self.seats * PRICES[self.plan] * (1 - self.discount), 2)


@dataclass(frozen=True)
class Outcome:
    """What became of an account on a day."""

    account: int
    day: int
    kind: str
    mrr_change: float
    reason: str


@dataclass
class Book:
    """Terms of one account in order, and its outcomes."""

    terms: list[Terms] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def note(self, day: int, kind: str, mrr_change: float, reason: str) -> None:
        """Record an outcome."""
        self.outcomes.append(Outcome(self.terms[0].account, day, kind, mrr_change, reason))

    def change(
        self,
        day: int,
        *,
        plan: int | None = None,
        seats: int | None = None,
        annual: bool | None = None,
    ) -> float:
        """End the terms in force and begin changed ones; return the change of revenue."""
        old = self.terms[-1]
        day = max(day, old.start + 1)
        old.end = day
        fresh = replace(
            old,
            start=day,
            end=None,
            trial=False,
            plan=old.plan if plan is None else plan,
            seats=old.seats if seats is None else seats,
            annual=old.annual if annual is None else annual,
        )
        self.terms.append(fresh)
        return round(fresh.mrr - old.mrr, 2)


def make_terms(life: Life, chunk: Chunk, people: People, plan: Plan) -> list[Book]:
    """Return the book of each account of a chunk."""
    rng = generator(life.scale.seed, "commerce", chunk.number)
    near = {a.account: a.start for a in plan.of(chunk.first, chunk.last) if a.kind == TIGHT}
    logs = {name: chunk.rows(life.logs[name]) for name in ("upgrades", "slips", "invoices")}
    books = []
    for account in range(len(chunk)):
        number = chunk.first + account
        low, high = np.searchsorted(people.account, [account, account + 1])
        seats = Seats(people.joined[low:high], people.left[low:high])
        book = _open(life, number, seats, rng)
        for day, kind, detail in sorted(_changes(life, number, account, logs, rng)):
            _carry_out(book, day, kind, detail, seats)
        if number in near:
            _tighten(book, near[number], seats)
        _close(book, life, number, rng)
        books.append(book)
    return books


@dataclass(frozen=True)
class Seats:
    """Days on which the people of one account got and lost their seat."""

    joined: NDArray[np.int64]
    left: NDArray[np.int64]

    def used(self, day: int) -> int:
        """Seats in use on a day; at least 1."""
        return max(1, int(((self.joined <= day) & (self.left > day)).sum()))


def _open(life: Life, number: int, seats: Seats, rng: np.random.Generator) -> Book:
    """Buy seats for the team expected, with some to spare; begin with the trial, if any."""
    pop, start = life.population, int(life.signup_day[number])
    expected = max(seats.used(max(start, 0) + 3), 0.75 * float(pop.team[number]))
    bought = math.ceil(expected / float(rng.uniform(0.55, 0.80)))
    annual = bool(pop.annual[number])
    discount = min(0.5, float(pop.discount[number]) + _ANNUAL_DISCOUNT * annual)
    first = Terms(number, start, None, int(pop.plan[number]), bought, annual, round(discount, 2))
    book = Book([first])
    if start >= 0 and pop.has_trial[number]:
        first.trial, first.plan = True, max(1, first.plan)
        if life.churn_day[number] > start + TRIAL_DAYS and start + TRIAL_DAYS < life.scale.n_days:
            book.change(start + TRIAL_DAYS, plan=int(pop.plan[number]))
    return book


def _changes(
    life: Life, number: int, account: int, logs: dict[str, Rows], rng: np.random.Generator
) -> list[tuple[int, str, int]]:
    """Return (day, kind, detail) of what changes terms: seat reviews, upgrades, downgrades."""
    last = min(int(life.churn_day[number]), life.scale.n_days) - 1
    start = max(int(life.signup_day[number]), 0)
    changes = [(day, "seats", 0) for day in range(start + 10, last - 2, 10)]
    upgrades, slips, invoices = (
        logs[name].of(account) for name in ("upgrades", "slips", "invoices")
    )
    changes += [
        (int(day), "upgrade", int(kind))
        for day, kind in zip(upgrades["day"], upgrades["kind"], strict=True)
    ]
    changes += [
        (int(day) + 40, "downgrade", 0) for day in slips["day"] if rng.random() < _DOWNGRADES
    ]
    changes += [
        (int(day), "renewal", 0)
        for day, annual in zip(invoices["day"], invoices["annual"], strict=True)
        if annual and day > start + 300
    ]
    return [change for change in changes if change[0] <= last]


def _carry_out(book: Book, day: int, kind: str, detail: int, seats: Seats) -> None:
    now, used = book.terms[-1], seats.used(day)
    if kind == "seats":
        if used > 0.86 * now.seats and now.trial:
            now.seats = math.ceil(used / 0.70)
        elif used > 0.86 * now.seats:
            book.change(day, seats=math.ceil(used / 0.70))
    elif kind == "upgrade":
        more = max(math.ceil(now.seats * 1.2), math.ceil(used / 0.75))
        if detail == 0:
            change = book.change(day, annual=True, seats=more)
        elif detail == 1:
            change = book.change(day, plan=min(2, now.plan + 1))
        else:
            change = book.change(day, seats=max(more, math.ceil(now.seats * 1.3)))
        book.note(day, "upgraded", change, UPGRADE_KINDS[detail])
    elif kind == "downgrade":
        fewer = max(2, used, math.floor(now.seats * 0.75))
        if fewer < now.seats:
            book.note(day, "downgraded", book.change(day, seats=fewer), "fewer seats")
    else:
        book.note(day, "renewed", 0.0, "annual renewal")


def _tighten(book: Book, start: int, seats: Seats) -> None:
    """Seats that the people added on ``start`` nearly fill: more than nine in ten in use."""
    while len(book.terms) > 1 and book.terms[-1].start > start - 60:
        book.terms.pop()
    book.terms[-1].end = None
    day = max(start - 60, book.terms[-1].start + 1)
    book.change(day, seats=math.floor(seats.used(start) / 0.92))


def _close(book: Book, life: Life, number: int, rng: np.random.Generator) -> None:
    day = int(life.churn_day[number])
    if day >= life.scale.n_days:
        return
    last = book.terms[-1]
    last.end = max(day, last.start)
    book.note(day, "churned", -last.mrr, REASONS[int(rng.integers(0, len(REASONS)))])


def terms_on(book: Book, day: int) -> Terms:
    """Return the terms in force on a day; the first ones before they began."""
    for terms in reversed(book.terms):
        if terms.start <= day:
            return terms
    return book.terms[0]
