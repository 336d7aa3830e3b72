"""What is known of each live account on the day of the run, in one row."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Inputs", "account_state"]

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
)
_AT_RISK_STAGES = ("At Risk", "Dormant")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The tables that next actions are made from.

    Parameters
    ----------
    accounts : DataFrame
        Of 01: account_id, name, csm, mrr, opted_out.
    features : DataFrame
        Of 02, all dates.
    predictions, health, expansion : DataFrame
        Of 06; ``expansion`` with ``upgrade_probability``.
    assignments : DataFrame
        Of 03.
    families : mapping of segment to family
        Of 03's naming; a family "at risk" holds growth plays back.
    alerts : DataFrame
        Of 05.
    next_steps, next_step_accounts : DataFrame or None
        Of 04: what alike accounts did next, and who has not done it.
    advanced_features : DataFrame or None
        Of 04: what alike accounts use and an account does not, for a business review.
    """

    accounts: pd.DataFrame
    features: pd.DataFrame
    predictions: pd.DataFrame
    health: pd.DataFrame
    expansion: pd.DataFrame
    assignments: pd.DataFrame
    families: Mapping[str, str]
    alerts: pd.DataFrame
    next_steps: pd.DataFrame | None = None
    next_step_accounts: pd.DataFrame | None = None
    advanced_features: pd.DataFrame | None = None


def account_state(given: Inputs) -> pd.DataFrame:
    """Return one row a live account that has not opted out, indexed by ``account_id``.

    Columns
    -------
    name, csm, mrr and the features that rules read; ``segment, segment_before,
    lifecycle_stage, at_risk_segment, entered_at_risk``; ``churn_probability,
    probability_low, churn_score, churn_band, drivers``; ``health_score, health_band, coverage``;
    ``opportunity_score, upgrade_probability, reasons``. Missing where a table does not know.
    """
    newest = given.features["as_of"].max()
    features = given.features[given.features["as_of"] == newest]
    live = features[features["is_live"].fillna(value=True).astype(bool)]
    state = live.set_index("account_id").reindex(columns=list(_FEATURES))
    accounts = given.accounts.set_index("account_id")
    gone = accounts["opted_out"].fillna(value=False).astype(bool)
    state = state[~state.index.isin(accounts.index[gone])].sort_index()
    name = accounts["name"].reindex(state.index)
    state["name"] = name.where(name.notna(), state.index.to_series())  # a task needs whom
    for column in ("csm", "mrr"):
        state[column] = state[column].where(
            state[column].notna(), accounts[column].reindex(state.index)
        )
    state["mrr"] = pd.to_numeric(state["mrr"], errors="coerce").astype("float64")
    segments = _segments(given, newest)
    told = {
        "predictions": ["churn_probability", "probability_low", "churn_score", "churn_band"],
        "health": ["health_score", "health_band", "coverage"],
        "expansion": ["opportunity_score", "upgrade_probability", "reasons"],
    }
    told["predictions"] += ["drivers"]
    state = state.join(segments)
    for table, columns in told.items():
        state = state.join(_newest(getattr(given, table), newest, columns))
    return state


def _newest(table: pd.DataFrame, as_of: pd.Timestamp, columns: list[str]) -> pd.DataFrame:
    rows = table[table["as_of"] == as_of].set_index("account_id")
    return rows.reindex(columns=columns)


def _segments(given: Inputs, newest: pd.Timestamp) -> pd.DataFrame:
    """Return segment and lifecycle now and at the date before, and whether they mean risk."""
    table = given.assignments
    earlier = table.loc[table["as_of"] < newest, "as_of"]
    now = _newest(table, newest, ["segment", "lifecycle_stage"])
    before = _newest(table, earlier.max(), ["segment", "lifecycle_stage"])
    now["segment_before"] = before["segment"].reindex(now.index)
    families = dict(given.families)
    risky_now = now["segment"].map(families).eq("at risk")
    risky_before = now["segment_before"].map(families).eq("at risk")
    falling = now["lifecycle_stage"].isin(_AT_RISK_STAGES)
    now["at_risk_segment"] = np.asarray(risky_now | falling, dtype=bool)
    known_before = now["segment_before"].notna()
    now["entered_at_risk"] = np.asarray(risky_now & ~risky_before & known_before, dtype=bool)
    return now
