import csv

import numpy as np
import pandas as pd
import pytest

from helpers.actions.exports import unescape_cell
from helpers.actions.hand_over import export_actions, export_scores
from helpers.artifacts import Run
from tests.actions.frames import AS_OF, HIGH
from tests.actions.test_next_actions import plan_of


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path, "r", tmp_path / "stage")


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_task_list_by_manager_week_and_priority(run):  # B-11
    plan = plan_of(
        {"a": HIGH | {"csm": "Ben"}, "b": HIGH | {"csm": "Ana"}, "c": HIGH | {"csm": None}}
    )

    rows = read(export_actions(run, plan.actions))

    assert [row["csm"] for row in rows] == ["Ana", "Ben", ""]
    assert rows[0]["due_on"] == "2026-07-03"
    assert rows[0]["impact_note"].startswith("at stake, not a promise")
    assert all(row["action"] and row["reason"] for row in rows)


def test_a_hostile_name_is_no_formula(run):
    plan = plan_of({"a": HIGH})
    hostile = '=HYPERLINK("http://x")'

    rows = read(export_actions(run, plan.actions.assign(name=hostile)))

    assert rows[0]["name"] == "'" + hostile
    assert unescape_cell(rows[0]["name"]) == hostile


def scored(score):
    keys = {"account_id": ["b", "a"], "as_of": AS_OF}
    predictions = pd.DataFrame(
        keys
        | {
            "churn_score": pd.array(score, dtype="Int64"),
            "churn_band": "high",
            "churn_probability": 0.4,
            "probability_low": 0.3,
            "probability_high": 0.5,
            "drivers": [["x (raises)"], []],
            "direction": "0 to 100, higher = more likely to churn",
        }
    )
    health = pd.DataFrame(
        keys | {"health_score": [50.0, np.nan], "health_band": "medium", "direction": "healthier"}
    )
    return predictions, health, pd.DataFrame(keys | {"segment": "At Risk"})


def test_scores_leave_with_their_direction_and_segment(run):  # Z-05
    path = export_scores(run, *scored([80, 75]))

    rows = read(path)
    assert [row["account_id"] for row in rows] == ["a", "b"]
    assert rows[1]["churn_score"] == "80"
    assert rows[1]["churn_score_direction"].endswith("higher = more likely to churn")
    assert rows[1]["health_score_direction"] == "healthier"
    assert rows[1]["segment"] == "At Risk"
    assert rows[1]["drivers"] == "x (raises)"
    assert rows[0]["health_score"] == ""


def test_fault_E02_scores_without_signal_do_not_leave(run):
    export_scores(run, *scored([80, 75]))

    assert export_scores(run, *scored([None, None])) is None
    assert not run.export("scores.csv").exists()
