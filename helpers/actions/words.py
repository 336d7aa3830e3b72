"""Reasons in words: the numbers behind a play, each with the direction of its scale."""

import numpy as np
import pandas as pd

from helpers.scores.drivers import RAISES

__all__ = [
    "champion_left",
    "content",
    "escalated",
    "few_core",
    "moved",
    "on_trial",
    "opportunity",
    "overdue",
    "ready",
    "renewing",
    "scored",
    "setting_up",
    "silent",
    "unwell",
]

Row = pd.Series


def _listed(texts: object, n: int = 3) -> str:
    if not isinstance(texts, list | tuple | np.ndarray):
        return ""
    return "; ".join(str(text) for text in list(texts)[:n])


def _score_text(row: Row) -> str:
    if pd.isna(row["churn_score"]):
        return "no churn score"
    return (
        f"{float(row['churn_probability']):.0%} likely to churn (score "
        f"{int(row['churn_score'])} of 100, {row['churn_band']}, higher = more risk)"
    )


def _health_text(row: Row) -> str:
    if pd.isna(row["health_score"]):
        return "no health score"
    return f"health {float(row['health_score']):.0f} of 100 (higher = healthier)"


def scored(row: Row) -> str:
    """Tell the churn score and what raises it."""
    ending = f" ({RAISES})"
    told = row["drivers"] if isinstance(row["drivers"], list | tuple | np.ndarray) else []
    drivers = _listed([text.removesuffix(ending) for text in told if text.endswith(ending)])
    return f"{_score_text(row)}: {drivers}" if drivers else _score_text(row)


def escalated(row: Row) -> str:
    """Tell open escalations and the score."""
    return f"escalated tickets open: {int(row['tickets_escalated_open__n'])}; {_score_text(row)}"


def moved(row: Row) -> str:
    """Tell the change of segment and the score."""
    return f"segment {row['segment_before']} → {row['segment']} since the last date; {scored(row)}"


def champion_left(row: Row) -> str:
    """Tell that a champion left, and the score."""
    return f"a champion left in the last 90 days; {_score_text(row)}"


def overdue(row: Row) -> str:
    """Tell overdue invoices and the score."""
    return f"invoices overdue: {int(row['overdue__n'])}; {_score_text(row)}"


def unwell(row: Row) -> str:
    """Tell the health score, how much of it is known, and the churn score."""
    return f"{_health_text(row)}, coverage {float(row['coverage']):.0%}; {_score_text(row)}"


def renewing(row: Row) -> str:
    """Tell days to the renewal, health and score."""
    return f"renews in {int(row['days_to_renewal'])} days; {_health_text(row)}; {_score_text(row)}"


def silent(row: Row) -> str:
    """Tell days without use, and the score."""
    return f"no use for {int(row['days_since_last_event'])} days; {_score_text(row)}"


def setting_up(row: Row) -> str:
    """Tell how far the set-up is."""
    return f"set-up {float(row['setup__share']):.0%} complete, day {int(row['age_days'])}"


def few_core(row: Row) -> str:
    """Tell core features in use, and health."""
    return (
        f"{float(row['core_adoption__share_90d']):.0%} of core features in use; {_health_text(row)}"
    )


def on_trial(row: Row) -> str:
    """Tell the trial and the opportunity."""
    return f"on trial since day {int(row['age_days'])}; {opportunity(row)}"


def ready(row: Row) -> str:
    """Tell the segment and the opportunity."""
    return f"segment {row['segment']}; {opportunity(row)}"


def opportunity(row: Row) -> str:
    """Tell the opportunity score and what speaks for it."""
    if pd.isna(row["opportunity_score"]):
        return "no opportunity score"
    text = f"opportunity {float(row['opportunity_score']):.0f} of 100 (higher = more)"
    if pd.notna(row["upgrade_probability"]):
        text += f", {float(row['upgrade_probability']):.0%} likely to upgrade"
    reasons = _listed(row["reasons"])
    return f"{text}: {reasons}" if reasons else text


def content(row: Row) -> str:
    """Tell the survey answer and health."""
    return f"NPS answer {int(row['nps_last'])} of 10; {_health_text(row)}"
