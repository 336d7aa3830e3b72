"""The life of the company: one pass over the weeks, and what is known of it afterwards."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.expansion import expand
from helpers.sources.demo.happenings import drivers, happen
from helpers.sources.demo.hazard import weekly_hazard
from helpers.sources.demo.log import Rows
from helpers.sources.demo.population import Population, make_population
from helpers.sources.demo.settings import Scale, generator
from helpers.sources.demo.state import GONE, NOT_YET, State, begin, record
from helpers.sources.demo.transitions import leave, move, settle

__all__ = ["Life", "live"]


@dataclass(frozen=True)
class Life:
    """What became of every account.

    ``history`` holds (n_accounts, n_weeks) arrays: ``state`` (-1 not yet, -2 gone), ``rate``
    (visits of a person on a reference day), ``actions`` and ``minutes`` a session and
    the weekly ``hazard``. ``logs`` holds what happened, sorted by account and day.
    """

    scale: Scale
    population: Population
    ids: NDArray[np.int64]
    signup_day: NDArray[np.int64]
    churn_day: NDArray[np.int64]
    plan: NDArray[np.int64]
    annual: NDArray[np.bool_]
    next_invoice: NDArray[np.int64]
    history: dict[str, NDArray[np.float32]]
    logs: dict[str, Rows]

    def live_on(self, day: int) -> NDArray[np.bool_]:
        """Accounts that have signed up before a day and not left before it."""
        return (self.signup_day < day) & (self.churn_day >= day)

    def state_on(self, day: int) -> NDArray[np.int64]:
        """State of each account in the week before a day; negative where it is not live."""
        week = int(self.scale.week_of(np.array([day - 1]))[0])
        return self.history["state"][:, week].astype(np.int64)


def live(scale: Scale) -> Life:
    """Let the company live from its first day of data to its last."""
    population = make_population(scale)
    rng = generator(scale.seed, "states")
    state = begin(scale, population, rng)
    for week in range(scale.n_weeks):
        move(state, week, rng)
        expand(state, week, rng)
        hazard = np.where(state.live, weekly_hazard(drivers(state, week)), 0.0)
        hazard[state.protected_until >= scale.first_day(week)] = 0.0
        happen(state, week, rng)
        record(state, week, hazard)
        leave(state, week, hazard, rng)
        settle(state)
    _former_customers(state, rng)
    return Life(
        scale=scale,
        population=population,
        ids=_ids(state),
        signup_day=state.signup_day,
        churn_day=state.churn_day,
        plan=state.plan,
        annual=state.annual,
        next_invoice=state.next_invoice,
        history=state.history,
        logs={name: log.sorted() for name, log in state.logs.items()},
    )


def _former_customers(state: State, rng: np.random.Generator) -> None:
    """Accounts left over had come and gone before the data begin: the CRM still lists them."""
    left = np.flatnonzero(state.state == NOT_YET)
    state.churn_day[left] = -rng.integers(5, 200, len(left))
    state.signup_day[left] = state.churn_day[left] - rng.integers(60, 900, len(left))
    state.state[left] = GONE


def _ids(state: State) -> NDArray[np.int64]:
    """Numbers that rise with the sign-up, with gaps."""
    order = np.argsort(state.signup_day, kind="stable")
    ids = np.empty(len(order), np.int64)
    ids[order] = 10_000 + np.cumsum(state.population.id_steps)
    return ids
