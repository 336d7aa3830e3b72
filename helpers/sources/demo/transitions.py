"""How accounts move between states, and what level of usage they head for.

The shares of the four states among live accounts are held at the planted ones: each week as many
accounts sign up, take off or slip as it takes; which ones is left to chance.
"""

import numpy as np

from helpers.sources.demo.settings import NEW_DAYS, PLANTED
from helpers.sources.demo.state import GONE, NEVER, NOT_YET, Floats, Ints, State, target
from helpers.sources.demo.taxonomy import AT_RISK, CASUAL, NEW, POWER

__all__ = ["leave", "move", "settle"]

_RECOVERS = 0.035  # a week, once a decline has lasted four weeks
_ENROLLED = 0.55  # of declines, in the experiment on the rescue
_PACE = 0.45  # of the way to the target, a week


def move(state: State, week: int, rng: np.random.Generator) -> None:
    """Graduate, recover, slip, take off and sign up, in this order."""
    today = state.scale.first_day(week)
    state.since[state.live] += 1
    _graduate(state, today)
    _recover(state, today, rng)
    _slip(state, today, rng)
    _take_off(state, today, rng)
    _sign_up(state, week, rng)


def _graduate(state: State, today: int) -> None:
    grown = np.flatnonzero((state.state == NEW) & (today - state.signup_day >= NEW_DAYS))
    state.enter(grown, CASUAL)


def _recover(state: State, today: int, rng: np.random.Generator) -> None:
    can = (state.state == AT_RISK) & (state.since >= 4) & (state.since <= 16)
    chosen = np.flatnonzero(can & (rng.random(len(can)) < _RECOVERS))
    state.enter(chosen, CASUAL)
    state.offered[chosen] = False
    state.logs["recoveries"].add(chosen, day=today)


def _slip(state: State, today: int, rng: np.random.Generator) -> None:
    """Fill the at-risk pool from casual and power accounts that are not just expanding."""
    missing = round(PLANTED.share_at_risk * state.live.sum()) - (state.state == AT_RISK).sum()
    can = np.isin(state.state, (CASUAL, POWER)) & (state.since >= 4) & _free(state, today)
    weight = np.where(state.state == POWER, 0.6, 1.0)
    weight = weight * np.where(today - state.champion_day <= 60, 4.0, 1.0) * can
    chosen = _draw(rng, weight, missing)
    state.logs["slips"].add(chosen, day=today, from_state=state.state[chosen])
    state.enter(chosen, AT_RISK)
    state.enrolled[chosen] = rng.random(len(chosen)) < _ENROLLED
    state.peak[chosen] = state.rate[chosen]
    state.actions[chosen] *= 0.8
    state.minutes[chosen] *= 0.6


def _take_off(state: State, today: int, rng: np.random.Generator) -> None:
    """Fill the power pool from casual accounts; let some fall back if it is too full."""
    missing = round(PLANTED.share_power * state.live.sum()) - (state.state == POWER).sum()
    free = _free(state, today)
    casual = (state.state == CASUAL) & (state.since >= 1) & free
    weight = casual * state.population.rate_factor * np.sqrt(state.population.team)
    state.enter(_draw(rng, weight, missing), POWER)
    power = (state.state == POWER) & (state.since >= 8) & free
    state.enter(_draw(rng, power.astype(float), -missing), CASUAL)


def _sign_up(state: State, week: int, rng: np.random.Generator) -> None:
    """Let new accounts begin, in order, so that a fifth of the live ones is new."""
    others = int((state.live & (state.state != NEW)).sum())
    ratio = PLANTED.share_new / (1 - PLANTED.share_new)
    missing = round(ratio * others) - int((state.state == NEW).sum())
    waiting = np.flatnonzero(state.state == NOT_YET)[: max(0, missing)]
    first = state.scale.first_day(week)
    days = np.sort(first + rng.choice(7, len(waiting), p=(0.2, 0.2, 0.2, 0.05, 0.05, 0.15, 0.15)))
    state.enter(waiting, NEW)
    state.signup_day[waiting] = np.maximum(days, 0)
    for name, value in zip(("rate", "actions", "minutes"), target(state), strict=True):
        getattr(state, name)[waiting] = value[waiting]
    trial = 30 * state.population.has_trial[waiting]
    state.next_invoice[waiting] = state.signup_day[waiting] + trial


def _free(state: State, today: int) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    return (state.growing == 0) & (state.protected_until < today)


def _draw(rng: np.random.Generator, weight: Floats, count: int) -> Ints:
    """Choose ``count`` accounts, likelier where the weight is larger (Efraimidis, Spirakis)."""
    with np.errstate(divide="ignore"):
        key = np.where(weight > 0, rng.exponential(size=len(weight)) / weight, np.inf)
    count = max(0, min(int(count), int((weight > 0).sum())))
    return np.sort(np.argsort(key, kind="stable")[:count])


def settle(state: State) -> None:
    """Move the level of usage: towards the state's target, up in growth, down at risk."""
    slipping, growing = state.state == AT_RISK, state.growing > 0
    for name, value in zip(("rate", "actions", "minutes"), target(state), strict=True):
        now = getattr(state, name)
        moved = now + _PACE * (value - now)
        setattr(state, name, np.where(state.live & ~slipping, moved, now))
    floor = 0.04 * state.peak
    declined = np.maximum(state.rate * (1 - PLANTED.decline_per_week), floor)
    state.rate = np.where(slipping, declined, state.rate)
    state.growth = np.where(growing, state.growth * (1 + PLANTED.growth_per_week), state.growth)
    grown = target(state)[0]
    state.rate = np.where(growing, grown, state.rate)
    settled = (state.state == NEW) | ((state.since <= 8) & ~slipping)
    state.peak = np.where(settled, state.rate, np.maximum(state.peak * 0.997, state.rate))


def leave(state: State, week: int, hazard: Floats, rng: np.random.Generator) -> None:
    """Let accounts leave in this week with probability ``1 - exp(-hazard)``."""
    first = state.scale.first_day(week)
    gone = state.live & (rng.random(len(hazard)) < -np.expm1(-hazard))
    gone &= state.signup_day < first - 14
    chosen = np.flatnonzero(gone)
    day = np.maximum(
        first + rng.choice(7, len(chosen), p=(0.2, 0.2, 0.2, 0.05, 0.05, 0.15, 0.15)), 0
    )
    state.churn_day[chosen] = day
    state.state[chosen] = GONE
    state.upgrade_day[chosen] = np.where(
        state.upgrade_day[chosen] < day, state.upgrade_day[chosen], NEVER
    )
