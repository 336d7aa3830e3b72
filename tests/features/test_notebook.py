"""Notebook 02, cell by cell on the tiny company, whole and with most of its tables missing."""

import json
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest

from helpers.contract import TABLES
from tests.company import AS_OF, make_config, make_tables, write_run

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_feature_engineering.ipynb"


def executed(monkeypatch, tmp_path, *, without=(), config=None, **parameters):
    """Run the code cells in one namespace, as the kernel would; return it and the run."""
    mpl.use("Agg")
    run = write_run(tmp_path, make_tables(), without=without, config=config)
    monkeypatch.setenv("PLAYBOOK_STAGE", str(run.stage))
    monkeypatch.setenv("PLAYBOOK_ROOT", str(tmp_path))
    space: dict[str, object] = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), space)  # our own notebook
            if "parameters" in cell["metadata"].get("tags", []):
                space |= parameters
    import matplotlib.pyplot as plt

    plt.close("all")
    return space, run


def test_it_hands_on_what_it_promises(monkeypatch, tmp_path):
    _, run = executed(monkeypatch, tmp_path, n_as_of=5, horizon_days=60)
    features = run.read("02_feature_engineering", "features")
    labels = run.read("02_feature_engineering", "labels")
    described = run.read("02_feature_engineering", "dictionary")
    assert features["as_of"].nunique() == 5
    assert features["as_of"].max() == AS_OF
    assert list(features.columns[2:]) == described["feature"].tolist()
    assert labels.loc[labels["as_of"] == AS_OF, "censored"].all()
    assert labels.loc[labels["as_of"] <= AS_OF - pd.Timedelta(days=60), "churned"].notna().all()
    for table in ("dropped_pairs", "feature_pairs", "tickets_beside_use", "activity_week"):
        assert run.has("02_feature_engineering", table)
    finding = run.finding("02_feature_engineering")
    assert finding["values"]["n_accounts"] == 11
    assert finding["values"]["n_labelled"] == 11 - 2 - 1  # two are newer, one had left
    assert (run.stage / "done" / "02_feature_engineering.json").is_file()


def test_it_runs_on_accounts_and_events_alone_and_says_what_is_missing(monkeypatch, tmp_path):
    without = [name for name in TABLES if name not in ("accounts", "events")]
    _, run = executed(monkeypatch, tmp_path, without=without)
    finding = run.finding("02_feature_engineering")
    assert finding["values"]["n_labelled"] == 0
    assert "Who churned is not known" in finding["headline"]
    assert any("tickets" in line for line in finding["missing"])
    labels = run.read("02_feature_engineering", "labels")
    assert labels["censored"].all()


def test_it_follows_its_parameters(monkeypatch, tmp_path):
    config = make_config(as_of="2026-05-01")
    space, run = executed(
        monkeypatch, tmp_path, config=config, windows_days=[14, 28], step_days=14, n_as_of=2
    )
    features = run.read("02_feature_engineering", "features")
    assert features["as_of"].unique().tolist() == [
        pd.Timestamp("2026-05-01"),
        pd.Timestamp("2026-04-17"),
    ]
    assert {"events__n_14d", "events__n_28d"} <= set(features.columns)
    assert space["finding"].text.count("2026-05-01") == 1


@pytest.mark.parametrize("forbidden", ["def ", "lambda", "%%"])
def test_the_notebook_computes_nothing_itself(forbidden):
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert not any(forbidden in source for source in code)
    assert sum(source.count("\n") + 1 for source in code) < 120
