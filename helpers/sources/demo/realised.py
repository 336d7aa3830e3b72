"""What the planted numbers came to in this very sample, from the simulation's own state.

Nothing here looks at the data that were written: a detector that finds these numbers has found
them by another way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.life import Life
from helpers.sources.demo.season import (
    holidays,
    is_quarter_end,
    is_year_end,
    month_factor,
    year_factor,
)
from helpers.sources.demo.settings import PLANTED, Scale
from helpers.sources.demo.tally import Tally
from helpers.sources.demo.taxonomy import AT_RISK

__all__ = [
    "VISIBLE_EVENTS",
    "Exposure",
    "Factor",
    "as_of_days",
    "burst_upgrades",
    "decline",
    "naive_ratio",
    "oracle_auc",
    "rescue_arms",
    "season_factors",
    "ticket_and_import",
    "trend_accounts",
    "visible_trend",
]

HORIZON_DAYS = 90
VISIBLE_EVENTS = 40
"""Events in the last eight weeks from which on a trend of an account can be seen."""
_STEP_DAYS = 30


@dataclass(frozen=True)
class Exposure:
    """Counts over snapshots: all, those with the outcome, exposed, and both."""

    n: int
    hits: int
    exposed: int
    both: int

    @property
    def base_rate(self) -> float:
        """Share with the outcome."""
        return self.hits / max(self.n, 1)

    @property
    def confidence(self) -> float:
        """Share with the outcome among the exposed."""
        return self.both / max(self.exposed, 1)

    @property
    def lift(self) -> float:
        """Confidence over base rate; 0 without any outcome."""
        return self.confidence / self.base_rate if self.hits else 0.0


def as_of_days(scale: Scale) -> list[int]:
    """Days of snapshots whose next 90 days are known, 30 days apart, from the latest back."""
    latest = scale.n_days - HORIZON_DAYS
    return list(range(latest, WARM_UP_DAYS - 1, -_STEP_DAYS))


WARM_UP_DAYS = 60


def ticket_and_import(life: Life) -> Exposure:
    """Ticket and bulk import in the last 30 days, churn in the next 90: live accounts."""
    n, hits, exposed, both = 0, 0, 0, 0
    for day in as_of_days(life.scale):
        live = life.live_on(day)
        seen = _seen(life, "tickets", day) & _seen(life, "bulk_imports", day) & live
        leaves = live & (life.churn_day < day + HORIZON_DAYS)
        n, hits = n + int(live.sum()), hits + int(leaves.sum())
        exposed, both = exposed + int(seen.sum()), both + int((seen & leaves).sum())
    return Exposure(n, hits, exposed, both)


def _seen(life: Life, name: str, day: int) -> NDArray[np.bool_]:
    rows, seen = life.logs[name], np.zeros(len(life.ids), bool)
    recent = (rows["day"] >= day - 30) & (rows["day"] < day)
    seen[rows["account"][recent]] = True
    return seen


def burst_upgrades(life: Life, tally: Tally) -> Exposure:
    """More than five invitations in 30 days, annual plan in the next 90: live accounts."""
    rows = life.logs["upgrades"]
    annual = rows["kind"] == 0
    account, when = rows["account"][annual], rows["day"][annual]
    n, hits, exposed, both = 0, 0, 0, 0
    for day in as_of_days(life.scale):
        live = life.live_on(day)
        many = live & (tally.invited(day, 30) > 5)
        upgrades = np.zeros(len(life.ids), bool)
        upgrades[account[(when >= day) & (when < day + HORIZON_DAYS)]] = True
        upgrades &= live
        n, hits = n + int(live.sum()), hits + int(upgrades.sum())
        exposed, both = exposed + int(many.sum()), both + int((many & upgrades).sum())
    return Exposure(n, hits, exposed, both)


def oracle_auc(life: Life) -> float:
    """Rank accounts by their true hazard of the week: the best any score could do, about."""
    hazard, leaves = [], []
    for day in as_of_days(life.scale):
        live = life.live_on(day)
        week = int(life.scale.week_of(np.array([day]))[0])
        hazard.append(life.history["hazard"][live, week])
        leaves.append(life.churn_day[live] < day + HORIZON_DAYS)
    score, hit = np.concatenate(hazard), np.concatenate(leaves)
    order = np.argsort(score, kind="stable")
    _, inverse, many = np.unique(score[order], return_inverse=True, return_counts=True)
    rank = (np.cumsum(many) - (many - 1) / 2)[inverse]
    n_hit, n_rest = int(hit.sum()), int((~hit).sum())
    if not n_hit or not n_rest:
        return 0.5
    return float((rank[hit[order]].sum() - n_hit * (n_hit + 1) / 2) / (n_hit * n_rest))


@dataclass(frozen=True)
class Arm:
    """Accounts of one arm, account-weeks at risk and churns within 84 days."""

    accounts: int
    weeks: float
    churned: int

    @property
    def rate(self) -> float:
        """Churns an account-week."""
        return self.churned / self.weeks if self.weeks else 0.0


def rescue_arms(life: Life) -> dict[str, Arm]:
    """Follow rescues for 84 days, or to churn or the end of the data."""
    rows, arms = life.logs["rescues"], {}
    for number, name in enumerate(("usual", "treated", "control")):
        mine = rows["arm"] == number
        account, day = rows["account"][mine], rows["day"][mine]
        churn = life.churn_day[account]
        stop = np.minimum(np.minimum(day + 84, churn), life.scale.n_days)
        gone = churn < np.minimum(day + 84, life.scale.n_days)
        arms[name] = Arm(int(mine.sum()), float((stop - day).sum() / 7), int(gone.sum()))
    return arms


def naive_ratio(life: Life) -> float | None:
    """Churns a week of at-risk accounts under usual rescue over those without any: misleading.

    ``None`` where a small company has no churn, or no account, in one of the groups.

    Weeks of accounts at risk, the experiment apart; "under" means assigned in the 84 days before.
    """
    rows, n_weeks = life.logs["rescues"], life.scale.n_weeks
    slipping = life.history["state"] == AT_RISK
    started = life.scale.week_of(rows["day"])
    rescued = np.zeros_like(slipping)
    for account, week, arm in zip(rows["account"], started, rows["arm"], strict=True):
        if arm == 0:
            rescued[account, week + 1 : week + 13] = True
        else:
            slipping[account] = False
    leaves = np.zeros_like(slipping)
    gone = np.flatnonzero((life.churn_day >= 0) & (life.churn_day < life.scale.n_days))
    leaves[gone, np.minimum(life.scale.week_of(life.churn_day[gone]), n_weeks - 1)] = True
    churns = [int(leaves[slipping & group].sum()) for group in (rescued, ~rescued)]
    weeks = [int((slipping & group).sum()) for group in (rescued, ~rescued)]
    if not all(churns):
        return None
    return (churns[0] / weeks[0]) / (churns[1] / weeks[1])


def decline(life: Life) -> tuple[float, NDArray[np.int64]]:
    """Return the weekly change of usage level in declines, and accounts 8 weeks into one now."""
    state, rate = life.history["state"], life.history["rate"]
    slipping = (state[:, 1:] == AT_RISK) & (state[:, :-1] == AT_RISK) & (rate[:, 1:] > 0.02)
    change = float(np.median(rate[:, 1:][slipping] / rate[:, :-1][slipping])) - 1
    long = (state[:, -8:] == AT_RISK).all(axis=1) & (life.churn_day >= life.scale.n_days)
    return change, np.flatnonzero(long)


def trend_accounts(life: Life, plateau: NDArray[np.int64]) -> dict[str, frozenset[int]]:
    """Return the accounts whose use declines, grows or stays flat at the end of the data.

    Declining: at risk for the last 8 weeks or longer. Growing: in steady growth for 8 weeks
    or longer, until the last 4 weeks. Plateau: flat for the last 12 weeks.
    """
    growth = life.logs["growth"]
    recent = growth["day"] + 7 * np.minimum(growth["weeks"], 8) <= life.scale.n_days
    recent &= growth["day"] + 7 * growth["weeks"] > life.scale.n_days - 28
    found = {"declining": decline(life)[1], "growing": growth["account"][recent]}
    return {
        name: frozenset(int(n) for n in numbers)
        for name, numbers in {**found, "plateau": plateau}.items()
    }


def visible_trend(life: Life, recent: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell in which accounts a trend of 5 % a week can be seen: in use, and not opted out.

    With five events a week left, a decline of sixteen weeks has a standard error of 2 % a week by
    their scatter alone, and is told from none three times in four; with one it never is.
    """
    return np.asarray((recent >= VISIBLE_EVENTS) & ~life.population.opted_out[: len(recent)], bool)


@dataclass(frozen=True)
class Factor:
    """One seasonal factor: planted, what it came to, and its standard error."""

    key: str
    planted: float
    realised: float
    error: float


def season_factors(life: Life, tally: Tally) -> list[Factor]:
    """Compare days with what people and states alone would give; holidays and faults apart.

    Each factor is taken with the others divided out: the geometric mean of its days over that of
    the days it is compared with.
    """
    days = [life.scale.date(number) for number in range(life.scale.n_days)]
    usable = _ordinary(life)
    weekday = np.array([PLANTED.weekday[day.weekday()] for day in days])
    month = np.array([month_factor(day) for day in days])
    quarter = np.array([PLANTED.quarter_end if is_quarter_end(day) else 1.0 for day in days])
    year = np.array([year_factor(day) for day in days])
    level = np.log(np.maximum(tally.daily, 1) / np.maximum(tally.baseline, 1e-9))
    level -= np.log(weekday * month * quarter * year)
    level -= level[usable].mean()
    number = np.array([day.weekday() for day in days])
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    found = [
        _factor(f"T-01.{name}", level, usable & (number == n), usable, PLANTED.weekday[n] * 7
                / sum(PLANTED.weekday))
        for n, name in enumerate(names)
    ]  # fmt: skip
    for key, values, planted in (
        ("T-02.early_month", month, PLANTED.early_month),
        ("T-02.late_month", month, PLANTED.late_month),
        ("T-03.quarter_end", quarter, PLANTED.quarter_end),
        ("T-03.summer", year, PLANTED.summer),
        ("T-03.fourth_quarter", year, PLANTED.fourth_quarter),
    ):
        inside, rest = usable & (values == planted), usable & (values == 1.0)
        if inside.any() and rest.any():
            found.append(_factor(key, level, inside, rest, planted))
    return found


def _factor(
    key: str,
    level: NDArray[np.float64],
    inside: NDArray[np.bool_],
    rest: NDArray[np.bool_],
    planted: float,
) -> Factor:
    ratio = float(np.exp(level[inside].mean() - level[rest].mean()))
    error = float(np.sqrt(level[inside].var() / inside.sum() + level[rest].var() / rest.sum()))
    return Factor(key, planted, planted * ratio, planted * ratio * error)


def _ordinary(life: Life) -> NDArray[np.bool_]:
    """Days without holiday in any region, year-end, outage or late anomalies."""
    scale = life.scale
    days = [scale.date(number) for number in range(scale.n_days)]
    off = {day for year in {d.year for d in days} for _, day, _ in holidays(year)}
    ordinary = np.array([day not in off and not is_year_end(day) for day in days])
    ordinary[scale.outage_day] = False
    ordinary[scale.n_days - 16 : scale.n_days - 2] = False
    return ordinary
