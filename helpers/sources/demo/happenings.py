"""What happens to accounts in a week: tickets, surveys, invoices, people leaving, rescues."""

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.settings import Scale, avoiding_outage
from helpers.sources.demo.state import Ints, State
from helpers.sources.demo.taxonomy import AT_RISK, CASUAL, FEATURES, POWER

__all__ = ["INCIDENT_KINDS", "chosen_accounts", "drivers", "happen", "workdays"]

INCIDENT_KINDS = (
    "sudden_drop",
    "user_attrition",
    "feature_abandonment",
    "admin_absence",
    "power_user_silent",
    "pattern_break",
    "unexpected_spike",
    "suspicious_activity",
)
"""Kinds of anomaly that also occur earlier in the history; some precede a churn."""

_FIRST_BULK = FEATURES.index("bulk_import")

# by state, in the order of STATES
_TICKETS = np.array([0.120, 0.045, 0.028, 0.200])  # a week
_ESCALATED = np.array([0.05, 0.06, 0.05, 0.22])
_NPS_MEAN = np.array([7.6, 7.5, 9.3, 4.8])
_NPS_SPREAD = np.array([1.6, 1.4, 0.8, 2.0])
_CHAMPION_LEAVES = np.array([0.001, 0.003, 0.003, 0.009])  # a week
_BULK = np.array([0.45, 0.45, 0.45, 0.42])  # a week, of those who use it at all
_LATE = np.array([0.04, 0.03, 0.02, 0.16])  # an invoice
_INCIDENT = np.array([0.0, 0.004, 0.004, 0.035])  # a week


def happen(state: State, week: int, rng: np.random.Generator) -> None:
    """Draw everything but moves between states; order matters only for the random stream."""
    _tickets(state, week, rng)
    _bulk_imports(state, week, rng)
    _surveys(state, week, rng)
    _invoices(state, week, rng)
    _champions(state, week, rng)
    _incidents(state, week, rng)
    _rescues(state, week, rng)


def drivers(state: State, week: int) -> dict[str, NDArray[np.float64]]:
    """Return the reasons to leave as they stand when the week begins, (n_accounts,) each."""
    today = state.scale.first_day(week)
    shown = np.where(state.live, state.state, AT_RISK)
    breadth = state.population.adopts.sum(axis=2)[shown, np.arange(len(shown))]
    decline = np.log(np.maximum(state.peak, 1e-9) / np.maximum(state.rate, 1e-9))

    def within(day: Ints, days: int) -> NDArray[np.bool_]:
        return (day < today) & (today - day <= days)

    both = within(state.ticket_day, 30) & within(state.bulk_day, 30)
    state.friction_day[both] = today
    facts = {
        "decline": np.clip(decline, 0, 2),
        "champion_left": within(state.champion_day, 90),
        "escalated_open": state.escalated_until > today,
        "ticket_and_bulk_import": today - state.friction_day <= 42,
        "detractor": within(state.nps_day, 182) & (state.nps_score <= 6),
        "narrow": breadth <= 4,
        "overdue": state.overdue_until > today,
        "incident": within(state.incident_day, 70),
        "rescued": within(state.rescue_day, 84),
    }
    return {name: values.astype(float) for name, values in facts.items()}


def chosen_accounts(
    state: State, chance: NDArray[np.floating[Any]], rng: np.random.Generator
) -> Ints:
    """Accounts, live ones only, that a draw with their own chance picks."""
    return np.flatnonzero(state.live & (rng.random(len(chance)) < chance))


def _by_state(state: State, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(state.live, values[np.where(state.live, state.state, 0)], 0.0)


def workdays(state: State, week: int, accounts: Ints, rng: np.random.Generator) -> Ints:
    """Draw a working day of the week for each account, never before its sign-up or day 0."""
    first = state.scale.first_day(week)
    monday = (7 - (state.scale.date(0).weekday() + first) % 7) % 7
    offset = (monday + rng.integers(0, 5, len(accounts))) % 7
    day = avoiding_outage(first + offset, state.scale)
    return np.maximum(day, np.maximum(state.signup_day[accounts], 0))


def _tickets(state: State, week: int, rng: np.random.Generator) -> None:
    size = np.clip((state.population.team / 8) ** 0.3, 0.6, 2.0)
    many = rng.poisson(_by_state(state, _TICKETS) * size)
    chosen = np.repeat(np.arange(len(many)), np.minimum(many, 3))
    day = workdays(state, week, chosen, rng)
    escalated = rng.random(len(chosen)) < _by_state(state, _ESCALATED)[chosen]
    took = np.ceil(rng.lognormal(np.where(escalated, 2.3, 0.7), 0.7)).astype(int)
    state.logs["tickets"].add(chosen, day=day, escalated=escalated, closed_day=day + took)
    np.maximum.at(state.ticket_day, chosen, day)
    late = escalated.nonzero()[0]
    np.maximum.at(state.escalated_until, chosen[late], (day + took)[late])


def _bulk_imports(state: State, week: int, rng: np.random.Generator) -> None:
    shown = np.where(state.live, state.state, 0)
    uses = state.population.adopts[shown, np.arange(len(shown)), _FIRST_BULK]
    chosen = chosen_accounts(state, _by_state(state, _BULK) * uses, rng)
    day = workdays(state, week, chosen, rng)
    state.logs["bulk_imports"].add(chosen, day=day)
    state.bulk_day[chosen] = day


def _surveys(state: State, week: int, rng: np.random.Generator) -> None:
    """Ask an account every 13 weeks, from its fifth week on; about half of them answer."""
    asked = (np.arange(len(state.state)) * 7 + week) % 13 == 0
    asked &= state.scale.first_day(week) - state.signup_day >= 35
    chosen = chosen_accounts(state, 0.55 * asked, rng)
    kind = state.state[chosen]
    score = np.clip(np.round(rng.normal(_NPS_MEAN[kind], _NPS_SPREAD[kind])), 0, 10).astype(int)
    day = workdays(state, week, chosen, rng)
    state.logs["surveys"].add(chosen, day=day, score=score)
    state.nps_day[chosen], state.nps_score[chosen] = day, score


def _invoices(state: State, week: int, rng: np.random.Generator) -> None:
    """Issue the invoices of the week: due after 14 days, some paid late."""
    first = state.scale.first_day(week)
    due = state.live & (state.next_invoice >= first) & (state.next_invoice < first + 7)
    chosen = np.flatnonzero(due)
    day = state.next_invoice[chosen]
    chance = np.maximum(_by_state(state, _LATE), 0.4 * state.population.pays_late)[chosen]
    late = rng.integers(6, 46, len(chosen)) * (rng.random(len(chosen)) < chance)
    annual = state.annual[chosen]
    shown = day >= 0
    state.logs["invoices"].add(
        chosen[shown], day=day[shown], annual=annual[shown], days_late=late[shown]
    )
    state.overdue_until[chosen] = np.where(late > 0, day + 14 + late, state.overdue_until[chosen])
    state.next_invoice[chosen] = day + np.where(annual, 365, _month_length(state.scale, day))


def _month_length(scale: Scale, day: Ints) -> Ints:
    """Days until the same date of the next month; dates after the 28th slide to the 28th."""
    lengths = []
    for number in day.tolist():
        date = scale.date(number)
        nextmonth = (date.replace(day=1) + dt.timedelta(days=32)).replace(day=min(date.day, 28))
        lengths.append((nextmonth - date).days)
    return np.array(lengths, np.int64)


def _champions(state: State, week: int, rng: np.random.Generator) -> None:
    today = state.scale.first_day(week)
    chance = _by_state(state, _CHAMPION_LEAVES) * (today - state.champion_day > 180)
    chosen = chosen_accounts(state, chance, rng)
    day = workdays(state, week, chosen, rng)
    state.logs["champions"].add(chosen, day=day)
    state.champion_day[chosen] = day


def _incidents(state: State, week: int, rng: np.random.Generator) -> None:
    """Usage anomalies in the history: rare while stable, more often in a decline."""
    if not 12 <= week < state.scale.n_weeks - 8:
        return
    today = state.scale.first_day(week)
    quiet = (today - state.incident_day > 120) & (state.protected_until < today)
    settled = np.where(state.state == AT_RISK, state.since >= 3, state.since >= 10)
    chance = _by_state(state, _INCIDENT) * quiet * settled * (state.growing == 0)
    chosen = chosen_accounts(state, chance, rng)
    stable = np.isin(state.state[chosen], (CASUAL, POWER))
    kind = np.where(
        stable,
        rng.integers(0, len(INCIDENT_KINDS), len(chosen)),
        rng.integers(0, 5, len(chosen)),  # in a decline only kinds that lose usage
    )
    day = workdays(state, week, chosen, rng)
    state.logs["incidents"].add(chosen, day=day, kind=kind)
    loses = kind < 5
    state.incident_day[chosen[loses]] = day[loses]


def _rescues(state: State, week: int, rng: np.random.Generator) -> None:
    """Assign the at-risk rescue: sicker accounts more often, except in a randomised slice.

    Arm 0 is ordinary practice; 1 treated and 2 control belong to the experiment, which takes
    over half of the declines, waits for their sixth week and flips a coin.
    """
    today = state.scale.first_day(week)
    slipping = (state.state == AT_RISK) & ~state.offered & ~state.population.opted_out
    enrolled = np.flatnonzero(slipping & state.enrolled & (state.since == 6))
    arm = np.where(rng.random(len(enrolled)) < 0.5, 1, 2)
    facts = drivers(state, week)
    sick = sum(facts[name] for name in ("detractor", "escalated_open", "incident", "overdue"))
    score = -7.5 + 5.0 * facts["decline"] + 1.3 * sick + 1.2 * facts["ticket_and_bulk_import"]
    usual = slipping & ~state.enrolled & (state.since >= 4)
    usual &= rng.random(len(slipping)) < 1 / (1 + np.exp(-score))
    chosen = np.concatenate([enrolled, np.flatnonzero(usual)])
    arms = np.concatenate([arm, np.zeros(int(usual.sum()), int)])
    day = workdays(state, week, chosen, rng)
    state.logs["rescues"].add(chosen, day=day, arm=arms)
    state.offered[chosen] = True
    treated = arms != 2
    state.rescue_day[chosen[treated]] = np.maximum(day[treated], today)
