"""Alerts of the anomaly review as candidates for the next action.

An alert brings its own play, written beside its kind. Its direction decides the objective, its
severity how soon, its confidence how much it weighs.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

__all__ = ["candidates_from_alerts", "risk_alerts"]

DUE_DAYS = {"critical": 1, "high": 3, "medium": 7, "low": 14}
OBJECTIVE = {"risk": "retention", "security": "security", "expansion": "expansion"}
GROWTH_DUE_DAYS = 14


def candidates_from_alerts(
    alerts: pd.DataFrame,
    state: pd.DataFrame,
    *,
    base_rate: float,
    upgrade_rate: float,
    after_alert: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Turn alerts about single accounts into candidates.

    Parameters
    ----------
    alerts : DataFrame
        Of 05. An incident of the whole company (``account_id`` "*") is nobody's next action.
    state : DataFrame
        From :func:`helpers.actions.state.account_state`; alerts of other accounts are left out.
    base_rate, upgrade_rate : float
        As in :func:`helpers.actions.rules.candidates_from_state`.
    after_alert : mapping of severity to float, optional
        Share that churned after such warnings before, from
        :func:`helpers.actions.patterns.alert_rates`. Where it exceeds the account's own
        chance it takes its place: the model has not seen what the alert says.

    Returns
    -------
    DataFrame
        As the rules give it, with the columns of a play and ``due_days``.
    """
    mine = alerts[alerts["account_id"].isin(state.index)].reset_index(drop=True)
    if mine.empty:
        return pd.DataFrame(columns=["account_id", "play"])
    direction = mine["direction"].astype(str).str.lower()
    severity = mine["severity"].astype(str).str.lower()
    grows = direction.eq("expansion")
    own = state.reindex(mine["account_id"])
    seen = severity.map(dict(after_alert or {})).astype("float64").to_numpy()
    loss = pd.to_numeric(own["churn_probability"], errors="coerce").to_numpy("float64")
    gain = pd.to_numeric(own["upgrade_probability"], errors="coerce").to_numpy("float64")
    loss = np.fmax(np.where(np.isnan(loss), base_rate, loss), seen)
    gain = np.where(np.isnan(gain), upgrade_rate, gain)
    due = severity.map(DUE_DAYS).fillna(GROWTH_DUE_DAYS)
    return pd.DataFrame(
        {
            "account_id": mine["account_id"],
            "play": "alert: " + mine["kind"].astype(str),
            "action": mine["play"].astype(str),
            "objective": direction.map(OBJECTIVE).fillna("retention"),
            "due_days": due.mask(grows, GROWTH_DUE_DAYS).astype("int64"),
            "channel": "call",
            "owner": _owner(direction),
            "first_step": "Follow the steps to check first, on the account's page (accounts.html).",
            "chance": np.where(grows, gain, loss),
            "evidence": pd.to_numeric(mine["confidence"], errors="coerce").fillna(0.5).clip(0, 1),
            "reason": _reason(mine, severity),
            "pattern_key": ("alert:" + severity).mask(grows, "opportunity"),
        }
    )


def risk_alerts(alerts: pd.DataFrame) -> list[str]:
    """Return the accounts with a high or critical alert that speaks for risk, sorted."""
    severe = alerts["severity"].astype(str).str.lower().isin(["critical", "high"])
    risky = alerts["direction"].astype(str).str.lower().isin(["risk", "security"])
    return sorted(alerts.loc[severe & risky, "account_id"].dropna().astype(str).unique())


def _owner(direction: pd.Series) -> pd.Series:
    owners = {"expansion": "account manager", "security": "security with CSM"}
    return direction.map(owners).fillna("named CSM")


def _reason(alerts: pd.DataFrame, severity: pd.Series) -> pd.Series:
    kind = alerts["kind"].astype(str).str.replace("_", " ")
    day = pd.to_datetime(alerts["detected_on"]).dt.strftime("%Y-%m-%d")
    text = kind + " (" + severity + " alert, " + day + ")"
    if "evidence" in alerts.columns:
        told = alerts["evidence"].fillna("").astype(str)
        text = text + (": " + told).where(told.ne(""), "")
    known = alerts["explained_by"].fillna("").astype(str)
    return text + ("; may be explained by " + known).where(known.ne(""), "")
