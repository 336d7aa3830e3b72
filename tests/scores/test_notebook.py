"""The churn notebook itself, run small: it must end, with or without a model to show."""

import json
import os

import nbclient
import nbformat
import pytest

from helpers.contract import OUTPUTS
from tests.scores.made import make_tables
from tests.scores.run_of import write_run
from tests.scores.test_inputs import CAUSAL
from tests.test_floors import ROOT

NOTEBOOK = ROOT / "notebooks" / "06_churn_model.ipynb"
NAME = "06_churn_model"


@pytest.fixture
def execute(tmp_path, monkeypatch):
    def run_it(features, labels, **parameters):
        run = write_run(tmp_path, features, labels)
        monkeypatch.setenv("PLAYBOOK_ROOT", str(tmp_path))
        monkeypatch.setenv("PLAYBOOK_STAGE", str(run.stage))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT)]))
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
        cell.source += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
        client = nbclient.NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            resources={"metadata": {"path": ROOT / "notebooks"}},
        )
        client.execute()
        return run, notebook

    return run_it


def texts(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(o["data"].get("text/plain", "") for o in outputs if "data" in o)


def test_with_a_model(execute):
    run, notebook = execute(*make_tables(300), n_draws=60, n_refits=8, challenger=False)

    finding = run.finding(NAME)
    predictions = run.read(NAME, "predictions")
    assert finding["values"]["n_high"] == (predictions["churn_band"] == "high").sum()
    assert finding["headline"].startswith(
        f"{finding['values']['n_high']} of {len(predictions)} live"
    )
    assert (run.stage / "exports" / "actions.csv").exists()
    assert (run.stage / "exports" / "scores.csv").exists()
    assert all(run.has(NAME, table) for table in OUTPUTS[NAME])
    assert "Next best actions" in texts(notebook)
    images = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(images) == 6


@pytest.mark.parametrize("n_accounts", [0, 1, 2])
def test_fault_E01_hardly_any_accounts(execute, n_accounts):
    features, labels = make_tables(max(n_accounts, 1), n_dates=4)
    if not n_accounts:
        features, labels = features.iloc[:0], labels.iloc[:0]

    run, notebook = execute(features, labels, n_draws=10, n_refits=2, challenger=False)

    predictions = run.read(NAME, "predictions")
    assert (
        len(predictions)
        == (features["is_live"] & (features["as_of"] == features["as_of"].max())).sum()
    )
    assert predictions["churn_probability"].isna().all()
    assert run.finding(NAME)["headline"].startswith("No churn score is given")
    assert not (run.stage / "exports" / "scores.csv").exists()
    assert "nothing to show because" in texts(notebook)


def test_the_notebook_keeps_the_house_rules():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    lines = ["".join(cell["source"]).split("\n") for cell in code]

    assert 20 <= len(notebook["cells"]) <= 35
    assert sum(len([line for line in cell if line.strip()]) for cell in lines) <= 120
    assert max(len(cell) for cell in lines) <= 25
    assert not any(line.startswith("def ") for cell in lines for line in cell)
    assert sum("plots.plot_" in line for cell in lines for line in cell) <= 6
    said = "".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown")
    assert not CAUSAL.search(said)
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
