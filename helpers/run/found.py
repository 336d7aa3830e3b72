"""What each notebook says of the facts that a made-up company was given, by the fact's key."""

from collections.abc import Callable
from pathlib import Path

from helpers.artifacts import Run
from helpers.run.found_alerts import in_alerts, in_scores
from helpers.run.found_patterns import in_patterns

__all__ = ["FINDERS"]

SEGMENTS = {
    "new": "New Users",
    "casual": "Casual Users",
    "power": "Power Users",
    "at_risk": "At Risk",
}


def in_audit(run: Run, truth: Path) -> dict[str, float]:  # noqa: ARG001 - same door as the others
    """Read counts of dirt and of outcomes from the data audit."""
    notebook = "01_data_audit"
    quarantine, issues = run.read(notebook, "quarantine"), run.read(notebook, "issues")
    rows = run.read(notebook, "reconciliation").set_index("table")
    outcomes = run.read(notebook, "outcomes")["outcome"]

    def held(table: str, *reasons: str) -> float:
        mine = quarantine[quarantine["table"] == table]
        return float(mine["reason"].isin(reasons).sum())

    def issue(table: str, text: str) -> float:
        mine = issues[(issues["table"] == table) & issues["rule"].str.contains(text, regex=False)]
        return float(mine["n_rows"].sum())

    return {
        "D-12.conflicting_events": held("events", "conflicting_key"),
        "D-12.duplicate_events": float(rows["rows_duplicate"].get("events", 0)),
        "D-12.events_after_the_end": held("events", "future"),
        "D-12.events_without_account": held("events", "missing account_id"),
        "D-12.orphan_events": held("events", "orphan"),
        "D-12.events_outside_catalogue": issue("events", "catalogue does not have"),
        "D-12.unreadable_ticket_times": held("tickets", "bad_timestamp", "missing opened_at"),
        "D-12.decorated_ids_invoices": issue("invoices", "differ only in case or blanks"),
        "D-12.decorated_ids_tickets": issue("tickets", "differ only in case or blanks"),
        "D-05.outage_days": float(len(run.read(notebook, "outages"))),
        "D-16.churned": float((outcomes == "churned").sum()),
        "D-16.upgraded": float((outcomes == "upgraded").sum()),
        "E-02.opted_out": float(run.read(notebook, "accounts")["opted_out"].fillna(False).sum()),
    }


def in_segments(run: Run, truth: Path) -> dict[str, float]:  # noqa: ARG001 - same door as the others
    """Read the shares of the segments among live accounts at the newest as-of date."""
    assignments = run.read("03_segmentation", "assignments")
    newest = assignments[assignments["as_of"] == assignments["as_of"].max()]
    live = newest[newest["segment"] != "Churned"]
    shares = live["segment"].value_counts(normalize=True)
    return {f"G-11.share_{key}": float(shares.get(name, 0)) for key, name in SEGMENTS.items()}


def in_impact(run: Run, truth: Path) -> dict[str, float]:  # noqa: ARG001 - same door as the others
    """Read what the at-risk rescue did where a coin decided."""
    effects = run.read("08_impact", "effects")
    rescue = (effects["play"] == "at_risk_rescue") & (effects["comparison"] == "by lot")
    ratio = effects.loc[rescue, "rate_ratio"]
    return {"K-10.rate_ratio": float(ratio.iloc[0]) if len(ratio) else float("nan")}


FINDERS: dict[str, Callable[[Run, Path], dict[str, float]]] = {
    "01_data_audit": in_audit,
    "03_segmentation": in_segments,
    "04_sequence_association_mining": in_patterns,
    "05_anomaly_review": in_alerts,
    "06_churn_model": in_scores,
    "08_impact": in_impact,
}
"""Notebook to the function that reads its tables."""
