"""Every table that the review hands on, beside the alerts themselves."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.alerts import Queue
from helpers.anomalies.analysis import Analysis
from helpers.anomalies.daily import day_scores, learn_days
from helpers.anomalies.flags import risk_by_week, weekly_flags
from helpers.anomalies.kinds.catalogue import KINDS, SYSTEMIC
from helpers.anomalies.plays import plays_table
from helpers.anomalies.severity import severity_table
from helpers.anomalies.signals import Activity

__all__ = ["SCORE_DAYS", "all_tables"]

SCORE_DAYS = 90
"""Days of ``scores``: long enough to see an alert against its baseline."""
MAX_SCORES = 20_000_000
"""Rows of ``scores`` from which accounts without an alert are left out."""


def all_tables(analysis: Analysis, queue: Queue) -> dict[str, pd.DataFrame]:
    """Lay out everything that was found.

    Parameters
    ----------
    analysis : Analysis
    queue : Queue

    Returns
    -------
    dict of table name to DataFrame
        ``alerts``, ``review_list``, ``load``, ``changes``, ``inactive_users`` (see :class:`Queue`);
        ``scores``: every live account's last 90 days, signal by signal (of large companies only
        accounts with an alert or in the review list);
        ``weekly_flags``: what would have been flagged at each week's end, nothing later used;
        ``weekly_risk``: the ensemble's p-value of every account and week;
        ``systemic``, ``systemic_accounts``: company-wide incidents and who shows them;
        ``company_days``: the company as a whole, day by day;
        ``kinds``: rule, threshold, verdicts so far and whether the data allow to look;
        ``signals``: what is watched, and what cannot be; ``severity``; ``plays``.
    """
    activity = analysis.activity
    live = _charted(activity, queue, analysis.nothing_judged)
    incidents = analysis.incidents
    daily = learn_days(
        activity,
        activity.signals,
        last_weeks=-(-SCORE_DAYS // 7) + 1,
        baseline_days=analysis.baseline_days,
        keep=live,
    )
    return {
        "alerts": queue.alerts,
        "review_list": queue.review_list,
        "load": queue.load,
        "changes": queue.changes,
        "inactive_users": queue.inactive_users,
        "scores": day_scores(activity, daily, days=SCORE_DAYS, keep=live),
        "weekly_flags": weekly_flags(activity, analysis.flags),
        "weekly_risk": risk_by_week(activity, analysis.judged.risk),
        "systemic": incidents.table,
        "systemic_accounts": incidents.accounts,
        "company_days": _rounded(analysis.days),
        "kinds": _kinds(analysis, queue),
        "signals": _signals(analysis),
        "severity": severity_table(),
        "plays": plays_table(),
    }


def _charted(activity: Activity, queue: Queue, nothing: bool) -> NDArray[np.bool_]:
    """Tell which accounts have their days listed: all live ones, if they are not too many."""
    live = activity.alive[:, -1] if len(activity.days) else np.zeros(len(activity.accounts), bool)
    if nothing or live.sum() * SCORE_DAYS * len(activity.signals.names) <= MAX_SCORES:
        return live
    told = pd.concat([queue.alerts["account_id"], queue.review_list["account_id"]])
    return np.asarray(live & activity.accounts["account_id"].isin(told).to_numpy())


def _rounded(days: pd.DataFrame) -> pd.DataFrame:
    columns = ["company", "usual", "z", "change"]
    return days.assign(**days[columns].astype(float).round(4))


def _kinds(analysis: Analysis, queue: Queue) -> pd.DataFrame:
    """One row a kind: rule, threshold, how often it was raised and what became of it."""
    described = pd.DataFrame(
        {
            "kind": [kind.name for kind in KINDS],
            "direction": [kind.direction for kind in KINDS],
            "rule": [kind.rule for kind in KINDS],
            "looked_for": [kind.name in analysis.looked_for for kind in KINDS],
            "needs": [kind.needs for kind in KINDS],
        }
    )
    named = pd.concat([queue.alerts["kind"], queue.review_list["kind"]])
    raised = named[named != SYSTEMIC].value_counts()
    frame = described.merge(analysis.limits, on="kind", validate="one_to_one")
    return frame.assign(
        alerts=frame["kind"].map(queue.alerts["kind"].value_counts()).fillna(0).astype("int64"),
        raised=frame["kind"].map(raised).fillna(0).astype("int64"),
    )


def _signals(analysis: Analysis) -> pd.DataFrame:
    """One row a signal: what it says, whether it is there, and its usual size."""
    activity, rows = analysis.activity, []
    for signal in activity.catalogue:
        there = signal.name in activity.signals.names
        rows.append(
            {
                "signal": signal.name,
                "meaning": signal.meaning,
                "family": signal.family,
                "worries_when": signal.risk,
                "computed": there,
                "why_not": "" if there else activity.missing.get(signal.name, "not in the data"),
                "typical_per_week": round(analysis.judged.typical.get(signal.name, np.nan), 2),
            }
        )
    return pd.DataFrame(rows)
