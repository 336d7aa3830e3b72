"""One account at a time: what is known of it, and the inputs of a plan around it."""

import pandas as pd

from helpers.actions.state import Inputs, account_state

AS_OF = pd.Timestamp("2026-07-01")  # a Wednesday
BEFORE = AS_OF - pd.Timedelta(days=30)
CALM = {
    "mrr": 100.0,
    "csm": "Ana",
    "segment": "Casual Users",
    "segment_before": "Casual Users",
    "lifecycle_stage": "Established",
    "churn_probability": 0.02,
    "probability_low": 0.01,
    "churn_score": 10,
    "churn_band": "low",
    "drivers": [],
    "health_score": 65.0,
    "health_band": "medium",
    "coverage": 1.0,
    "opportunity_score": 20.0,
    "upgrade_probability": 0.02,
    "reasons": [],
    "days_to_renewal": 200.0,
    "is_trial": 0.0,
    "setup__share": 1.0,
    "core_adoption__share_90d": 0.9,
    "tickets_escalated_open__n": 0.0,
    "champion_left_90d": 0.0,
    "overdue__n": 0.0,
    "days_since_last_event": 1.0,
    "events__change_30d": 0.0,
    "nps_last": 7.0,
    "age_days": 400.0,
    "opted_out": False,
    "is_live": True,
}
HIGH = {
    "churn_probability": 0.4,
    "probability_low": 0.2,
    "churn_score": 80,
    "churn_band": "high",
    "drivers": ["logins −38% in 30 days (raises)", "NPS answer 9 of 10 (lowers)"],
}
FAMILIES = {"At Risk": "at risk", "Casual Users": "regular", "Expansion Ready": "growing"}
_FEATURES = (
    "mrr",
    "csm",
    "days_to_renewal",
    "is_trial",
    "setup__share",
    "core_adoption__share_90d",
    "tickets_escalated_open__n",
    "champion_left_90d",
    "overdue__n",
    "days_since_last_event",
    "events__change_30d",
    "nps_last",
    "age_days",
    "is_live",
)
ALERT = {
    "kind": "sudden_drop",
    "direction": "risk",
    "metrics": ["events"],
    "detected_on": AS_OF - pd.Timedelta(days=3),
    "severity": "high",
    "confidence": 0.8,
    "explained_by": "",
    "play": "Call the administrator today",
    "csm": "Ana",
    "evidence": "events 450 → 28 a week",
}


def inputs_of(accounts, alerts=()):
    """Return the inputs for accounts given as ``{id: changes to CALM}``; alerts as changes too."""
    rows = pd.DataFrame([{"account_id": name} | CALM | given for name, given in accounts.items()])
    dated = rows.assign(as_of=AS_OF)
    earlier = dated.assign(as_of=BEFORE, segment=rows["segment_before"])
    assignments = pd.concat([dated, earlier])[["account_id", "as_of", "segment", "lifecycle_stage"]]
    churn = ["churn_probability", "probability_low", "churn_score", "churn_band", "drivers"]
    health = ["health_score", "health_band", "coverage"]
    growth = ["opportunity_score", "upgrade_probability", "reasons"]
    keys = ["account_id", "as_of"]
    return Inputs(
        accounts=rows[["account_id", "csm", "mrr", "opted_out"]].assign(
            name="Company " + rows["account_id"]
        ),
        features=dated[[*keys, *_FEATURES]],
        predictions=dated[[*keys, *churn]],
        health=dated[[*keys, *health]],
        expansion=dated[[*keys, *growth]],
        assignments=assignments,
        families=FAMILIES,
        alerts=pd.DataFrame([ALERT | alert for alert in alerts], columns=["account_id", *ALERT]),
    )


def state_of(**accounts):
    """Return the state of accounts given as changes to a calm one."""
    return account_state(inputs_of(accounts))
