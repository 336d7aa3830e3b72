"""From flags to stories: joined into episodes, folded, borne out, explained and annotated."""

from typing import Any

import numpy as np
import pandas as pd

from helpers.anomalies.analysis import Analysis
from helpers.anomalies.changes import CHANGE_COLUMNS, changes_of, note_of
from helpers.anomalies.episodes import fold, to_episodes
from helpers.anomalies.kinds.catalogue import kind_of
from helpers.anomalies.known_factors import explain
from helpers.anomalies.rounding import significant
from helpers.anomalies.severity import LEVELS, lower
from helpers.anomalies.signals import Activity

__all__ = ["tell_stories"]

EXTERNAL_DAYS = 90
"""External signals (funding, growth) bear a sign of growth out for so long."""


def tell_stories(
    analysis: Analysis, *, calendar: pd.DataFrame | None, external: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join the flags of live accounts into stories that began in the days under review.

    Parameters
    ----------
    analysis : Analysis
    calendar, external : DataFrame or None
        The contract's tables.

    Returns
    -------
    stories : DataFrame
        One row a story: what :func:`helpers.anomalies.episodes.fold` gives, with
        ``account_id``, ``explained_by`` and ``note``.
    changes : DataFrame
        Of each risk, every watched signal of the account.
    """
    activity, flags = analysis.activity, analysis.flags
    live = activity.alive[:, -1]
    mine = flags[live[flags["account"].to_numpy(np.intp)]].copy()
    mine["metrics"] = _metrics(mine)
    episodes = to_episodes(mine)
    fresh = episodes[episodes["first_day"] >= analysis.first_review_day]
    stories = fold(fresh.reset_index(drop=True))
    ids = activity.accounts["account_id"].to_numpy()
    stories["account_id"] = ids[stories["account"].to_numpy(np.intp)]
    stories = _explained(_borne_out(stories, activity.as_of, external), activity, calendar)
    return _noted(stories, activity)


def _metrics(flags: pd.DataFrame) -> list[list[str]]:
    """List the kind's own metric, then the signals that bear it out (risks only)."""
    lists = []
    columns = ["metric", "backing", "direction"]
    for metric, backing, direction in flags[columns].itertuples(index=False):
        own = [] if metric == "several" else [metric]
        lists.append(list(dict.fromkeys(own + (list(backing) if direction == "risk" else []))))
    return lists


def _borne_out(
    stories: pd.DataFrame, as_of: pd.Timestamp, external: pd.DataFrame | None
) -> pd.DataFrame:
    """Raise a sign of growth that an external signal of the last 90 days bears out."""
    if external is None or stories.empty:
        return stories
    since = as_of - pd.Timedelta(days=EXTERNAL_DAYS)
    recent = external[(external["observed_on"] >= since) & (external["observed_on"] < as_of)]
    kinds = recent.sort_values(["observed_on", "kind"]).groupby("account_id")["kind"].last()
    seen = stories["account_id"].map(kinds)
    grows = (stories["direction"] == "expansion") & seen.notna()
    raised = [
        LEVELS[min(LEVELS.index(level) + 1, 2)] if up else level
        for level, up in zip(stories["severity"], grows, strict=True)
    ]
    detail = [
        "; ".join(part for part in (old, f"external signal: {kind}" if up else "") if part)
        for old, kind, up in zip(stories["detail"], seen, grows, strict=True)
    ]
    return stories.assign(severity=raised, detail=detail)


def _explained(
    stories: pd.DataFrame, activity: Activity, calendar: pd.DataFrame | None
) -> pd.DataFrame:
    """Name the known factor of a dip and lower its severity; drop nothing."""
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


def _noted(stories: pd.DataFrame, activity: Activity) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Name in each risk what else went wrong, and list every signal of the account."""
    notes, tables = [], [pd.DataFrame(columns=CHANGE_COLUMNS)]
    row: Any
    for row in stories.itertuples():
        if row.direction != "risk":
            notes.append("")
            continue
        changes = changes_of(row.watched, activity.signals.names, list(row.backing))
        notes.append(note_of(changes, row.metric))
        tables.append(changes.assign(account_id=row.account_id, kind=row.kind))
    listed = pd.concat([t for t in tables if len(t)] or tables, ignore_index=True)
    numbers = ["baseline_per_week", "recent_per_week", "change"]
    rounded = listed.assign(
        **listed[numbers].astype(float).round(3), p_value=significant(listed["p_value"])
    )
    return stories.assign(note=notes), rounded[CHANGE_COLUMNS].sort_values(
        ["account_id", "kind", "p_value", "metric"], ignore_index=True
    )
