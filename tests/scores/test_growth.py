"""The notebook of growth and engagement, run small, and its views."""

import json
import os

import nbclient
import nbformat
import pandas as pd
import pytest

from helpers.contract import OUTPUTS
from helpers.scores.growth import alike_view, gaps, openings, review_view
from tests.scores.made import AS_OF, make_tables
from tests.scores.run_of import write_run
from tests.scores.test_next_week import company
from tests.test_floors import ROOT

NAME = "09_growth_and_engagement"
DAY = pd.Timestamp("2026-07-01")


def expansion_of(n=4, chance=0.2):
    return pd.DataFrame(
        {
            "account_id": [f"a{i:03d}" for i in range(n)],
            "as_of": DAY,
            "opportunity_score": [80.0, 20.0, 75.0, 10.0][:n],
            "upgrade_probability": chance,
            "upgrade_low": chance,
            "upgrade_high": chance,
            "reasons": [["85% of seats in use"], [], ["people added: 4"], []][:n],
        }
    )


def alike_of():
    return pd.DataFrame(
        {
            "account_id": ["a001"],
            "as_of": DAY,
            "n_alike": 25,
            "n_upgraded": 10,
            "share": 0.4,
            "low": 0.23,
            "high": 0.59,
            "base_rate": 0.07,
            "alike": [["a002 on 2026-03-01", "a003 on 2026-02-01"]],
            "because": [["85% of seats in use"]],
        }
    )


def write(tmp_path, *, quiet=False):
    features, labels = make_tables(150, n_dates=2)
    run = write_run(tmp_path / "run", features, labels)
    activity, _, _ = company(150)
    weeks = activity["week_start"].drop_duplicates().sort_values()
    shift = AS_OF - (weeks.iloc[-1] + pd.Timedelta(days=7))
    activity = activity.assign(
        week_start=activity["week_start"] + shift, account_id="a0" + activity["account_id"].str[1:]
    )
    run.write("02_feature_engineering", "activity_week", activity.iloc[:0] if quiet else activity)
    expansion = expansion_of()
    judged = pd.DataFrame(columns=["model", "metric", "value", "low", "high", "split", "outcome"])
    calibration = pd.DataFrame(
        columns=["bin", "n", "n_positive", "predicted", "observed", "low", "high"]
    )
    tables = {
        "expansion": expansion,
        "look_alikes": alike_of().iloc[: 0 if quiet else 1],
        "evaluation": judged,
        "upgrade_calibration": calibration,
    }
    for name, table in tables.items():
        run.write("06_churn_model", name, table)
    return run


@pytest.fixture
def execute(tmp_path):
    def go(**changed):
        run = write(tmp_path, **changed)
        notebook = nbformat.read(ROOT / "notebooks" / f"{NAME}.ipynb", as_version=4)
        for cell in notebook.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source += "\nn_draws = 60"
        known = {"PLAYBOOK_STAGE": str(run.stage), "PLAYBOOK_ROOT": str(ROOT), "MPLBACKEND": "agg"}
        client = nbclient.NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(ROOT / "notebooks")}},
        )
        client.execute(env=os.environ | known)
        return run

    return go


def test_with_weeks_to_learn_from(execute):  # P-08, P-09, P-13
    run = execute()

    for table, columns in OUTPUTS[NAME].items():
        assert set(columns) <= set(run.read(NAME, table).columns)
    finding = json.loads((run.stage / "findings" / f"{NAME}.json").read_text())
    assert finding["values"]["n_alike"] == 1
    assert finding["values"]["n_ready"] == 2
    coming = run.read(NAME, "next_week")
    assert coming["active_probability"].between(0, 1).all()
    card = run.read(NAME, "model_card").set_index("topic")["statement"]
    assert "useful one" in card["limits"]


def test_without_any_activity_it_ends_in_words(execute):
    run = execute(quiet=True)

    finding = json.loads((run.stage / "findings" / f"{NAME}.json").read_text())
    assert any("next week" in gap for gap in finding["missing"])
    assert any("look-alikes" in gap for gap in finding["missing"])
    assert run.read(NAME, "next_week").empty


def test_views_for_people():
    assert openings(expansion_of())["opportunity_score"].is_monotonic_decreasing
    row = alike_view(alike_of()).iloc[0]
    assert row["of those like it, upgraded"].startswith("40% (23%")
    assert row["such as"] == "a002 on 2026-03-01; a003 on 2026-02-01"
    names = pd.Series({"a002": "Fern Ltd", "a003": None})
    assert (
        alike_view(alike_of(), names)["such as"][0] == "Fern Ltd on 2026-03-01; a003 on 2026-02-01"
    )
    none = expansion_of(chance=float("nan"))
    told = gaps(none, alike_of().iloc[:0], pd.DataFrame())
    assert len(told) == 3


def test_what_a_review_could_show_the_readiest():  # B-10
    columns = ["account_id", "place", "feature", "n_using", "n_alike", "base_rate"]
    advanced = pd.DataFrame(
        [
            ("a001", 1, "timeline", 3, 25, 0.2),
            ("a000", 2, "work_load", 9, 25, 0.21),
            ("a000", 1, "timeline", 14, 25, 0.31),
        ],
        columns=columns,
    )
    table = review_view(expansion_of(), advanced)

    assert table["account_id"].tolist() == ["a000"]  # a001 is not ready, a002 lacks nothing
    assert table.iloc[0, -1] == (
        "timeline (56% of 25 alike, 31% of all), work load (36% of 25 alike, 21% of all)"
    )
    assert review_view(expansion_of(), None).empty
    assert review_view(expansion_of(), advanced.iloc[:0]).empty
