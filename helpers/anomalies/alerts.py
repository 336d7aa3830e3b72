"""From flags to the queue that a customer-success manager works through."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.anomalies.analysis import Analysis
from helpers.anomalies.budget import apply_budget, rank_alerts
from helpers.anomalies.context import add_context, revenue
from helpers.anomalies.kinds.catalogue import SYSTEMIC
from helpers.anomalies.kinds.people import silent_users
from helpers.anomalies.plays import play_of
from helpers.anomalies.rounding import significant
from helpers.anomalies.severity import severity_of
from helpers.anomalies.stories import tell_stories
from helpers.anomalies.wording import describe
from helpers.contract.outputs import COMPANY_WIDE

__all__ = ["ALERT_COLUMNS", "Queue", "build_queue"]

_TEXTS = (
    *("account_id", "kind", "direction", "severity", "explained_by", "play", "csm", "route"),
    *("risk", "evidence", "historical", "recent", "context", "triage"),
)
_DATES = ("detected_on", "news_on", "last_seen_on")
_NUMBERS = ("confidence", "p_value", "q_value", "mrr")
_COUNTS = ("days_flagged", "signals", "n_accounts")

ALERT_COLUMNS = [
    *("account_id", "kind", "direction", "metrics", "detected_on", "severity", "confidence"),
    *("explained_by", "play", "csm", "route", "risk", "evidence", "historical", "recent"),
    *("context", "also_kinds", "triage", "news_on", "last_seen_on", "days_flagged"),
    *("signals", "p_value", "q_value", "short_baseline", "mrr", "n_accounts"),
]
_ROUTES = {
    "critical": "at once",
    "high": "this week",
    "medium": "this week",
    "low": "weekly review",
}
_RISK = {"critical": "high", "high": "high", "medium": "medium", "low": "low"}


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What managers get.

    Parameters
    ----------
    alerts : DataFrame
        Ranked; ``ALERT_COLUMNS``. A company-wide incident is one row with ``account_id`` "*".
    review_list : DataFrame
        Those beyond the budget, same columns: for the weekly review.
    load : DataFrame
        Alerts a manager and week: raised, kept, critical, and the limit.
    changes : DataFrame
        For risks: every watched signal of the account, ``CHANGE_COLUMNS`` of
        :mod:`helpers.anomalies.changes`.
    inactive_users : DataFrame
        For alerts about people: ``account_id``, ``user_id``, ``role``, ``department``,
        ``last_active_on``.
    """

    alerts: pd.DataFrame
    review_list: pd.DataFrame
    load: pd.DataFrame
    changes: pd.DataFrame
    inactive_users: pd.DataFrame


def build_queue(
    analysis: Analysis,
    *,
    per_week: int,
    calendar: pd.DataFrame | None = None,
    features: pd.DataFrame | None = None,
    external: pd.DataFrame | None = None,
) -> Queue:
    """Join flags into alerts, explain, grade, rank and bound them.

    Parameters
    ----------
    analysis : Analysis
    per_week : int
        Alerts that a manager can take a week.
    calendar, features, external : DataFrame or None
        Known factors; the newest features (for context beside an alert); external signals,
        which bear out signs of growth.

    Returns
    -------
    Queue
    """
    stories, changes = tell_stories(analysis, calendar=calendar, external=external)
    words = [describe(row) for _, row in stories.iterrows()]
    told = pd.DataFrame(words, columns=["historical", "recent", "evidence"], index=stories.index)
    alerts = pd.concat([stories, told], axis=1)
    alerts = _finished(add_context(alerts, features), analysis, features)
    ranked = rank_alerts(alerts)
    kept, rest, load = apply_budget(ranked, as_of=analysis.activity.as_of, per_week=per_week)
    whole = rank_alerts(pd.concat([_incidents(analysis), kept], ignore_index=True))
    return Queue(
        alerts=_typed(whole),
        review_list=_typed(rest),
        load=load,
        changes=changes[changes["account_id"].isin(whole["account_id"])],
        inactive_users=_inactive(analysis, whole),
    )


def _typed(alerts: pd.DataFrame) -> pd.DataFrame:
    """Give an alert table its columns and types, rows or not."""
    return alerts[ALERT_COLUMNS].astype(
        {
            **dict.fromkeys(_TEXTS, "string"),
            **dict.fromkeys(_DATES, "datetime64[us]"),
            **dict.fromkeys(_NUMBERS, "float64"),
            **dict.fromkeys(_COUNTS, "int64"),
            "short_baseline": "bool",
        }
    )


def _finished(
    stories: pd.DataFrame, analysis: Analysis, features: pd.DataFrame | None
) -> pd.DataFrame:
    """Add what the contract promises and what a reader wants beside it."""
    activity = analysis.activity
    accounts = activity.accounts.set_index("account_id")
    start = activity.days[0]
    first, last = stories["first_day"].to_numpy(float), stories["last_day"].to_numpy(float)
    return stories.assign(
        detected_on=start + pd.to_timedelta(first - 1, unit="D"),
        news_on=start + pd.to_timedelta(stories["news_day"].to_numpy(float) - 1, unit="D"),
        last_seen_on=start + pd.to_timedelta(last - 1, unit="D"),
        days_flagged=(last - first + 1).astype("int64"),
        confidence=stories["confidence"].astype(float).round(4),
        p_value=significant(stories["p_value"]),
        q_value=significant(stories["q_value"]),
        signals=stories["families"].astype("int64"),
        play=[play_of(kind).title for kind in stories["kind"]],
        route=stories["severity"].map(_ROUTES),
        risk=[
            _RISK[level] if direction != "expansion" else "none"
            for level, direction in zip(stories["severity"], stories["direction"], strict=True)
        ],
        csm=stories["account_id"].map(accounts["csm"]).astype("object"),
        mrr=stories["account_id"].map(revenue(accounts["mrr"], features)).astype(float),
        n_accounts=1,
    )


def _incidents(analysis: Analysis) -> pd.DataFrame:
    """List company-wide incidents that began in the days under review, one row each."""
    activity = analysis.activity
    since = activity.days[0] + pd.Timedelta(days=analysis.first_review_day - 1)
    table = analysis.incidents.table
    recent = table[table["started_on"] >= since] if len(table) else table
    rows = []
    row: Any
    for row in recent.itertuples():
        metrics = ", ".join(row.metrics)
        text = (
            f"{metrics} at {row.change:.1f} times the usual day, shown by {row.n_accounts} accounts"
        )
        rows.append(
            {
                "account_id": COMPANY_WIDE,
                "kind": SYSTEMIC,
                "direction": "risk",
                "metrics": list(row.metrics),
                "detected_on": row.started_on,
                "news_on": row.started_on,
                "last_seen_on": row.ended_on,
                "days_flagged": (row.ended_on - row.started_on).days + 1,
                "severity": severity_of(SYSTEMIC),
                "confidence": 1.0,
                "explained_by": "",
                "play": play_of(SYSTEMIC).title,
                "csm": None,
                "route": "at once",
                "risk": "high",
                "evidence": text,
                "historical": "the same weekdays of the eight weeks before",
                "recent": text,
                "context": "",
                "also_kinds": [],
                "triage": "",
                "signals": len(row.metrics),
                "p_value": np.nan,
                "q_value": np.nan,
                "short_baseline": False,
                "mrr": np.nan,
                "n_accounts": row.n_accounts,
            }
        )
    return pd.DataFrame(rows, columns=ALERT_COLUMNS)


_PEOPLE_KINDS = (
    "user_attrition",
    "power_user_silent",
    "admin_absence",
    "sudden_drop",
    "usage_drop",
)


def _inactive(analysis: Analysis, alerts: pd.DataFrame) -> pd.DataFrame:
    """List regular users of alerted accounts who were not seen in the last 7 days."""
    activity = analysis.activity
    columns = ["account_id", "user_id", "role", "department", "last_active_on"]
    if activity.users.empty or analysis.nothing_judged:
        return pd.DataFrame(columns=columns)
    about = alerts[alerts["kind"].isin(_PEOPLE_KINDS)]["account_id"].unique()
    silent = silent_users(activity, window_days=7)
    users = activity.users.iloc[silent]
    active = activity.user_days[silent] > 0
    last = np.where(active, np.arange(active.shape[1]), -1).max(axis=1, initial=-1)
    listed = users.assign(
        account_id=activity.accounts["account_id"].to_numpy()[users["account"]],
        last_active_on=activity.days[0] + pd.to_timedelta(last, unit="D"),
    )
    chosen = listed[listed["account_id"].isin(about)]
    return chosen[columns].sort_values(["account_id", "user_id"], ignore_index=True)
