"""How accounts expand: bursts of invitations, steady growth, and the upgrades that follow.

A burst is 6 to 12 invitations within ten days. With the planted probability the account moves
to an annual plan 44 to 84 days after the burst began, that is 30 to 80 days after it ended: so
whoever counts more than five invitations in 30 days on some date finds the upgrade within the
90 days after that date, or not at all. Expanding accounts neither decline nor leave meanwhile.
"""

import numpy as np

from helpers.sources.demo.happenings import chosen_accounts, workdays
from helpers.sources.demo.population import dealt
from helpers.sources.demo.settings import PLANTED
from helpers.sources.demo.state import NEVER, State
from helpers.sources.demo.taxonomy import CASUAL, POWER

__all__ = ["UPGRADE_KINDS", "expand"]

UPGRADE_KINDS = ("annual plan", "higher plan", "more seats")

_BURST = 0.022  # a week, of accounts paying by the month
_GROWTH = 0.04  # a week, of casual accounts that are not small


def expand(state: State, week: int, rng: np.random.Generator) -> None:
    """Draw bursts and growth of the week, and carry out upgrades that fall due."""
    _bursts(state, week, rng)
    _growth(state, week, rng)
    _upgrades(state, week)


def _bursts(state: State, week: int, rng: np.random.Generator) -> None:
    today = state.scale.first_day(week)
    can = np.isin(state.state, (CASUAL, POWER)) & (state.since >= 3) & ~state.annual
    can &= (state.protected_until < today) & (state.growing == 0) & (state.upgrade_day == NEVER)
    chosen = chosen_accounts(state, _BURST * can, rng)
    day = workdays(state, week, chosen, rng)
    invites = rng.integers(6, 13, len(chosen))
    upgrades = dealt(len(chosen), PLANTED.burst_upgrade, start=state.logs["bursts"].n_rows)
    state.logs["bursts"].add(chosen, day=day, invites=invites, upgrades=upgrades)
    state.protected_until[chosen] = day + 98
    after = day + rng.integers(44, 85, len(chosen))
    state.upgrade_day[chosen] = np.where(upgrades, after, NEVER)
    state.upgrade_kind[chosen] = 0


def _growth(state: State, week: int, rng: np.random.Generator) -> None:
    """Begin and end episodes of steady growth; half of them end in an upgrade."""
    today = state.scale.first_day(week)
    state.growing[state.growing > 0] -= 1
    can = (state.state == CASUAL) & (state.since >= 5) & (state.growth < 2.0)
    can &= state.population.team >= 7
    can &= (state.protected_until < today) & (state.growing == 0) & (state.upgrade_day == NEVER)
    chosen = chosen_accounts(state, _GROWTH * can, rng)
    weeks = rng.integers(PLANTED.growth_weeks_min + 2, PLANTED.growth_weeks_min + 7, len(chosen))
    upgrades = rng.random(len(chosen)) < 0.5
    state.logs["growth"].add(chosen, day=max(today, 0), weeks=weeks, upgrades=upgrades)
    state.growing[chosen] = weeks
    state.protected_until[chosen] = today + 7 * weeks + 28
    after = today + 7 * weeks + rng.integers(14, 57, len(chosen))
    state.upgrade_day[chosen] = np.where(upgrades, after, NEVER)
    state.upgrade_kind[chosen] = np.where(state.plan[chosen] < 2, 1, 2)


def _upgrades(state: State, week: int) -> None:
    first = state.scale.first_day(week)
    due = state.live & (state.upgrade_day >= first) & (state.upgrade_day < first + 7)
    chosen = np.flatnonzero(due)
    kind, day, plan = state.upgrade_kind[chosen], state.upgrade_day[chosen], state.plan[chosen]
    higher = np.where(kind == 1, plan + 1, plan)
    state.logs["upgrades"].add(chosen, day=day, kind=kind, plan_from=plan, plan_to=higher)
    state.plan[chosen] = higher
    annual = kind == 0
    state.annual[chosen[annual]] = True
    state.next_invoice[chosen[annual]] = day[annual]
    state.upgrade_day[chosen] = NEVER
