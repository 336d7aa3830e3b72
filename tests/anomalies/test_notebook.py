"""Notebook 05, cell by cell on the tiny company, whole and with most of its tables missing."""

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from helpers.contract import OUTPUTS, TABLES
from tests.company import AS_OF, make_tables, write_run

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "05_anomaly_review.ipynb"
NAME = "05_anomaly_review"


def cells():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def executed(monkeypatch, tmp_path, *, without=(), tables=None, **parameters):
    """Run the code cells in one namespace, as the kernel would; return it and the run."""
    mpl.use("Agg")
    tables = make_tables() if tables is None else tables
    run = write_run(tmp_path, tables, without=without)
    ids = tables["accounts"]["account_id"]
    newest = pd.DataFrame({"account_id": ids, "as_of": AS_OF, "nps_last": 9.0, "mrr": 100.0})
    run.write("02_feature_engineering", "features", newest)
    monkeypatch.setenv("PLAYBOOK_STAGE", str(run.stage))
    monkeypatch.setenv("PLAYBOOK_ROOT", str(tmp_path))
    space: dict[str, object] = {}
    for cell in cells():
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), space)  # our own notebook
            if "parameters" in cell["metadata"].get("tags", []):
                space |= parameters
    import matplotlib.pyplot as plt

    plt.close("all")
    return space, run


def test_it_hands_on_what_it_promises(monkeypatch, tmp_path):
    _, run = executed(monkeypatch, tmp_path)

    for table, columns in OUTPUTS[NAME].items():
        assert set(columns) <= set(run.read(NAME, table).columns)
    flags = run.read(NAME, "weekly_flags")
    assert list(flags.columns[:5]) == ["account_id", "week_end", "kind", "direction", "p_value"]
    assert run.finding(NAME)["values"]["n_live"] == 10  # one of eleven has left
    assert (run.stage / "done" / f"{NAME}.json").is_file()


def test_it_runs_on_accounts_and_events_alone_and_says_what_is_missing(monkeypatch, tmp_path):
    without = [name for name in TABLES if name not in ("accounts", "events")]

    _, run = executed(monkeypatch, tmp_path, without=without)

    missing = run.finding(NAME)["missing"]
    assert any("there is no `tickets` table" in line for line in missing)
    assert any("not looked for" in line and "seats" in line for line in missing)
    assert len(run.read(NAME, "weekly_risk"))


def test_a_dead_account_is_the_first_alert(monkeypatch, tmp_path):
    tables = make_tables()
    events = tables["events"]
    late = events["occurred_at"] >= (AS_OF - pd.Timedelta(days=12)).tz_localize("UTC")
    tables["events"] = events[~(late & (events["account_id"] == "acc-12"))]

    _, run = executed(monkeypatch, tmp_path, tables=tables)
    alerts = run.read(NAME, "alerts")

    first = alerts.iloc[0]
    assert first["account_id"] == "acc-12"
    assert "sudden_drop" in [first["kind"], *first["also_kinds"]]
    assert first["severity"] == "critical"
    assert first["context"] == "NPS 9 (happy)"


def test_it_follows_its_parameters(monkeypatch, tmp_path):
    chosen = {"review_days": 7, "fall_windows_days": [7], "baseline_days": 60}

    space, _ = executed(monkeypatch, tmp_path, **chosen)

    analysis = space["analysis"]
    assert analysis.baseline_days == 60
    assert analysis.first_review_day == len(analysis.activity.days) - 6
    watched = [row for row in analysis.flags["watched"] if row is not None]
    assert {day for row in watched for day in row[1::4] if np.isfinite(day)} == {7.0}


@pytest.mark.parametrize("forbidden", ["def ", "lambda", "%%"])
def test_the_notebook_computes_nothing_itself(forbidden):
    code = ["".join(cell["source"]) for cell in cells() if cell["cell_type"] == "code"]

    assert not any(forbidden in text for text in code)
    assert sum(text.count("\n") + 1 for text in code) <= 120
    assert 20 <= len(cells()) <= 35
