"""The impact notebook itself, run small: with plays and verdicts, and without any."""

import os
from dataclasses import replace

import nbclient
import nbformat
import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.contract import OUTPUTS
from tests.company import make_config
from tests.impact.made import AS_OF, make_company
from tests.test_floors import ROOT

NAME = "08_impact"


def write_tables(folder, company, *, plays):
    run = Run(folder, "demo", folder / "reports" / "demo")
    run.save_config(make_config(as_of=AS_OF.date()))
    ids = company.accounts
    accounts = pd.DataFrame({"account_id": ids, "opted_out": False})
    accounts["signed_up_at"] = pd.Timestamp("2024-01-01", tz="UTC")
    outcomes = company.left.assign(
        outcome="churned", occurred_at=company.left["churned_at"].dt.tz_localize("UTC")
    )
    written = {"accounts": accounts, "outcomes": outcomes[["account_id", "outcome", "occurred_at"]]}
    written["reconciliation"] = pd.DataFrame(columns=OUTPUTS["01_data_audit"]["reconciliation"])
    written["issues"] = pd.DataFrame(columns=OUTPUTS["01_data_audit"]["issues"])
    if plays:
        written["interventions"] = company.interventions
        written["feedback"] = pd.DataFrame(
            {
                "account_id": ids[:3],
                "as_of": pd.Timestamp("2025-06-01"),
                "item": "alert:sudden_drop",
                "verdict": ["confirmed", "confirmed", "false_positive"],
                "minutes": [10.0, 20.0, 30.0],
            }
        )
    for name, table in written.items():
        run.write("01_data_audit", name, table)
    labels = company.features[["account_id", "as_of"]].assign(
        horizon_days=90, churned=None, upgraded=None, censored=True
    )
    dictionary = pd.DataFrame(columns=OUTPUTS["02_feature_engineering"]["dictionary"])
    for name, table in (
        ("features", company.features),
        ("labels", labels),
        ("dictionary", dictionary),
        ("activity_week", company.activity),
    ):
        run.write("02_feature_engineering", name, table)
    for name, columns in OUTPUTS["05_anomaly_review"].items():
        run.write("05_anomaly_review", name, pd.DataFrame(columns=columns))
    return run


@pytest.fixture
def execute(execute_on):
    company = make_company(800, seed=2, by_lot=0.5, base=-4.0)
    return lambda *, plays: execute_on(company, plays=plays)


@pytest.fixture
def execute_on(tmp_path, monkeypatch):
    def run_it(company, *, plays):
        run = write_tables(tmp_path, company, plays=plays)
        monkeypatch.setenv("PLAYBOOK_ROOT", str(tmp_path))
        monkeypatch.setenv("PLAYBOOK_STAGE", str(run.stage))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT)]))
        notebook = nbformat.read(ROOT / "notebooks" / f"{NAME}.ipynb", as_version=4)
        cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
        cell.source += "\nn_draws = 40"
        nbclient.NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            resources={"metadata": {"path": ROOT / "notebooks"}},
        ).execute()
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        return run, "\n".join(o["data"].get("text/plain", "") for o in outputs if "data" in o)

    return run_it


def test_with_plays_the_lot_comes_first(execute):  # K-04, K-09, K-10
    run, text = execute(plays=True)

    effects = run.read(NAME, "effects")
    finding = run.finding(NAME)
    assert effects["comparison"].tolist() == ["by lot", "weighed", "naive"]
    assert finding["values"]["ratio"] == round(effects["rate_ratio"].iloc[0], 4)
    assert finding["headline"].startswith("Rescue: accounts given it by lot left ")
    assert finding["missing"] == []
    returns = run.read(NAME, "returns").iloc[0]
    assert returns["cost"] == pytest.approx(60.0 * returns["hours"])
    assert returns["kept_low"] <= returns["kept"] <= returns["kept_high"]
    assert returns["roi"] == pytest.approx(returns["revenue_year"] / returns["cost"] - 1)
    assert "Sudden drop" in text
    assert all(run.has(NAME, table) for table in OUTPUTS[NAME])


def test_without_plays_it_says_what_is_missing(execute):
    run, text = execute(plays=False)

    finding = run.finding(NAME)
    assert finding["headline"].startswith("No play has been recorded often enough")
    assert [gap.split(":")[0] for gap in finding["missing"]] == [
        "effects of plays",
        "precision of alerts",
    ]
    assert run.read(NAME, "effects").empty
    assert len(run.read(NAME, "churn_by_quarter")) >= 3
    assert "no verdicts have been sent back" in text


def test_without_events_or_departures_it_still_ends(execute_on):  # D-17
    company = make_company(200, seed=2)
    company = replace(company, activity=company.activity.iloc[:0], left=company.left.iloc[:0])
    run, text = execute_on(company, plays=False)

    assert run.read(NAME, "churn_by_quarter").empty
    assert "no departures are recorded" in text
