"""What leaves the run: a task list for each manager, and scores for the CRM if they may be used."""

from pathlib import Path

import pandas as pd

from helpers.actions.exports import write_csv
from helpers.artifacts import Run

__all__ = ["export_actions", "export_scores"]

TASK_COLUMNS = (
    "csm",
    "week",
    "due_on",
    "priority",
    "account_id",
    "name",
    "segment",
    "action",
    "first_step",
    "agenda",
    "reason",
    "pattern",
    "expected_impact",
    "impact_note",
    "channel",
    "owner",
    "held_back",
)
SCORE_COLUMNS = (
    "account_id",
    "as_of",
    "segment",
    "churn_score",
    "churn_score_direction",
    "churn_band",
    "churn_probability",
    "probability_low",
    "probability_high",
    "drivers",
    "health_score",
    "health_score_direction",
    "health_band",
)


def export_actions(run: Run, actions: pd.DataFrame) -> Path:
    """Write ``exports/actions.csv``: the tasks of each manager, by week and priority.

    Safe to open in a spreadsheet. ``expected_impact`` is money at stake a year, not a promise;
    the column beside it says how it was computed.
    """
    tasks = actions.reindex(columns=list(TASK_COLUMNS)).sort_values(
        ["csm", "week", "priority"], na_position="last", ignore_index=True
    )
    return write_csv(tasks, run.export("actions.csv"), profile="human").path


def export_scores(
    run: Run, predictions: pd.DataFrame, health: pd.DataFrame, assignments: pd.DataFrame
) -> Path | None:
    """Write ``exports/scores.csv``: one row an account for the CRM; None if there are no scores.

    A file of an earlier execution is removed if the scores may not be used this time.

    Parameters
    ----------
    run : Run
        Where to write.
    predictions, health, assignments : DataFrame
        Of this run; only the newest date is handed over.
    """
    path = run.export("scores.csv")
    if predictions.empty or predictions["churn_score"].isna().all():
        path.unlink(missing_ok=True)
        return None
    newest = predictions["as_of"].max()
    keys = ["account_id", "as_of"]
    table = predictions.rename(columns={"direction": "churn_score_direction"}).merge(
        health.rename(columns={"direction": "health_score_direction"})[
            [*keys, "health_score", "health_band", "health_score_direction"]
        ],
        on=keys,
        how="left",
    )
    table = table.merge(assignments[[*keys, "segment"]], on=keys, how="left")
    table = table[table["as_of"] == newest].sort_values("account_id", ignore_index=True)
    return write_csv(table.reindex(columns=list(SCORE_COLUMNS)), path, profile="human").path
