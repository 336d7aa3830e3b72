"""Which events there are, which of them the catalogue knows, and what is not tracked at all."""

from typing import Any

import pandas as pd

from helpers.audit.issues import issue
from helpers.audit.tables import Views
from helpers.config import CompanyConfig, Roles

__all__ = ["event_taxonomy", "taxonomy_issues", "tracking"]

_USED_FOR = {
    "signup": "journeys of new users",
    "login": "recency of logins, health score",
    "invite": "adoption milestones, expansion",
    "error": "error rate, incidents",
    "pricing_page": "churn and upsell indicators",
    "competitor_search": "churn indicators",
    "export": "suspicious activity, churn indicators",
    "integration": "adoption, expansion",
    "upload": "adoption",
    "help": "learning features, new users",
    "learning": "learning features",
    "community": "learning features",
    "collaboration": "team activity",
    "setup": "onboarding completion",
    "limit_hit": "expansion",
    "security": "suspicious activity",
}


def event_taxonomy(views: Views, roles: Roles) -> pd.DataFrame:
    """List the event names with their counts, and whether the catalogue has them.

    Returns
    -------
    DataFrame
        ``event``, ``n_events``, ``n_accounts``, ``first_on``, ``last_on``, ``feature``,
        ``in_catalogue`` (null without a catalogue), ``roles`` (that the configuration gives the
        name), most frequent first; then names that only the catalogue has, with 0 events.
    """
    counted = views.frame(
        "SELECT event, COUNT(*) AS n_events, COUNT(DISTINCT account_id) AS n_accounts,"
        " CAST(CAST(MIN(occurred_at) AS DATE) AS TIMESTAMP) AS first_on,"
        " CAST(CAST(MAX(occurred_at) AS DATE) AS TIMESTAMP) AS last_on"
        " FROM events GROUP BY event"
    )
    if views.has("feature_catalogue"):
        known = views.frame("SELECT event, feature, TRUE AS in_catalogue FROM feature_catalogue")
        counted = counted.merge(known, on="event", how="outer", validate="1:1")
        counted["in_catalogue"] = counted["in_catalogue"].fillna(False).astype("boolean")
    else:
        counted = counted.assign(
            feature=pd.Series(pd.NA, index=counted.index, dtype="str"),
            in_catalogue=pd.Series(pd.NA, index=counted.index, dtype="boolean"),
        )
    counted[["n_events", "n_accounts"]] = (
        counted[["n_events", "n_accounts"]].fillna(0).astype("int64")
    )
    named = {
        event: ", ".join(role for role in Roles.model_fields if event in roles.events_of(role))
        for event in counted["event"]
    }
    counted["roles"] = counted["event"].map(named).astype("str")
    return counted.sort_values(["n_events", "event"], ascending=[False, True], ignore_index=True)


def tracking(taxonomy: pd.DataFrame, config: CompanyConfig) -> pd.DataFrame:
    """Say for each role of an event whether it is tracked: the instrumentation gaps.

    Returns
    -------
    DataFrame
        ``role``, ``used_for``, ``events`` (names, joined), ``n_events``, ``state``: tracked,
        "no such events in the data" or "not configured".
    """
    counts = taxonomy.set_index("event")["n_events"]
    rows = []
    for role in Roles.model_fields:
        names = config.roles.events_of(role)
        n_events = int(counts.reindex(names).fillna(0).sum())
        configured = "tracked" if n_events else "no such events in the data"
        rows.append(
            {
                "role": role,
                "used_for": _USED_FOR[role],
                "events": ", ".join(names),
                "n_events": n_events,
                "state": configured if names else "not configured",
            }
        )
    return pd.DataFrame(rows)


def taxonomy_issues(taxonomy: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn names outside the taxonomy, and catalogue names never seen, into issues.

    The taxonomy is the catalogue and the names to which the configuration gives a role: an error
    shown is no feature, yet it is known.
    """
    if taxonomy["in_catalogue"].isna().all():
        return []
    n_all = int(taxonomy["n_events"].sum())
    outside = taxonomy[~taxonomy["in_catalogue"].astype(bool) & (taxonomy["roles"] == "")]
    unseen = taxonomy[taxonomy["n_events"] == 0]
    rows = []
    if len(outside):
        rows.append(
            issue(
                "events",
                "event",
                "an event name that the catalogue does not have",
                n_rows=int(outside["n_events"].sum()),
                share=outside["n_events"].sum() / n_all if n_all else 0.0,
                severity="warning",
                example=", ".join(outside["event"].head(3)),
                remedy="Add the name to the feature catalogue, give it a role, or map it to a "
                "known one.",
            )
        )
    if len(unseen):
        rows.append(
            issue(
                "feature_catalogue",
                "event",
                "an event that never occurs",
                n_rows=len(unseen),
                share=len(unseen) / max(int(taxonomy["in_catalogue"].astype(bool).sum()), 1),
                severity="note",
                example=", ".join(unseen["event"].head(3)),
                remedy="Check the spelling, or whether the feature is instrumented.",
            )
        )
    return rows
