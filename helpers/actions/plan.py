"""Next actions of a run: its tables in, one plan out."""

import pandas as pd

from helpers.actions.from_steps import setup_pattern
from helpers.actions.next_actions import ActionPlan, next_best_actions
from helpers.actions.patterns import alert_rates, historical_patterns
from helpers.actions.ranking import typical_uplift
from helpers.actions.state import Inputs
from helpers.artifacts import Run

__all__ = ["plan_actions"]

STEPS = "04_sequence_association_mining"
STEP_TABLES = ("next_steps", "next_step_accounts", "advanced_features")


def plan_actions(
    run: Run,
    predictions: pd.DataFrame,
    health: pd.DataFrame,
    expansion: pd.DataFrame,
    score_history: pd.DataFrame,
) -> ActionPlan:
    """Plan the next actions from the run's tables and the scores just made.

    Parameters
    ----------
    run : Run
        Reads accounts and outcomes of 01, features and labels of 02, assignments and personas of
        03, next steps and advanced features of 04 where it has run, alerts and weekly flags of 05;
        capacity and currency of the configuration.
    predictions, health, expansion, score_history : DataFrame
        Of 06.

    Raises
    ------
    MissingTableError
        If an earlier notebook has not run.
    """
    config = run.config()
    features, labels = (run.read("02_feature_engineering", name) for name in ("features", "labels"))
    personas = run.read_optional("03_segmentation", "personas")
    known = pd.DataFrame(columns=["segment", "family", "content"]) if personas is None else personas
    names = known["segment"].astype(str)
    families = dict(zip(names, known["family"].astype(str), strict=True))
    touches = dict(zip(names, known["content"].astype(str), strict=True))
    outcomes = (
        run.read("01_data_audit", "outcomes") if run.has("01_data_audit", "outcomes") else None
    )
    weekly = run.read_optional("05_anomaly_review", "weekly_flags")
    given = Inputs(
        accounts=run.read("01_data_audit", "accounts"),
        features=features,
        predictions=predictions,
        health=health,
        expansion=expansion,
        assignments=run.read("03_segmentation", "assignments"),
        families=families,
        alerts=run.read("05_anomaly_review", "alerts"),
        **{name: run.read(STEPS, name) for name in STEP_TABLES if run.has(STEPS, name)},
    )
    return next_best_actions(
        given,
        as_of=pd.Timestamp(config.as_of),
        per_week=config.capacity.accounts_per_csm_per_week,
        base_rate=_rate(labels["churned"]),
        upgrade_rate=_rate(labels["upgraded"]),
        uplift=typical_uplift(outcomes),
        after_alert=alert_rates(labels, weekly),
        patterns=historical_patterns(score_history, health, expansion, labels, weekly)
        | setup_pattern(run.read(STEPS, "setup") if run.has(STEPS, "setup") else None),
        touches=touches,
        currency=config.company.currency,
    )


def _rate(outcome: pd.Series) -> float:
    """Return the share of known outcomes that are true; NaN if none is known."""
    known = outcome.dropna().astype(bool)
    return float(known.mean()) if len(known) else float("nan")
