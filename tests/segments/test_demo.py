"""The made-up company's four kinds of accounts, found again from its raw files."""

import json
from pathlib import Path

import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.config import load_config
from helpers.engine import day_to_date, open_engine, stage
from helpers.features import as_of_dates, build_features, dictionary
from helpers.segments import segment_accounts
from helpers.segments.agreement import adjusted_rand
from helpers.sources import read_company
from helpers.sources.demo import write_company

NAMES = {
    "new": "New Users",
    "casual": "Casual Users",
    "power": "Power Users",
    "at_risk": "At Risk",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    write_company(folder / "data", accounts=400, months=9)
    config = load_config(Path("config/demo.yaml"))
    run = Run(folder, "demo", folder / "stage")
    clean = run.target("01_data_audit", "events").parent
    reading = read_company(config, folder / "data", clean, as_of=None)
    run.save_config(config.with_as_of(reading.as_of))
    with open_engine(run) as engine:
        history = stage(engine, config)
        dates = as_of_dates(
            pd.Timestamp(reading.as_of),
            n=1,
            step_days=30,
            history_starts=day_to_date([history.first_day])[0],
            min_history_days=30,
        )
        features = build_features(engine, dates, config=config, history=history)
    table = dictionary(config.analysis.windows_days)
    return folder / "data/truth", segment_accounts(features, table, seed=20260701)


def test_the_four_planted_kinds_come_out_at_their_sizes(demo):  # G-11
    truth, segmentation = demo
    live = segmentation.assignments.query("segment != 'Churned'")
    assert set(live["segment"]) == set(NAMES.values())
    shares = live["segment"].value_counts(normalize=True)
    planted = json.loads((truth / "planted.json").read_text(encoding="utf-8"))
    expected = {row["key"]: row for row in planted if row["key"].startswith("G-11.share_")}
    assert len(expected) == 4
    for kind, name in NAMES.items():
        row = expected[f"G-11.share_{kind}"]
        assert shares[name] == pytest.approx(row["planted"], abs=row["tolerance"]), name


def test_accounts_are_in_the_segment_of_their_kind(demo):  # G-11
    truth, segmentation = demo
    weeks = pd.read_parquet(truth / "weeks.parquet").sort_values("week_from")
    kinds = weeks.groupby("account_id")["state"].last().map(NAMES)
    live = segmentation.assignments.query("segment != 'Churned'").set_index("account_id")
    known = kinds.reindex(live.index)
    assert adjusted_rand(known, live["segment"]) > 0.6
    assert (known.to_numpy() == live["segment"].to_numpy()).mean() > 0.83
