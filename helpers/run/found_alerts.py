"""What the alert and churn notebooks say of the facts that a made-up company was given."""

from pathlib import Path

import pandas as pd

from helpers.artifacts import Run

__all__ = ["in_alerts", "in_scores"]

REQUIREMENTS = {
    "sudden_drop": "N-09",
    "feature_abandonment": "N-08",
    "user_attrition": "N-08",
    "unexpected_spike": "N-09",
    "pattern_break": "N-09",
    "outlier_actions": "N-09",
    "suspicious_activity": "N-09",
    "admin_absence": "N-18",
    "power_user_silent": "N-18",
    "above_typical_power_user": "N-15",
    "near_storage_limit": "N-16",
    "near_seat_limit": "N-16",
    "api_over_limit": "N-16",
    "premium_in_trial": "N-15",
    "new_departments": "N-15",
    "five_integrations_three_departments": "N-17",
    "emerging_champion": "N-18",
}


def in_alerts(run: Run, truth: Path) -> dict[str, float]:
    """Count the planted accounts of each kind that have an alert of that kind.

    Parameters
    ----------
    run : Run
        With the tables of 01 and 05.
    truth : Path
        Folder with ``anomalies.csv``.

    Returns
    -------
    dict of key to value
        Per kind the planted accounts found; incidents reported; planned dips that raised
        no unexplained alert.
    """
    alerts = run.read("05_anomaly_review", "alerts")
    anomalies = pd.read_csv(truth / "anomalies.csv", dtype="str")
    late = anomalies[(anomalies["phase"] == "late") & (anomalies["origin"] == "planted")]
    named = {
        (account, kind)
        for account, first, others in zip(
            alerts["account_id"], alerts["kind"], alerts["also_kinds"], strict=True
        )
        for kind in (first, *others)
    }
    planted = {kind: late.loc[late["kind"] == kind, "account_id"] for kind in REQUIREMENTS}
    found = {
        f"{requirement}.{kind}": float(sum((account, kind) in named for account in planted[kind]))
        for kind, requirement in REQUIREMENTS.items()
    }
    found["N-19.systemic"] = float((alerts["kind"] == "systemic_incident").sum())
    found["T-07.accounts"] = _explained_dips(run, alerts)
    return found


def _explained_dips(run: Run, alerts: pd.DataFrame) -> float:
    calendar = run.read("01_data_audit", "calendar")
    recent = calendar["ends_on"] >= pd.Timestamp(run.config().as_of) - pd.Timedelta(days=28)
    planned = set(calendar.loc[recent & calendar["account_id"].notna(), "account_id"])
    unexplained = alerts[(alerts["direction"] == "risk") & alerts["explained_by"].eq("")]
    drops = unexplained[unexplained["kind"].isin(["sudden_drop", "usage_drop"])]
    return float(len(planned - set(drops["account_id"])))


def in_scores(run: Run, truth: Path) -> dict[str, float]:  # noqa: ARG001 - same door as the others
    """Read the base rate of churn, the model's AUC and the churns that an alert preceded."""
    labels = run.read("02_feature_engineering", "labels")
    known = labels.loc[~labels["censored"].astype(bool), "churned"].astype("float64")
    evaluation = run.read("06_churn_model", "evaluation")
    auc = evaluation[
        (evaluation["model"] == "churn model")
        & (evaluation["metric"] == "roc_auc")
        & (evaluation["split"] == "time")
    ]["value"]
    lead = run.read("06_churn_model", "lead_time")
    return {
        "A-03.base_rate": float(known.mean()),
        "P-01.oracle_auc": float(auc.iloc[0]) if len(auc) else float("nan"),
        "P-05.churns_with_anomaly": float(lead["first_flag_anomaly"].notna().mean()),
    }
