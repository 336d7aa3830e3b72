"""Planted lists and effects: trends, anomalies, churn, rows of dirt."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.anomalies import LATE_NEGATIVE, LATE_POSITIVE, Plan
from helpers.sources.demo.facts import ANOMALIES, AUDIT, CHURN, IMPACT, SEQUENCES, SURE, Fact
from helpers.sources.demo.life import Life
from helpers.sources.demo.realised import (
    VISIBLE_EVENTS,
    decline,
    oracle_auc,
    rescue_arms,
    trend_accounts,
    visible_trend,
)
from helpers.sources.demo.settings import PLANTED
from helpers.sources.demo.tally import Tally

__all__ = ["anomaly_facts", "churn_facts", "count_facts", "trend_facts"]

ORACLE_AUC = 0.84
"""AUC of the true hazard over 90 days, from companies of 30,000 accounts."""
RATE_RATIO = 0.70
"""Churns a week under the rescue over those in the control arm: from 29,000 randomised accounts
(0.70 +- 0.03). Each hazard is multiplied by 0.60, but those most at risk leave the control arm
first."""

_OF_KIND = {
    "sudden_drop": "N-09",
    "feature_abandonment": "N-08",
    "user_attrition": "N-08",
    "unexpected_spike": "N-09",
    "pattern_break": "N-09",
    "outlier_actions": "N-09",
    "suspicious_activity": "N-09",
    "admin_absence": "N-18",
    "power_user_silent": "N-18",
    "near_storage_limit": "N-16",
    "near_seat_limit": "N-16",
    "api_over_limit": "N-16",
    "premium_in_trial": "N-15",
    "above_typical_power_user": "N-15",
    "new_departments": "N-15",
    "five_integrations_three_departments": "N-17",
    "emerging_champion": "N-18",
}


def trend_facts(life: Life, plan: Plan, recent: NDArray[np.int64]) -> list[Fact]:
    """Declines, steady growth, plateaus and dips that the calendar explains."""
    change, _ = decline(life)
    trends = trend_accounts(life, plan.plateau)
    visible = visible_trend(life, recent)
    n_declining, n_growing, n_flat = (
        float(sum(bool(visible[n]) for n in trends[name]))
        for name in ("declining", "growing", "plateau")
    )
    listed = f"planted accounts with {VISIBLE_EVENTS} events in 8 weeks that were found"
    late = [row for row in plan.initiatives if row[1] >= life.scale.n_days - 28]
    weekly = "weekly events of the account, season divided out"
    rows = [
        ("T-04.change_per_week", "usage of accounts at risk", -PLANTED.decline_per_week, change,
         0.02, "share a week"),
        ("T-04.accounts", "declining for the last 8 weeks or longer", n_declining,
         n_declining, 0.5 * n_declining, listed),
        ("T-05.change_per_week", "usage of accounts in steady growth", PLANTED.growth_per_week,
         PLANTED.growth_per_week, 0.02, "share a week"),
        ("T-05.accounts", "in steady growth for 8 weeks or longer, until the last 4 weeks",
         n_growing, n_growing, 0.5 * n_growing, listed),
        ("T-06.accounts", "flat for the last 12 weeks", n_flat, n_flat, 0.5 * n_flat, listed),
        ("T-07.accounts", "dips of the last 28 days that the calendar explains", float(len(late)),
         float(len(late)), 0.25 * len(late), "accounts"),
    ]  # fmt: skip
    return [
        Fact(key, key[:4], SEQUENCES if key[:4] != "T-07" else ANOMALIES, what, planted,
             got, tolerance, unit, weekly)
        for key, what, planted, got, tolerance, unit in rows
    ]  # fmt: skip


def anomaly_facts(plan: Plan) -> list[Fact]:
    """Late anomalies of each kind, and the fault of the product."""
    late = Counter(anomaly.kind for anomaly in plan.anomalies if anomaly.phase == "late")
    found = [
        Fact(
            f"{_OF_KIND[kind]}.{kind}",
            _OF_KIND[kind],
            ANOMALIES,
            f"{kind.replace('_', ' ')} in the last 28 days",
            float(late[kind]),
            float(late[kind]),
            0.25 * late[kind] if kind in LATE_POSITIVE else 0.4 * late[kind],
            "planted accounts that were found",
            "truth/anomalies.csv, phase late, origin planted",
        )
        for kind in (*LATE_NEGATIVE, *LATE_POSITIVE)
    ]
    found.append(
        Fact(
            "N-19.systemic",
            "N-19",
            ANOMALIES,
            "fault of the product in the last 28 days: errors x8, boards -60 %, for two days",
            1.0,
            1.0,
            0.0,
            "incidents reported",
            "truth/anomalies.csv, kind systemic_incident",
        )
    )
    return found


def churn_facts(life: Life, plan: Plan) -> list[Fact]:
    """How well churn can be told, anomalies before it, and what the rescue does."""
    arms = rescue_arms(life)
    treated, control = arms["treated"], arms["control"]
    ratio = RATE_RATIO
    error = np.sqrt(1 / max(treated.churned, 1) + 1 / max(control.churned, 1))
    gone = (life.churn_day >= 0) & (life.churn_day < life.scale.n_days)
    before = {a.account for a in plan.anomalies if a.phase == "before_churn"}
    share = len(before) / max(int(gone.sum()), 1)
    rows = [
        ("P-01.oracle_auc", "AUC of the true weekly hazard for churn in the next 90 days",
         ORACLE_AUC, oracle_auc(life), 0.08, "AUC",
         "live accounts, snapshots every 30 days; what a good score can reach"),
        ("P-05.churns_with_anomaly", "churned with a planted anomaly in the 70 days before",
         share, share, 0.15, "share of churned accounts",
         "truth/anomalies.csv, phase before_churn"),
        ("K-10.rate_ratio", "at-risk rescue: churns a week, treated over control, in 84 days",
         ratio, treated.rate / control.rate if control.rate else 0.0,
         float(ratio * np.expm1(SURE * error)), "ratio",
         "interventions with an arm (a coin decided); those without one mislead"),
    ]  # fmt: skip
    return [
        Fact(
            key,
            key[:4],
            IMPACT if key[:4] == "K-10" else CHURN,
            what,
            planted,
            got,
            tolerance,
            unit,
            where,
        )
        for key, what, planted, got, tolerance, unit, where in rows
    ]


def count_facts(life: Life, tally: Tally, dirt: Mapping[str, int]) -> list[Fact]:
    """Rows and accounts that the audit should count."""
    rows = [
        ("E-02.opted_out", "E-02", "accounts that opted out", int(life.population.opted_out.sum())),
        (
            "D-16.churned",
            "D-16",
            "churned accounts",
            int((life.churn_day < life.scale.n_days).sum()),
        ),
        ("D-16.upgraded", "D-16", "upgrades", tally.upgrades),
        ("D-05.outage_days", "D-05", "days on which the event source delivered nothing", 1),
    ]
    rows += [(f"D-12.{name}", "D-12", name.replace("_", " "), dirt[name]) for name in sorted(dirt)]
    return [
        Fact(key, requirement, AUDIT, what, float(n), float(n), 0.0, "rows", "truth/dirt.json")
        for key, requirement, what, n in rows
    ]
