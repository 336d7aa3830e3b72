"""What is known of every account at the start of a week, as arrays over accounts."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.log import Log
from helpers.sources.demo.population import Population
from helpers.sources.demo.settings import PLANTED, Scale
from helpers.sources.demo.taxonomy import AT_RISK, CASUAL, NEW, POWER

__all__ = ["GONE", "LOGS", "NEVER", "NOT_YET", "State", "begin", "record"]

NOT_YET, GONE = -1, -2
NEVER = 1_000_000
"""A day that never comes; negated, a day that never was."""

# what an account heads for: visits of a person on a reference day, actions a session,
# minutes a session; in the order of STATES (who is at risk keeps what it had, and declines)
RATE = np.array([0.30, 0.20, 0.45, 0.0])
ACTIONS = np.array([4.6, 3.2, 6.2, 0.0])
MINUTES = np.array([16.0, 9.0, 34.0, 0.0])

LOGS: dict[str, tuple[str, ...]] = {
    "tickets": ("day", "escalated", "closed_day"),
    "surveys": ("day", "score"),
    "invoices": ("day", "annual", "days_late"),
    "champions": ("day",),
    "bulk_imports": ("day",),
    "incidents": ("day", "kind"),
    "bursts": ("day", "invites", "upgrades"),
    "growth": ("day", "weeks", "upgrades"),
    "slips": ("day", "from_state"),
    "recoveries": ("day",),
    "upgrades": ("day", "kind", "plan_from", "plan_to"),
    "rescues": ("day", "arm"),
}
"""What happened, by name, with the columns beside ``account``."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass
class State:
    """Arrays of length n_accounts, changed week by week; ``history`` keeps (n, n_weeks)."""

    scale: Scale
    population: Population
    state: Ints
    signup_day: Ints
    churn_day: Ints
    since: Ints
    rate: Floats
    actions: Floats
    minutes: Floats
    peak: Floats
    growth: Floats
    growing: Ints
    ticket_day: Ints
    bulk_day: Ints
    friction_day: Ints
    champion_day: Ints
    incident_day: Ints
    rescue_day: Ints
    nps_day: Ints
    nps_score: Ints
    escalated_until: Ints
    overdue_until: Ints
    protected_until: Ints
    offered: NDArray[np.bool_]
    enrolled: NDArray[np.bool_]
    upgrade_day: Ints
    upgrade_kind: Ints
    plan: Ints
    annual: NDArray[np.bool_]
    next_invoice: Ints
    history: dict[str, NDArray[np.float32]]
    logs: dict[str, Log] = field(
        default_factory=lambda: {name: Log(columns) for name, columns in LOGS.items()}
    )

    @property
    def live(self) -> NDArray[np.bool_]:
        """Accounts that have begun and not left."""
        return self.state >= 0

    def enter(self, accounts: Ints, state: int) -> None:
        """Put accounts into a state."""
        self.state[accounts] = state
        self.since[accounts] = 0


def begin(scale: Scale, population: Population, rng: np.random.Generator) -> State:
    """Return day 0: the first accounts, some of them already in decline."""
    state, first = _nobody(scale, population), slice(0, population.n_first)
    state.state[first] = population.first_state
    state.signup_day[first] = -population.first_age
    state.since[first] = np.where(
        population.first_state == AT_RISK,
        rng.integers(0, 22, population.n_first),
        rng.integers(8, 40, population.n_first),
    )
    _set_levels(state, np.arange(population.n_first), rng)
    state.next_invoice[first] = _first_invoices(state, rng)
    return state


def _nobody(scale: Scale, population: Population) -> State:
    """Return the state before any account has begun."""
    n = len(population)

    def ints(value: int) -> Ints:
        return np.full(n, value, np.int64)

    return State(
        scale=scale,
        population=population,
        state=ints(NOT_YET),
        signup_day=ints(NEVER),
        churn_day=ints(NEVER),
        since=ints(0),
        rate=np.zeros(n),
        actions=np.zeros(n),
        minutes=np.zeros(n),
        peak=np.ones(n),
        growth=np.ones(n),
        growing=ints(0),
        ticket_day=ints(-NEVER),
        bulk_day=ints(-NEVER),
        friction_day=ints(-NEVER),
        champion_day=ints(-NEVER),
        incident_day=ints(-NEVER),
        rescue_day=ints(-NEVER),
        nps_day=ints(-NEVER),
        nps_score=ints(10),
        escalated_until=ints(-NEVER),
        overdue_until=ints(-NEVER),
        protected_until=ints(-NEVER),
        offered=np.zeros(n, bool),
        enrolled=np.zeros(n, bool),
        upgrade_day=ints(NEVER),
        upgrade_kind=ints(0),
        plan=population.plan.copy(),
        annual=population.annual.copy(),
        next_invoice=ints(NEVER),
        history=_history(n, scale.n_weeks),
    )


def target(state: State) -> tuple[Floats, Floats, Floats]:
    """Return rate, actions and minutes that each account heads for; 0 if at risk or not live."""
    factor = state.population.rate_factor
    shown = np.where(state.live, state.state, AT_RISK)
    rate = RATE[shown] * np.where(shown == POWER, np.clip(factor, 0.85, 1.15), factor)
    rate = np.where(shown == NEW, state.population.rate_new, rate)
    return rate * state.growth, ACTIONS[shown], MINUTES[shown]


def _set_levels(state: State, accounts: Ints, rng: np.random.Generator) -> None:
    """Give accounts at once the level of their state; those at risk one that has declined."""
    slipping = accounts[state.state[accounts] == AT_RISK]
    former = np.where(rng.random(len(slipping)) < 0.25, POWER, CASUAL)
    state.state[slipping] = former
    for name, value in zip(("rate", "actions", "minutes"), target(state), strict=True):
        getattr(state, name)[accounts] = value[accounts]
    state.peak[accounts] = state.rate[accounts]
    state.state[slipping] = AT_RISK
    left = (1 - PLANTED.decline_per_week) ** state.since[slipping]
    state.rate[slipping] = state.peak[slipping] * left
    state.actions[slipping] *= 0.8
    state.minutes[slipping] *= 0.6


def _first_invoices(state: State, rng: np.random.Generator) -> Ints:
    n_first = state.population.n_first
    monthly = rng.integers(0, 30, n_first)
    anniversary = (state.signup_day[:n_first] + 3650) % 365
    return np.where(state.annual[:n_first], anniversary, monthly)


def _history(n: int, n_weeks: int) -> dict[str, NDArray[np.float32]]:
    names = ("rate", "actions", "minutes", "hazard", "state")
    return {name: np.full((n, n_weeks), NOT_YET, np.float32) for name in names}


def record(state: State, week: int, hazard: Floats) -> None:
    """Keep the week in the history."""
    for name in ("rate", "actions", "minutes", "state"):
        state.history[name][:, week] = getattr(state, name)
    state.history["hazard"][:, week] = hazard
