"""From flags to the queue that a customer-success manager works through."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.anomalies.analyse import Analysis
from helpers.anomalies.budget import apply_budget, rank_alerts
from helpers.anomalies.context import add_context
from helpers.anomalies.episodes import fold, to_episodes
from helpers.anomalies.evidence import describe
from helpers.anomalies.kinds.catalogue import SYSTEMIC, kind_of
from helpers.anomalies.known_factors import explain
from helpers.anomalies.plays import play_of
from helpers.anomalies.severity import LEVELS, lower, severity_of

__all__ = ["ALERT_COLUMNS", "Queue", "build_queue"]

ALERT_COLUMNS = [
    *("account_id", "kind", "direction", "metrics", "detected_on", "severity", "confidence"),
    *("explained_by", "play", "csm", "route", "risk", "evidence", "historical", "recent"),
    *("context", "also_kinds", "triage", "last_seen_on", "days_flagged", "signals", "p_value"),
    *("q_value", "short_baseline", "mrr", "n_accounts"),
]
_ROUTES = {"critical": "at once", "high": "this week", "medium": "this week", "low": "weekly review"}
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
    inactive_users : DataFrame
        For alerts about people: ``account_id``, ``kind``, ``user_id``, ``role``,
        ``department``, ``last_active_on``.
    """

    alerts: pd.DataFrame
    review_list: pd.DataFrame
    load: pd.DataFrame
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
    stories = _stories(analysis, external)
    stories = _explained(stories, analysis, calendar)
    told = pd.DataFrame([describe(row) for _, row in stories.iterrows()], index=stories.index)
    alerts = pd.concat([stories, told], axis=1) if len(stories) else stories
    alerts = _finished(add_context(alerts, features), analysis)
    ranked = rank_alerts(alerts)
    kept, rest, load = apply_budget(ranked, as_of=analysis.scene.activity.as_of, per_week=per_week)
    whole = rank_alerts(pd.concat([_incidents(analysis), kept], ignore_index=True))
    return Queue(
        alerts=whole[ALERT_COLUMNS],
        review_list=rest[ALERT_COLUMNS],
        load=load,
        inactive_users=_inactive(analysis, whole),
    )


def _stories(analysis: Analysis, external: pd.DataFrame | None) -> pd.DataFrame:
    """Flags of live accounts to episodes to stories first seen in the days under review."""
    scene, flags = analysis.scene, analysis.flags
    live = scene.activity.alive[:, -1]
    mine = flags[live[flags["account"].to_numpy(np.intp)]].copy()
    mine["metrics"] = _metrics(mine, analysis)
    episodes = to_episodes(mine)
    first_review = int(scene.ends[scene.is_review].min()) if scene.is_review.any() else 0
    fresh = episodes[episodes["first_day"] >= first_review]
    stories = fold(fresh.reset_index(drop=True))
    ids = scene.activity.accounts["account_id"].to_numpy()
    stories["account_id"] = ids[stories["account"].to_numpy(np.intp)]
    return _borne_out(stories, analysis, external)


def _metrics(flags: pd.DataFrame, analysis: Analysis) -> list[list[str]]:
    """The kind's own metric first, then the signals that bear it out (falls only)."""
    scene = analysis.scene
    names = np.array(scene.week.names, object)
    lists = []
    for row in flags.itertuples():
        own = [] if row.metric == "several" else [row.metric]
        backing = names[scene.backing[:, row.account, row.end]].tolist()
        lists.append(list(dict.fromkeys(own + (backing if row.direction == "risk" else []))))
    return lists


def _borne_out(
    stories: pd.DataFrame, analysis: Analysis, external: pd.DataFrame | None
) -> pd.DataFrame:
    """Raise a sign of growth that an external signal of the last 90 days bears out."""
    if external is None or stories.empty:
        return stories
    since = analysis.scene.activity.as_of - pd.Timedelta(days=90)
    recent = external[
        (external["observed_on"] >= since)
        & (external["observed_on"] < analysis.scene.activity.as_of)
    ]
    kinds = recent.sort_values(["observed_on", "kind"]).groupby("account_id")["kind"].last()
    seen = stories["account_id"].map(kinds)
    grows = (stories["direction"] == "expansion") & seen.notna()
    raised = [
        LEVELS[min(LEVELS.index(level) + 1, 2)] if up else level
        for level, up in zip(stories["severity"], grows, strict=True)
    ]
    text = np.where(grows, "external signal: " + seen.fillna("").astype(str), "")
    detail = stories["detail"].astype(str)
    joined = np.where((detail != "") & (text != ""), detail + "; " + text, detail + text)
    return stories.assign(severity=raised, detail=joined)


def _explained(
    stories: pd.DataFrame, analysis: Analysis, calendar: pd.DataFrame | None
) -> pd.DataFrame:
    """Name the known factor of a dip and lower its severity; drop nothing."""
    activity = analysis.scene.activity
    start = activity.days[0]
    day = start + pd.to_timedelta(stories["day"].to_numpy(float), unit="D")
    windows = pd.DataFrame(
        {
            "account_id": stories["account_id"],
            "starts_on": day - pd.to_timedelta(stories["window_days"].to_numpy(float), unit="D"),
            "ends_on": day - pd.Timedelta(days=1),
            "last_seen_on": start + pd.to_timedelta(stories["last_day"] - 1.0, unit="D"),
        }
    )
    dips = stories["kind"].map(lambda name: kind_of(name).dip).astype(bool)
    found = explain(windows[dips], calendar, activity.accounts).reindex(stories.index)
    steps = found["steps"].fillna(0).astype(int)
    severity = [lower(level, n) for level, n in zip(stories["severity"], steps, strict=True)]
    return stories.assign(explained_by=found["explained_by"].fillna(""), severity=severity)


def _finished(stories: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """Add what the contract promises and what a reader wants beside it."""
    activity = analysis.scene.activity
    accounts = activity.accounts.set_index("account_id")
    start = activity.days[0]
    first, last = stories["first_day"].to_numpy(float), stories["last_day"].to_numpy(float)
    return stories.assign(
        detected_on=start + pd.to_timedelta(first - 1, unit="D"),
        last_seen_on=start + pd.to_timedelta(last - 1, unit="D"),
        days_flagged=(last - first + 1).astype("int64"),
        confidence=stories["confidence"].astype(float).round(4),
        p_value=stories["p_value"].astype(float),
        q_value=stories["q_value"].astype(float),
        signals=stories["families"].astype("int64"),
        play=[play_of(kind).title for kind in stories["kind"]],
        route=stories["severity"].map(_ROUTES),
        risk=[
            _RISK[level] if direction != "expansion" else "none"
            for level, direction in zip(stories["severity"], stories["direction"], strict=True)
        ],
        csm=stories["account_id"].map(accounts["csm"]).astype("object"),
        mrr=stories["account_id"].map(accounts["mrr"]).astype(float),
        n_accounts=1,
    )


def _incidents(analysis: Analysis) -> pd.DataFrame:
    """One row a company-wide incident that began in the days under review."""
    activity = analysis.scene.activity
    days = int(len(activity.days) - analysis.scene.ends[analysis.scene.is_review].min()) + 1
    since = activity.as_of - pd.Timedelta(days=days)
    table = analysis.incidents.table
    recent = table[table["started_on"] >= since] if len(table) else table
    rows = []
    for row in recent.itertuples():
        metrics = ", ".join(row.metrics)
        text = (
            f"{metrics} at {row.change:.1f} times the usual day, shown by {row.n_accounts} accounts"
        )
        rows.append(
            {
                "account_id": "*",
                "kind": SYSTEMIC,
                "direction": "risk",
                "metrics": list(row.metrics),
                "detected_on": row.started_on,
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


_PEOPLE_KINDS = ("user_attrition", "power_user_silent", "admin_absence", "sudden_drop", "usage_drop")


def _inactive(analysis: Analysis, alerts: pd.DataFrame) -> pd.DataFrame:
    """List regular users of alerted accounts who were not seen in the last 7 days."""
    from helpers.anomalies.kinds.people import silent_users

    scene = analysis.scene
    columns = ["account_id", "user_id", "role", "department", "last_active_on"]
    if scene.activity.users.empty or not len(scene.ends):
        return pd.DataFrame(columns=columns)
    about = alerts[alerts["kind"].isin(_PEOPLE_KINDS)]["account_id"].unique()
    silent = silent_users(scene, window_days=7, end=len(scene.ends) - 1)
    users = scene.activity.users.iloc[silent]
    active = scene.activity.user_days[silent] > 0
    last = np.where(active, np.arange(active.shape[1]), -1).max(axis=1, initial=-1)
    listed = users.assign(
        account_id=scene.activity.accounts["account_id"].to_numpy()[users["account"]],
        last_active_on=scene.activity.days[0] + pd.to_timedelta(last, unit="D"),
    )
    chosen = listed[listed["account_id"].isin(about)]
    return chosen[columns].sort_values(["account_id", "user_id"], ignore_index=True)
