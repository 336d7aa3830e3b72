"""What the patterns say of an account's health, in sentences with their numbers (R-02)."""

import math
from typing import Any

import pandas as pd

from helpers.brief.subject import Subject
from helpers.report.text import visible

__all__ = ["Component", "components", "statements"]

NAMES = {
    "usage_frequency": "usage frequency",
    "feature_adoption": "feature adoption",
    "engagement_trend": "engagement trend",
    "support_sentiment": "support sentiment",
    "team_activity": "team activity",
    "nps": "NPS",
}
Component = tuple[str, float | None]
"""Name and 0 to 100, higher = healthier; None where it is not known."""
N_RULES = 2


def components(subject: Subject) -> list[Component]:
    """Return the parts of the health score of the run's date; empty where there is no score."""
    health = subject.rows("06_churn_model", "health", newest=True)
    if health.empty:
        return []
    row = health.iloc[0]
    return [
        (label, None if pd.isna(row.get(name)) else float(row[name]))
        for name, label in NAMES.items()
    ]


def statements(subject: Subject) -> list[str]:
    """Return what health, churn, segment, alerts, trend and rules say of the account."""
    said = [
        _health(subject),
        *_churn(subject),
        _segment(subject),
        *_alerts(subject),
        _trend(subject),
        *_rules(subject),
    ]
    return [text for text in said if text]


def _health(subject: Subject) -> str:
    health = subject.rows("06_churn_model", "health", newest=True)
    if health.empty or pd.isna(health.iloc[0]["health_score"]):
        return "Health: no score, because too little of it is known."
    row = health.iloc[0]
    known = [(label, x) for label, x in components(subject) if x is not None]
    weakest = sorted(known, key=lambda one: one[1])[:2]
    tail = ", ".join(f"{label} {x:.0f}" for label, x in weakest)
    return (
        f"Health {row['health_score']:.0f} of 100 ({row['health_band']}, higher = healthier), "
        f"on {row['coverage']:.0%} of its weight; weakest: {tail}."
    )


def _churn(subject: Subject) -> list[str]:
    scores = subject.rows("06_churn_model", "predictions", newest=True)
    if scores.empty or pd.isna(scores.iloc[0]["churn_probability"]):
        return ["Churn risk: no score in this run."]
    row = scores.iloc[0]
    low, high = row.get("probability_low"), row.get("probability_high")
    interval = f" (90% interval {low:.0%} to {high:.0%})" if pd.notna(low) else ""
    text = (
        f"Churn risk {row['churn_probability']:.0%}{interval}; score {int(row['churn_score'])} "
        f"of 100, {row['churn_band']}, higher = more risk."
    )
    drivers = [visible(one) for one in row["drivers"]]
    return [text, *([f"What moves it: {'; '.join(drivers)}."] if drivers else [])]


def _segment(subject: Subject) -> str:
    rows = subject.rows("03_segmentation", "assignments")
    if rows.empty:
        return ""
    ordered = rows.sort_values("as_of")
    now = ordered.iloc[-1]
    if now["as_of"] != subject.as_of:
        return ""
    text = f"Segment {visible(now['segment'])}, lifecycle {visible(now['lifecycle_stage'])}"
    before = ordered.iloc[:-1]
    if len(before) and before.iloc[-1]["segment"] != now["segment"]:
        last = before.iloc[-1]
        text += f"; before, on {last['as_of']:%Y-%m-%d}, {visible(last['segment'])}"
    return f"{text}."


def _alerts(subject: Subject) -> list[str]:
    alerts = subject.rows("05_anomaly_review", "alerts")
    return [_alert(row) for row in alerts.to_dict("records")]


def _alert(row: dict[Any, Any]) -> str:
    kind = visible(row["kind"]).replace("_", " ")
    told = [visible(row[name]) for name in ("evidence", "context") if _said(row.get(name))]
    text = f"Alert, {row['severity']}: {kind}, seen {pd.Timestamp(row['detected_on']):%Y-%m-%d}"
    if told:
        text += f": {'; '.join(told)}"
    if _said(row.get("explained_by")):
        text += f"; may be explained by {visible(row['explained_by'])}"
    return f"{text}."


def _said(value: object) -> bool:
    return value is not None and value is not pd.NA and value == value and bool(str(value))


def _trend(subject: Subject) -> str:
    rows = subject.rows("04_sequence_association_mining", "trends")
    if rows.empty or str(rows.iloc[0]["kind"]) == "none":
        return ""
    row = rows.iloc[0]
    slope = float(row["slope_per_week"]) if pd.notna(row["slope_per_week"]) else math.nan
    change = f", {slope:+.1%} a week".replace("-", "\u2212") if math.isfinite(slope) else ""
    return (
        f"Trend: {visible(row['kind']).replace('_', ' ')} over {int(row['weeks'])} weeks{change}."
    )


def _rules(subject: Subject) -> list[str]:
    """Return the association rules whose left side holds for the account now."""
    matches = subject.rows("04_sequence_association_mining", "rule_matches")
    if matches.empty or not subject.run.has("04_sequence_association_mining", "rules"):
        return []
    rules = subject.run.read("04_sequence_association_mining", "rules").reset_index(drop=True)
    numbers = [int(one) for one in matches["rule"] if int(one) < len(rules)]
    return [f"Pattern: {visible(rules.loc[one, 'reads_as'])}" for one in numbers[:N_RULES]]
