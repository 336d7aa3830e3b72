"""What each notebook hands on: the tables and the columns that others rely on."""

import pandas as pd

from helpers.errors import ContractError

__all__ = ["COMPANY_WIDE", "NOTEBOOKS", "OUTPUTS", "check_output"]

COMPANY_WIDE = "*"
"""``account_id`` of an alert that concerns every account: an incident of the product."""

NOTEBOOKS: dict[str, tuple[str, ...]] = {
    "01_data_audit": (),
    "02_feature_engineering": ("01_data_audit",),
    "03_segmentation": ("01_data_audit", "02_feature_engineering"),
    "04_sequence_association_mining": (
        "01_data_audit",
        "02_feature_engineering",
        "03_segmentation",
    ),
    "05_anomaly_review": ("01_data_audit", "02_feature_engineering"),
    "06_churn_model": (
        "01_data_audit",
        "02_feature_engineering",
        "03_segmentation",
        "04_sequence_association_mining",
        "05_anomaly_review",
    ),
    "07_segment_report": (
        "01_data_audit",
        "02_feature_engineering",
        "03_segmentation",
        "04_sequence_association_mining",
        "05_anomaly_review",
        "06_churn_model",
    ),
    "08_impact": ("01_data_audit", "02_feature_engineering", "05_anomaly_review"),
    "09_growth_and_engagement": (
        "01_data_audit",
        "02_feature_engineering",
        "04_sequence_association_mining",
        "06_churn_model",
    ),
}
"""Notebooks in order, each with those whose tables it reads."""

OUTPUTS: dict[str, dict[str, tuple[str, ...]]] = {
    "01_data_audit": {
        "reconciliation": (
            "table",
            "rows_in",
            "rows_kept",
            "rows_quarantined",
            "rows_duplicate",
        ),
        "issues": ("table", "column", "rule", "n_rows", "share", "example", "severity"),
    },
    "02_feature_engineering": {
        "features": ("account_id", "as_of"),
        "labels": (
            "account_id",
            "as_of",
            "horizon_days",
            "churned",
            "upgraded",
            "censored",
        ),
        "dictionary": (
            "feature",
            "meaning",
            "unit",
            "window_days",
            "family",
            "sources",
        ),
    },
    "03_segmentation": {
        "assignments": (
            "account_id",
            "as_of",
            "cluster",
            "segment",
            "rfm_segment",
            "lifecycle_stage",
            "engagement_level",
        ),
        "selection": ("n_clusters", "inertia", "silhouette", "stability", "chosen"),
        "profiles": (
            "segment",
            "n_accounts",
            "mrr",
            "metric",
            "mean",
            "overall_mean",
            "effect",
        ),
        "migration": (
            "segment_from",
            "segment_to",
            "n_accounts",
            "expected",
            "noise_floor",
        ),
    },
    "04_sequence_association_mining": {
        "sequences": (
            "pattern",
            "n_accounts",
            "support",
            "outcome",
            "outcome_rate",
            "low",
            "high",
            "base_rate",
            "lift",
            "relative_risk",
            "q_value",
        ),
        "rules": (
            "antecedents",
            "consequents",
            "n_accounts",
            "support",
            "confidence",
            "lift",
            "relative_risk",
            "q_value",
            "action",
        ),
        "trends": ("account_id", "kind", "slope_per_week", "weeks", "p_value"),
    },
    "05_anomaly_review": {
        "alerts": (
            "account_id",
            "kind",
            "direction",
            "metrics",
            "detected_on",
            "severity",
            "confidence",
            "explained_by",
            "play",
            "csm",
        ),
        "scores": ("account_id", "day", "metric", "value", "expected", "score"),
    },
    "06_churn_model": {
        "predictions": (
            "account_id",
            "as_of",
            "churn_probability",
            "churn_score",
            "churn_band",
            "drivers",
        ),
        "health": ("account_id", "as_of", "health_score", "health_band", "coverage"),
        "evaluation": ("model", "metric", "value", "low", "high", "split"),
        "lead_time": (
            "account_id",
            "churned_at",
            "first_flag_model",
            "first_flag_anomaly",
            "first_flag_health",
        ),
        "actions": (
            "account_id",
            "csm",
            "priority",
            "action",
            "reason",
            "expected_impact",
            "due_on",
        ),
    },
    "07_segment_report": {},
    "08_impact": {
        "effects": ("play", "comparison", "n_with", "n_without", "rate_ratio", "low", "high"),
        "verdicts": (
            "family",
            "item",
            "judged",
            "confirmed",
            "false_positive",
            "missed",
            "precision",
        ),
        "churn_by_quarter": ("quarter_ends", "n_start", "n_left", "churn_rate"),
    },
    "09_growth_and_engagement": {
        "next_week": ("account_id", "as_of", "active_probability", "reasons"),
        "evaluation": ("model", "metric", "value", "low", "high", "split"),
    },
}
"""Notebook to table to the columns that must be there; more columns are welcome."""


def check_output(notebook: str, table: str, frame: pd.DataFrame) -> None:
    """Raise if a table lacks a column that the contract promises.

    Parameters
    ----------
    notebook, table : str
        Who writes, and what.
    frame : DataFrame
        The table about to be written.

    Raises
    ------
    ContractError
        With one failure a missing column.
    """
    promised = OUTPUTS.get(notebook, {}).get(table, ())
    missing = [name for name in promised if name not in frame.columns]
    if missing:
        failures = pd.DataFrame(
            {
                "column": missing,
                "expected": "a column of this name",
                "n_rows": len(frame),
                "example": ", ".join(map(str, frame.columns[:8])),
            }
        )
        raise ContractError(f"{notebook}/{table}", failures)
