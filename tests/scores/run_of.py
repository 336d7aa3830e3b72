"""A run that holds everything the churn notebook reads, made from a made-up feature table."""

from pathlib import Path

import pandas as pd

from helpers.artifacts import Run
from tests.company import make_config

ALERT_COLUMNS = [
    *("account_id", "kind", "direction", "metrics", "detected_on", "severity", "confidence"),
    *("explained_by", "play", "csm", "evidence"),
]


def make_dictionary(features: pd.DataFrame) -> pd.DataFrame:
    """Describe every column; who an account is may not enter a model."""
    names = [name for name in features.columns if name not in ("account_id", "as_of")]
    own = ("region", "employees", "industry", "plan", "csm", "is_live")
    predictive = [name not in own for name in names]
    return pd.DataFrame({"feature": names, "meaning": names, "predictive": predictive})


def make_assignments(features: pd.DataFrame) -> pd.DataFrame:
    """Put accounts whose use fell by a fifth or more into a segment at risk."""
    falling = features["events__change_30d"] <= -0.2
    live = features["is_live"]
    return features[["account_id", "as_of"]].assign(
        cluster=pd.array([1] * len(features), dtype="Int64"),
        segment=falling.map({True: "At Risk", False: "Casual Users"}).where(live, "Churned"),
        rfm_segment="Loyal",
        lifecycle_stage=falling.map({True: "At Risk", False: "Established"}).where(live, "Churned"),
        engagement_level="Moderately Engaged",
    )


def make_personas() -> pd.DataFrame:
    """Return the two segments of :func:`make_assignments`."""
    return pd.DataFrame(
        {
            "segment": ["At Risk", "Casual Users"],
            "family": ["at risk", "regular"],
            "content": ["open tickets first", "the next core feature"],
        }
    )


def make_alerts(features: pd.DataFrame, n: int = 4) -> pd.DataFrame:
    """Return ``n`` alerts about live accounts: a fall, growth, security, a second fall."""
    newest = features[(features["as_of"] == features["as_of"].max()) & features["is_live"]]
    accounts = newest["account_id"].sort_values().tolist()
    kinds = [
        ("sudden_drop", "risk", "critical"),
        ("near_seat_limit", "expansion", "medium"),
        ("suspicious_activity", "security", "critical"),
        ("gradual_decline", "risk", "medium"),
    ]
    rows = [
        {
            "account_id": account,
            "kind": kind,
            "direction": direction,
            "metrics": ["events"],
            "detected_on": features["as_of"].max() - pd.Timedelta(days=2),
            "severity": severity,
            "confidence": 0.9,
            "explained_by": "",
            "play": f"play of {kind}",
            "csm": None,
            "evidence": "events 450 → 28 a week",
        }
        for account, (kind, direction, severity) in zip(accounts, kinds[:n], strict=False)
    ]
    return pd.DataFrame(rows, columns=ALERT_COLUMNS)


def make_weekly_flags(features: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Flag every other account that leaves, in the week before each date of its last 90 days."""
    leaving = labels[labels["churned"].fillna(value=False)]
    chosen = leaving[leaving["account_id"].str[-1].isin(list("02468"))]
    return pd.DataFrame(
        {
            "account_id": chosen["account_id"],
            "week_end": chosen["as_of"] - pd.Timedelta(days=3),
            "kind": "usage_drop",
            "direction": "risk",
            "p_value": 0.001,
            "severity": "high",
        }
    ).reset_index(drop=True)


def make_accounts(features: pd.DataFrame) -> pd.DataFrame:
    """Return the accounts table behind a feature table; nobody has opted out."""
    first = features.drop_duplicates("account_id").sort_values("account_id", ignore_index=True)
    return pd.DataFrame(
        {
            "account_id": first["account_id"].astype("string"),
            "name": "Company " + first["account_id"].astype(str),
            "csm": first["csm"],
            "mrr": first["mrr"],
            "opted_out": pd.array([False] * len(first), dtype="boolean"),
        }
    )


def make_outcomes(labels: pd.DataFrame) -> pd.DataFrame:
    """Return departures (as labelled) and one upgrade."""
    left = labels.dropna(subset=["churned_on"]).drop_duplicates("account_id")
    table = pd.DataFrame(
        {
            "account_id": left["account_id"],
            "outcome": "churned",
            "occurred_at": pd.to_datetime(left["churned_on"]).dt.tz_localize("UTC")
            + pd.Timedelta(hours=12),
            "mrr_change": -100.0,
        }
    )
    return table.sort_values(["occurred_at", "account_id"], ignore_index=True)


def write_run(folder: Path, features: pd.DataFrame, labels: pd.DataFrame) -> Run:
    """Write the tables of 01, 02, 03 and 05 that the churn notebook reads."""
    run = Run(folder, "made", folder / "stage")
    run.save_config(make_config())
    tables = {
        "01_data_audit": {
            "accounts": make_accounts(features),
            "outcomes": make_outcomes(labels),
        },
        "02_feature_engineering": {
            "features": features,
            "labels": labels,
            "dictionary": make_dictionary(features).assign(
                meaning="", unit="", window_days=pd.NA, family="", sources=""
            ),
        },
        "03_segmentation": {
            "assignments": make_assignments(features),
            "personas": make_personas(),
        },
        "05_anomaly_review": {
            "alerts": make_alerts(features),
            "scores": pd.DataFrame(
                columns=["account_id", "day", "metric", "value", "expected", "score"]
            ),
            "weekly_flags": make_weekly_flags(features, labels),
        },
    }
    for notebook, found in tables.items():
        for name, table in found.items():
            run.write(notebook, name, table)
    return run
