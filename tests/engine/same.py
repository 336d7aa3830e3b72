"""What notebook 02 asks of an engine, and whether two engines answer alike."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

from helpers.artifacts import Run
from helpers.config import CompanyConfig
from helpers.config.engine import EngineSettings
from helpers.engine import Engine, open_engine, stage
from helpers.features import build_features, build_labels, evidence, weekly_activity
from helpers.features.beside import tickets_beside_use
from tests.company import make_tables, write_run

__all__ = ["answers", "assert_same", "awkward_tables", "on", "run_of"]

RTOL = 1e-9
_NAMES = {
    "acc-01": "Zebra",
    "acc-02": "apple",
    "acc-03": "Ärger GmbH",
    "acc-04": "Apple",
    "acc-05": "a_b",
    "acc-06": "a-b",
    "acc-07": 'O\'Neill "x", \\N',
}


def awkward_tables(weeks: int = 40) -> dict[str, pd.DataFrame]:
    """Return the tiny company with what engines disagree on.

    Ids that languages sort otherwise than bytes do, texts with quotes and line breaks, empty
    texts beside missing ones, halves to round, and missing values where rows are ranked.
    """
    tables = make_tables(weeks=weeks)
    for name, frame in tables.items():
        if "account_id" in frame:
            tables[name] = frame.assign(account_id=frame["account_id"].replace(_NAMES))
    events = tables["events"]
    halves = np.arange(len(events)) % 4 * 0.0005 + 0.001
    events["duration_s"] = events["duration_s"].where(events["duration_s"].isna(), halves)
    terms = tables["subscriptions"]
    terms.loc[terms.index % 3 == 0, ["plan", "mrr"]] = [pd.NA, np.nan]
    tickets = tables["tickets"]
    tickets["text"] = tickets["text"] + ' "slow",\r\n;\\N'
    tickets.loc[tickets.index % 5 == 0, "text"] = ""
    tickets.loc[tickets.index % 7 == 0, "text"] = pd.NA
    return tables


def on(config: CompanyConfig, engine: EngineSettings) -> CompanyConfig:
    """Return a configuration that names another engine."""
    return config.model_copy(update={"engine": engine})


def run_of(
    folder: Path, tables: Mapping[str, pd.DataFrame], config: CompanyConfig, kind: str = "duckdb"
) -> Run:
    """Write the tables into a run of that engine's own."""
    target = folder / kind
    target.mkdir(parents=True, exist_ok=True)
    return write_run(target, tables, config=config)


def answers(
    run: Run, dates: Sequence[pd.Timestamp], *, features_only: bool = False
) -> dict[str, pd.DataFrame]:
    """Compute on the run's engine what notebook 02 computes."""
    config = run.config()
    with open_engine(run) as engine:
        history = stage(engine, config)
        known = {"config": config, "history": history}
        found = {"features": build_features(engine, dates, **known)}
        if not features_only:
            found |= _others(engine, dates, known)
            found["history"] = pd.DataFrame([vars(history)])
    return found


def _others(engine: Engine, dates: Sequence[pd.Timestamp], known: dict) -> dict[str, pd.DataFrame]:
    return {
        "labels": build_labels(engine, dates, horizon_days=90, **known),
        "weekly": weekly_activity(engine, dates[0], **known),
        "pairs": evidence.feature_pairs(engine, n_accounts_min=2),
        "beside": tickets_beside_use(engine, dates, **known),
    }


def assert_same(found: Mapping[str, pd.DataFrame], expected: Mapping[str, pd.DataFrame]) -> None:
    """Assert equal tables: names, order, types, missing values, and numbers to 1e-9 relative."""
    assert list(found) == list(expected)
    for name, frame in expected.items():
        assert len(frame), f"{name} is empty: nothing was compared"
        assert_frame_equal(found[name], frame, rtol=RTOL, atol=0, obj=name)
