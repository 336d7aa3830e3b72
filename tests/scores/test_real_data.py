"""RavenStack lies about itself: the audit finds it out, and the churn model declines to score."""

from pathlib import Path

import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.audit import audit_tables, clean_paths
from helpers.config import load_config
from helpers.engine import open_engine, stage
from helpers.features import as_of_dates, build_features, build_labels, dictionary
from helpers.features.beside import tickets_beside_use
from helpers.scores import churn_study, health_scores, predict
from helpers.scores.directions import BESIDE
from helpers.scores.evidence import headline
from helpers.sources import read_company

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "ravenstack"


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    if not DATA.is_dir():
        pytest.skip("the data set ravenstack is not at shared/data")
    run = Run(tmp_path_factory.mktemp("ravenstack"), "r", tmp_path_factory.mktemp("stage"))
    config = load_config(ROOT / "config" / "ravenstack.yaml")
    clean = run.target("01_data_audit", "events").parent
    reading = read_company(config, DATA, clean)
    config = config.with_as_of(reading.as_of)
    run.save_config(config)
    return run, config, clean, reading


@pytest.fixture(scope="module")
def issues(read):
    _, config, clean, reading = read
    audit = audit_tables(
        clean_paths(clean), config, quarantine=reading.quarantine, reading_issues=reading.issues
    )
    return audit.issues


@pytest.mark.parametrize(
    ("table", "rule", "n_rows", "share"),
    [
        ("events", "dated before its subscription", 19_142, 0.766),
        ("tickets", "dated before the account signed up", 1_077, 0.539),
        ("accounts", "flagged as churned, but no churn is recorded", 35, 35 / 500),
        ("accounts", "not flagged as churned, but a churn is recorded", 277, 277 / 500),
    ],
)
def test_the_audit_finds_what_cannot_be_true_and_calls_it_an_error(
    issues, table, rule, n_rows, share
):
    found = issues[(issues["table"] == table) & (issues["rule"] == rule)]

    assert found["n_rows"].tolist() == [n_rows]
    assert found["share"].iloc[0] == pytest.approx(share, abs=0.001)
    assert found["severity"].tolist() == ["error"]


def test_without_a_signal_nobody_is_scored_and_no_driver_is_named(read):
    run, config, _, _ = read
    with open_engine(run) as engine:
        history = stage(engine, config)
        dates = as_of_dates(
            pd.Timestamp(config.as_of),
            n=config.analysis.n_as_of,
            step_days=30,
            history_starts=history.starts_on,
            min_history_days=30,
        )
        known = {"config": config, "history": history}
        features = build_features(engine, dates, windows_days=[30, 60, 90], **known)
        labels = build_labels(engine, dates, horizon_days=90, lead_days=0, **known)
        beside = tickets_beside_use(engine, dates, windows_days=[30, 60, 90], **known)

    study = churn_study(
        features,
        labels,
        dictionary([30, 60, 90]),
        health_scores(features),
        beside,
        config=config,
        challenger=False,
        n_draws=200,
    )
    predictions, contributions = predict(study, n_refits=2, seed=0)

    assert any(item.name.startswith(BESIDE) for item in study.panel.inputs)
    assert not study.signal.passed
    assert headline(study).startswith("No churn score is given")
    assert study.signal.reason.startswith("no usable signal")
    assert predictions["churn_score"].isna().all()
    assert predictions["churn_probability"].isna().all()
    assert predictions["drivers"].map(len).sum() == 0
    assert contributions.empty
    assert len(predictions) == 289  # the live ones
