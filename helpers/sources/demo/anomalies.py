"""Which accounts behave oddly, how, and when: the list that a detector should find.

Negative and ambiguous kinds befall otherwise stable accounts within the last four weeks, one
each. The same kinds occur, fewer, earlier in the history (``happenings``), some before a churn.
Positive kinds (expansion signals) befall accounts that are not declining.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.happenings import INCIDENT_KINDS
from helpers.sources.demo.life import Life
from helpers.sources.demo.settings import PLANTED, Scale, generator
from helpers.sources.demo.taxonomy import AT_RISK, CASUAL, FEATURES, NEW, POWER

__all__ = ["FLAT_WEEKS", "LATE_NEGATIVE", "LATE_POSITIVE", "Anomaly", "Plan", "plan_anomalies"]

LATE_NEGATIVE = (  # those that suit few accounts choose first
    "power_user_silent",
    "user_attrition",
    "feature_abandonment",
    "pattern_break",
    "sudden_drop",
    "unexpected_spike",
    "outlier_actions",
    "admin_absence",
    "suspicious_activity",
)
LATE_POSITIVE = (
    "above_typical_power_user",
    "near_storage_limit",
    "near_seat_limit",
    "api_over_limit",
    "premium_in_trial",
    "new_departments",
    "five_integrations_three_departments",
    "emerging_champion",
)

_LATEST = {  # days before the end at which each late kind begins: (earliest, latest)
    "sudden_drop": (16, 9),
    "feature_abandonment": (28, 22),
    "user_attrition": (24, 14),
    "unexpected_spike": (14, 5),
    "pattern_break": (22, 15),
    "outlier_actions": (14, 4),
    "suspicious_activity": (14, 4),
    "admin_absence": (22, 15),
    "power_user_silent": (22, 15),
    "near_storage_limit": (28, 10),
    "near_seat_limit": (28, 10),
    "api_over_limit": (28, 14),
    "premium_in_trial": (9, 6),
    "above_typical_power_user": (22, 14),
    "new_departments": (26, 18),
    "five_integrations_three_departments": (26, 18),
    "emerging_champion": (24, 16),
}
_VOLUME = {  # events a week that an account must make for the kind to show
    "sudden_drop": 22,
    "user_attrition": 30,
    "feature_abandonment": 40,
    "power_user_silent": 30,
    "unexpected_spike": 22,
    "pattern_break": 30,
}
FLAT_WEEKS = 16
"""Weeks at the end in which the accounts of a plateau neither gain people nor vary."""
_LASTS = {  # days; others last to the end of the data
    "unexpected_spike": (2, 5),
    "outlier_actions": (2, 5),
    "suspicious_activity": (1, 3),
}
_EARLY_LASTS = {
    "sudden_drop": (9, 20),
    "user_attrition": (14, 28),
    "feature_abandonment": (21, 29),
    "admin_absence": (12, 20),
    "power_user_silent": (14, 24),
    "pattern_break": (14, 22),
    "unexpected_spike": (2, 5),
    "suspicious_activity": (1, 3),
}
_NOT_LARGEST = 1000  # events a week: ten times that would move the whole company
ABANDONABLE = ("comments", "boards")


@dataclass(frozen=True)
class Anomaly:
    """One oddity: account (index), kind, first day, day after the last, phase and detail."""

    account: int
    kind: str
    start: int
    end: int
    phase: str  # late, early or before_churn
    detail: str = ""


@dataclass(frozen=True)
class Plan:
    """All oddities, and the accounts with quiet, known courses."""

    anomalies: tuple[Anomaly, ...]
    plateau: NDArray[np.int64]
    initiatives: tuple[tuple[int, int, int], ...]
    incidents: tuple[tuple[int, int, float], ...]

    def of(self, first: int, last: int) -> list[Anomaly]:
        """Return those of accounts ``first <= account < last``."""
        return [anomaly for anomaly in self.anomalies if first <= anomaly.account < last]


def plan_anomalies(life: Life) -> Plan:
    """Choose accounts, kinds and days."""
    rng = generator(life.scale.seed, "anomalies")
    taken = np.zeros(len(life.ids), bool)
    early = _early(life, rng)
    recent = life.scale.n_days - 126
    taken[[a.account for a in early if a.end > recent]] = True
    late = _late_positive(life, LATE_POSITIVE[:1], taken, rng)
    plateau = _plateau(life, taken, rng)
    late += _late_negative(life, taken, rng)
    initiatives = _initiatives(life, taken, rng)
    late += _late_positive(life, LATE_POSITIVE[1:], taken, rng)
    ordered = sorted([*early, *late], key=lambda a: (a.account, a.start, a.kind))
    return Plan(tuple(ordered), plateau, initiatives, _incident_days(life.scale))


def _early(life: Life, rng: np.random.Generator) -> list[Anomaly]:
    rows, found = life.logs["incidents"], []
    for account, day, number in zip(
        rows["account"].tolist(), rows["day"].tolist(), rows["kind"].tolist(), strict=True
    ):
        kind = INCIDENT_KINDS[number]
        low, high = _EARLY_LASTS[kind]
        end = min(day + int(rng.integers(low, high)), int(life.churn_day[account]))
        soon = 0 < life.churn_day[account] - day <= 70
        phase = "before_churn" if soon and life.churn_day[account] < life.scale.n_days else "early"
        found.append(
            Anomaly(account, kind, day, end, phase, _detail(life, account, kind, day, rng))
        )
    return [anomaly for anomaly in found if anomaly.end > anomaly.start]


def _detail(life: Life, account: int, kind: str, day: int, rng: np.random.Generator) -> str:
    if kind == "unexpected_spike":
        return "legitimate" if rng.random() < 0.5 else "abuse"
    if kind == "feature_abandonment":
        used = [name for name in ABANDONABLE if _uses(life, account, name, day)]
        return used[int(rng.integers(0, len(used)))] if used else "boards"
    return ""


def _uses(life: Life, account: int, feature: str, day: int) -> bool:
    state = max(0, int(life.state_on(day)[account]))
    return bool(life.population.adopts[state, account, FEATURES.index(feature)])


def steady(life: Life, weeks: int) -> NDArray[np.bool_]:
    """Casual and power accounts that have not changed state for so many weeks and did not grow."""
    last = life.history["state"][:, -weeks:]
    same = (last == last[:, -1:]).all(axis=1) & np.isin(last[:, -1], (CASUAL, POWER))
    same &= life.churn_day >= life.scale.n_days
    same &= life.signup_day < life.scale.n_days - 190
    since = life.scale.n_days - 7 * weeks - 28
    for name in ("growth", "bursts"):
        rows = life.logs[name]
        same[rows["account"][rows["day"] > since - 60].astype(np.int64)] = False
    return same


def _expected_visits(life: Life) -> NDArray[np.float64]:
    """Visits a week that an account is expected to make, roughly."""
    rate = life.history["rate"][:, -1].astype(np.float64)
    return life.population.team * 0.8 * rate * 5.8


def _expected_events(life: Life) -> NDArray[np.float64]:
    """Events a week that an account is expected to make, roughly."""
    return _expected_visits(life) * (life.history["actions"][:, -1].astype(np.float64) + 2.0)


def _late_negative(life: Life, taken: NDArray[np.bool_], rng: np.random.Generator) -> list[Anomaly]:
    volume = _expected_events(life)
    found: list[Anomaly] = []
    each = life.scale.per_600(8)
    for kind in LATE_NEGATIVE:
        usable = steady(life, 14) & ~taken & ~life.population.opted_out
        usable &= volume >= _VOLUME.get(kind, 8)
        if kind == "sudden_drop":
            usable &= ~life.population.adopts[CASUAL, :, FEATURES.index("bulk_import")]
        if kind == "unexpected_spike":
            usable &= volume <= _NOT_LARGEST
        if kind == "outlier_actions":
            usable &= life.history["state"][:, -1] == CASUAL
        if kind == "feature_abandonment":
            usable &= _uses_many(life)
        if kind in ("user_attrition", "power_user_silent"):
            usable &= life.population.team >= 6
        chosen = _pick(rng, usable, each)
        taken[chosen] = True
        for position, account in enumerate(chosen.tolist()):
            detail = _detail(life, account, kind, life.scale.n_days, rng)
            if kind == "unexpected_spike":
                detail = ("legitimate", "abuse")[position % 2]
            found.append(_dated(life.scale, account, kind, detail, rng))
    return found


def _uses_many(life: Life) -> NDArray[np.bool_]:
    """Accounts that use comments and boards, so that dropping one leaves the rest."""
    state = np.maximum(life.history["state"][:, -1].astype(int), 0)
    rows = np.arange(len(state))
    adopts = life.population.adopts
    return (
        adopts[state, rows, FEATURES.index("comments")]
        & adopts[state, rows, FEATURES.index("boards")]
    )


def _dated(scale: Scale, account: int, kind: str, detail: str, rng: np.random.Generator) -> Anomaly:
    early, late = _LATEST[kind]
    start = scale.n_days - int(rng.integers(late, early + 1))
    if kind in _LASTS:  # short ones begin on a working day
        while scale.date(start).weekday() > 2:
            start -= 1
        low, high = _LASTS[kind]
        return Anomaly(account, kind, start, start + int(rng.integers(low, high)), "late", detail)
    return Anomaly(account, kind, start, scale.n_days, "late", detail)


def _pick(rng: np.random.Generator, usable: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    pool = np.flatnonzero(usable)
    return np.sort(rng.choice(pool, min(count, len(pool)), replace=False))


def _late_positive(
    life: Life, kinds: tuple[str, ...], taken: NDArray[np.bool_], rng: np.random.Generator
) -> list[Anomaly]:
    scale, pop = life.scale, life.population
    state = life.history["state"][:, -1]
    alive = (life.churn_day >= scale.n_days) & ~pop.opted_out
    age = scale.n_days - life.signup_day
    settled = alive & (age > 45) & (state != AT_RISK)
    ordinary = _expected_events(life) <= _NOT_LARGEST
    pools = {
        "premium_in_trial": alive & (state == NEW) & pop.has_trial & (age >= 10) & (age < 30),
        "above_typical_power_user": settled & (state == POWER) & steady(life, 8) & ordinary,
        "new_departments": settled & (pop.team >= 4) & (age > 120),
        "five_integrations_three_departments": settled & (pop.team >= 4) & (age > 120),
        "emerging_champion": settled & (pop.team >= 6) & (age > 120),
    }
    quiet = settled.copy()  # seats are not being added anyway
    for name in ("growth", "bursts"):
        rows = life.logs[name]
        quiet[rows["account"][rows["day"] > scale.n_days - 190].astype(np.int64)] = False
    pools["near_seat_limit"] = quiet & (age > 200)
    found: list[Anomaly] = []
    for kind in kinds:
        chosen = _pick(rng, pools.get(kind, settled) & ~taken, scale.per_600(8))
        taken[chosen] = True
        found += [_dated(scale, account, kind, "", rng) for account in chosen.tolist()]
    return found


def _plateau(life: Life, taken: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Accounts whose usage stays flat, with little noise, for the last weeks of data."""
    usable = steady(life, PLANTED.plateau_weeks + 3) & ~taken & (_expected_visits(life) >= 12)
    chosen = _pick(rng, usable, life.scale.per_600(16))
    taken[chosen] = True
    return chosen


def _initiatives(
    life: Life, taken: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[tuple[int, int, int], ...]:
    """(account, first day, day after the last) of planned absences that the calendar knows."""
    alive = (life.churn_day >= life.scale.n_days) & (life.history["state"][:, -1] != AT_RISK)
    usable = alive & (life.signup_day < life.scale.n_days - 150) & ~taken
    usable &= _expected_events(life) >= 20
    chosen = _pick(rng, usable, life.scale.per_600(20))
    taken[chosen] = True
    rows = []
    for position, account in enumerate(chosen.tolist()):
        before = int(rng.integers(10, 19)) if position % 4 else int(rng.integers(60, 100))
        start = life.scale.n_days - before
        rows.append((account, start, start + int(rng.integers(7, 10))))
    return tuple(rows)


def _incident_days(scale: Scale) -> tuple[tuple[int, int, float], ...]:
    """(first day, day after the last, share of accounts) of faults of the product itself."""
    end = scale.n_days
    return ((end - 9, end - 7, 0.70), (end - 147, end - 145, 0.55))
