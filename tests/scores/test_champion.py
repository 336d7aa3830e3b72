"""The model in use is handed on as text, kept for a quarter, and gives way to a better one."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.scores.backtest import backtest, fit_final
from helpers.scores.champion import decide, keep_model
from helpers.scores.gates import Signal
from helpers.scores.inputs import CHURN_INPUTS
from helpers.scores.panel import build_panel
from helpers.scores.store import AlteredModelError, read_model
from helpers.scores.study import MODEL, Study
from tests.scores.made import make_tables


def study_of(features, labels, *, until=None):
    """Study without the draws: what the decision needs."""
    if until is not None:
        features = features[features["as_of"] <= until]
        labels = labels[labels["as_of"] <= until].copy()
        over = labels["as_of"] + pd.Timedelta(days=90) <= until
        labels["churned"] = labels["churned"].where(over)
    panel = build_panel(features, labels, inputs=CHURN_INPUTS)
    return Study(
        panel=panel,
        signal=Signal(passed=True, reason=""),
        evaluation=pd.DataFrame(),
        leaks=pd.DataFrame(),
        k=10,
        model=MODEL,
        tested=backtest(panel),
        fitted=fit_final(panel, panel.newest),
    )


@pytest.fixture(scope="module")
def dates(tables):
    return sorted(tables[0]["as_of"].unique())


@pytest.fixture(scope="module")
def tables():
    return make_tables(300, n_dates=12)


@pytest.fixture(scope="module")
def now(tables):
    return study_of(*tables)


def publish(folder, study, decision):
    """Leave a model behind as notebook 06 does; return the run's folder."""
    run = Run(folder, folder.name, folder)
    kept = keep_model(run, study, decision)
    run.target("06_churn_model", "champion")
    kept.to_parquet(folder / "tables" / "06_churn_model" / "champion.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def earlier(tables, dates, tmp_path_factory):
    """Return the folder of a run four months back."""
    then = study_of(*tables, until=dates[-5])
    _, decision = decide(then, None)
    assert decision["decision"].tolist() == ["first"]
    return publish(tmp_path_factory.mktemp("earlier"), then, decision)


def digest(folder):
    table = pd.read_parquet(folder / "tables" / "06_churn_model" / "champion.parquet")
    return table["sha256"].iloc[0]


def test_a_model_read_back_scores_to_the_last_bit(now, tmp_path):
    folder = publish(tmp_path, now, decide(now, None)[1])

    back = read_model(folder, MODEL, sha256=digest(folder))

    given = now.panel.signals
    assert np.array_equal(back.fitted.probability(given), now.fitted.probability(given))
    assert back.fitted.linear.logit(given).tolist() == now.fitted.linear.logit(given).tolist()
    assert back.inputs == tuple((i.name, i.transform) for i in now.panel.inputs)
    text = (folder / "models" / "churn_model.json").read_text()
    assert json.loads(text)["target"] == "churned"  # plain text, nothing to execute


def test_an_altered_file_is_refused_before_it_is_parsed(now, tmp_path):
    folder = publish(tmp_path, now, decide(now, None)[1])
    path = folder / "models" / "churn_model.json"
    path.write_text(path.read_text().replace('"intercept": ', '"intercept": 1'))

    with pytest.raises(AlteredModelError, match="not the file that was written"):
        read_model(folder, MODEL, sha256=digest(folder))
    chosen, decision = decide(now, folder)
    assert decision["decision"].tolist() == ["replaced"]
    assert "not the file that was written" in decision["reason"].iloc[0]
    assert chosen.fitted is now.fitted


def test_a_model_of_another_form_is_refused(now, tmp_path):
    import hashlib

    folder = publish(tmp_path, now, decide(now, None)[1])
    path = folder / "models" / "churn_model.json"
    for old, new in (('"version": 1', '"version": 9'), ('"used": [', '"used": [999, ')):
        text = path.read_text()
        changed = text.replace(old, new).encode()
        assert changed != text.encode()
        path.write_bytes(changed)
        with pytest.raises(AlteredModelError, match="cannot be read"):
            read_model(folder, MODEL, sha256=hashlib.sha256(changed).hexdigest())
        path.write_text(text)
    path.unlink()
    with pytest.raises(AlteredModelError, match="not there"):
        read_model(folder, MODEL, sha256="0")


def test_within_the_quarter_the_model_stays(tables, dates, earlier):  # P-15
    soon = study_of(*tables, until=dates[-4])

    chosen, decision = decide(soon, earlier)

    assert decision["decision"].tolist() == ["kept"]
    assert decision["age_days"].tolist() == [30]
    assert decision["learnt_on"].iloc[0] == dates[-5]
    assert chosen.fitted.n_rows < soon.fitted.n_rows
    given = soon.panel.signals
    assert not np.array_equal(chosen.fitted.probability(given), soon.fitted.probability(given))


def test_after_the_quarter_the_better_one_scores(now, earlier, tmp_path):  # P-15
    chosen, decision = decide(now, earlier)
    row = decision.iloc[0]

    assert row["n_positive"] >= 15
    assert row["low"] <= row["difference"] <= row["high"]
    assert row["decision"] == ("replaced" if row["difference"] < 0 else "kept")
    # a model in use that has the world upside down gives way
    wrong = replace(
        now.fitted.linear,
        coefficients=-now.fitted.linear.coefficients,
        signs=now.fitted.linear.signs,
    )
    upside_down = replace(now, fitted=replace(now.fitted, linear=wrong))
    old = decision.assign(learnt_on=row["learnt_on"] - pd.Timedelta(days=120))
    folder = publish(tmp_path, upside_down, old)
    chosen, decision = decide(now, folder)
    assert decision["decision"].tolist() == ["replaced"]
    assert decision["difference"].iloc[0] < 0
    assert chosen.fitted is now.fitted


def test_a_newer_model_that_is_no_better_waits(now, earlier):
    indifferent = now.tested.rows.assign(probability=0.5)
    blind = replace(now, tested=replace(now.tested, rows=indifferent))

    chosen, decision = decide(blind, earlier)

    assert decision["decision"].tolist() == ["kept"]
    assert "no better" in decision["reason"].iloc[0]
    assert decision["difference"].iloc[0] > 0
    assert chosen.fitted is not now.fitted


def test_a_source_that_came_or_went_asks_for_a_new_model(tables, earlier):
    features, labels = tables
    other = study_of(features.drop(columns="seats__share"), labels)

    chosen, decision = decide(other, earlier)

    assert decision["decision"].tolist() == ["replaced"]
    assert "a source came or went" in decision["reason"].iloc[0]
    assert chosen.fitted is other.fitted


def test_without_signal_no_model_is_kept(now, earlier, tmp_path):
    silent = replace(now, fitted=None, signal=Signal(passed=False, reason="no usable signal: x"))

    publish(tmp_path, now, decide(now, None)[1])  # a run that was interrupted left one
    chosen, decision = decide(silent, earlier)
    kept = keep_model(Run(tmp_path, "r", tmp_path), chosen, decision)

    assert chosen.fitted is None
    assert kept["decision"].tolist() == ["none"]
    assert kept["sha256"].tolist() == [""]
    assert not list((tmp_path / "models").iterdir())
