"""The calendar of known factors, and what CSMs said of earlier alerts."""

from typing import Any

import numpy as np

from helpers.sources.demo.anomalies import Plan
from helpers.sources.demo.crm import key
from helpers.sources.demo.life import Life
from helpers.sources.demo.season import calendar_rows
from helpers.sources.demo.settings import generator
from helpers.sources.demo.taxonomy import AT_RISK, CASUAL, POWER

__all__ = ["calendar_table", "feedback_table"]

_ACTIONS = ("call", "e-mail", "training", "escalated to product", "none")
_NOTES = ("", "", "Confirmed on the phone.", "Was on holiday.", "Known to the team.")


def calendar_table(life: Life, plan: Plan) -> dict[str, list[Any]]:
    """Holidays of regions, year-end, and planned initiatives of single accounts."""
    rows: list[tuple[str, str, str, str, str]] = [
        (first.isoformat(), last.isoformat(), reason, "", region or "")
        for first, last, reason, region in calendar_rows(life.scale)
    ]
    for account, start, end in plan.initiatives:
        first, last = life.scale.date(start).isoformat(), life.scale.date(end - 1).isoformat()
        rows.append((first, last, "Planned migration", key(int(life.ids[account])), ""))
    names = ("starts_on", "ends_on", "reason", "customer_id", "region")
    return {
        name: list(column)
        for name, column in zip(names, zip(*sorted(rows), strict=True), strict=True)
    }


def feedback_table(life: Life, plan: Plan) -> dict[str, list[Any]]:
    """Verdicts on the alerts, scores and segments of the last three quarters."""
    rng = generator(life.scale.seed, "feedback")
    names = ("customer_id", "run_as_of", "item", "verdict", "action", "outcome", "minutes", "note")
    table: dict[str, list[Any]] = {name: [] for name in names}
    last = [day for day in (91, 181, 273) if life.scale.n_days - day > 60]
    for before in sorted(last, reverse=True):
        day = life.scale.n_days - before
        for account, item, verdict in _judged(life, plan, day, rng):
            minutes = 5 * int(rng.integers(1, 10))
            values = (
                key(int(life.ids[account])),
                life.scale.date(day).isoformat(),
                item,
                verdict,
                _ACTIONS[int(rng.integers(0, len(_ACTIONS)))],
                _outcome(life, account, day),
                minutes,
                _NOTES[int(rng.integers(0, len(_NOTES)))],
            )
            for name, value in zip(names, values, strict=True):
                table[name].append(value)
    return table


def _outcome(life: Life, account: int, day: int) -> str:
    """Tell what had become of the account 60 days later."""
    if life.churn_day[account] <= day + 60:
        return "churned"
    return "still at risk" if life.state_on(day + 60)[account] == AT_RISK else "stayed"


def _judged(
    life: Life, plan: Plan, day: int, rng: np.random.Generator
) -> list[tuple[int, str, str]]:
    """(account, item, verdict): most alerts on true oddities are confirmed, others are not."""
    found: list[tuple[int, str, str]] = []
    state = life.state_on(day)
    for anomaly in plan.anomalies:
        if anomaly.phase != "late" and day - 28 <= anomaly.start < day:
            verdict = "confirmed" if rng.random() < 0.88 else "false_positive"
            found.append((anomaly.account, f"alert:{anomaly.kind}", verdict))
    many = life.scale.per_600(8)
    pools = {
        "alert:sudden_drop": (np.isin(state, (CASUAL, POWER)), 0.12),
        "score:churn": (state == AT_RISK, 0.85),
        "segment:at_risk": (state == AT_RISK, 0.90),
        "segment:power_users": (state == POWER, 0.92),
    }
    for item, (pool, right) in pools.items():
        accounts = np.flatnonzero(pool & ~life.population.opted_out)
        for account in np.sort(
            rng.choice(accounts, min(many, len(accounts)), replace=False)
        ).tolist():
            verdict = "confirmed" if rng.random() < right else "false_positive"
            found.append((account, item, verdict))
    recent = (life.churn_day >= day - 60) & (life.churn_day < day) & ~life.population.opted_out
    before = life.state_on(max(day - 60, 1))
    missed = np.flatnonzero(recent & (before != AT_RISK) & (before >= 0))
    found += [(account, "score:churn", "missed") for account in missed[:many].tolist()]
    return sorted(found)
