"""The tables of evidence that a run keeps, by name."""

import pandas as pd

from helpers.artifacts import Run
from helpers.features.departures import departures
from helpers.scores.calibration import calibration_summary, calibration_table
from helpers.scores.card import model_cards
from helpers.scores.disagreement import disagreement_table, past_disagreement
from helpers.scores.drivers import model_table
from helpers.scores.evaluate import BASE_RATE
from helpers.scores.inputs import indicator_table
from helpers.scores.judgement import fairness_table, gains_table
from helpers.scores.lead_time import LeadTimes
from helpers.scores.look_alikes import look_alikes
from helpers.scores.predictions import score_history
from helpers.scores.study import HEALTH, LOGIN, USE, Study
from helpers.scores.survival import measure_survival

__all__ = ["judged_tables", "second_looks"]


def judged_tables(
    study: Study, upgrades: Study, leads: LeadTimes, features: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return how both models were judged, what they rest on, and how early accounts were named.

    ``evaluation`` (both outcomes), ``calibration``, ``calibration_error``, ``gains``,
    ``fairness``, ``lead_time``, ``lead_summary``, ``flags`` (who was named at equal volume),
    ``model`` (coefficients), ``back_test`` (what each date could learn from), ``leaks``,
    ``score_history``, ``indicators``, ``model_card``, and ``upgrade_calibration``,
    ``look_alikes``.
    """
    both = [part.evaluation.assign(outcome=part.panel.target) for part in (study, upgrades)]
    known = [table for table in both if len(table)] or both[:1]
    linear = None if study.fitted is None else study.fitted.linear
    by_group, by_group_up = (
        fairness_table(part.rolling, part.model, features, k=part.k) for part in (study, upgrades)
    )
    summaries = [
        calibration_summary(part.rolling).assign(outcome=part.panel.target)
        for part in (study, upgrades)
        if part.rolling is not None
    ] or [calibration_summary(None)]
    cards = {study.model: (study, by_group), upgrades.model: (upgrades, by_group_up)}
    return {
        "evaluation": pd.concat(known, ignore_index=True),
        "calibration": calibration_table(study.rolling, study.model),
        "calibration_error": pd.concat(summaries, ignore_index=True),
        "gains": gains_table(
            study.rolling, [study.model, HEALTH, LOGIN, USE, BASE_RATE], k=study.k
        ),
        "fairness": by_group,
        "upgrade_fairness": by_group_up,
        "lead_time": leads.departures,
        "lead_summary": leads.summary,
        "flags": leads.flags,
        "model": model_table(linear, study.panel.inputs),
        "back_test": pd.DataFrame(columns=["as_of"])
        if study.tested is None
        else study.tested.dates,
        "leaks": study.leaks,
        "score_history": score_history(study),
        "indicators": indicator_table(study.panel.inputs),
        "model_card": model_cards(cards),
        "upgrade_calibration": calibration_table(upgrades.rolling, upgrades.model),
        "look_alikes": look_alikes(upgrades.panel),
    }


def second_looks(
    run: Run, study: Study, predictions: pd.DataFrame, health: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return the tables that look at the scores from elsewhere.

    ``disagreement``: where health, churn model, money and manager part, and
    ``past_disagreement``, what followed where they had parted before; ``survival``, how long
    accounts stay by segment, and ``hazards``, what goes with leaving sooner.

    Parameters
    ----------
    run : Run
        For the tables of 01 to 03.
    study : Study
        Of churn.
    predictions, health : DataFrame
        Of this notebook.
    """
    features = run.read("02_feature_engineering", "features")
    labels = run.read("02_feature_engineering", "labels")
    config = run.config()
    audit = "01_data_audit"
    outcomes, feedback = (
        run.read(audit, name) if run.has(audit, name) else None for name in ("outcomes", "feedback")
    )
    left = departures(outcomes, labels, time_zone=config.company.time_zone)
    assignments = run.read("03_segmentation", "assignments")
    stays = measure_survival(assignments, features, left, as_of=pd.Timestamp(config.as_of))
    return {
        "disagreement": disagreement_table(predictions, health, features, feedback),
        "past_disagreement": past_disagreement(study, health),
        "survival": stays.curves,
        "hazards": stays.hazards,
    }
