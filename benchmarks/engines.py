"""The feature tables of published runs on DuckDB, PostgreSQL and Spark, compared cell by cell.

``python -m benchmarks.engines reports/demo [RUN ...]`` computes for each run, from its clean
tables, what notebook 02 computes: once on each engine that this machine has. It prints seconds
and the largest relative difference from DuckDB's table, and fails if one exceeds 1e-9 or if a
value is missing on one engine only. ``--leak`` then drops everything dated on or after an earlier
date and wants the same bytes for that date again, on each engine.

PostgreSQL and Spark (a master and two workers) are started for this and stopped at the end.
"""

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from helpers.artifacts import Run
from helpers.config.engine import EngineSettings
from helpers.contract import TABLES
from helpers.engine import open_engine, stage
from helpers.features import as_of_dates, build_features, build_labels, weekly_activity
from tests.engine.servers import (
    SPARK_OPTIONS,
    postgres_missing,
    postgres_server,
    spark_cluster,
    spark_missing,
)
from tests.features.other_future import other_future

CLEAN = "01_data_audit"
VARIABLE = "PLAYBOOK_BENCHMARK_POSTGRES"
TOLERANCE = 1e-9
_LARGE = {
    "spark.driver.memory": "2g",
    "spark.executor.memory": "2g",
    "spark.sql.shuffle.partitions": "4",
}
DTYPES = {
    "id": "string",
    "text": "string",
    "timestamp": "datetime64[us, UTC]",
    "date": "datetime64[us]",
    "number": "float64",
    "integer": "Int64",
    "boolean": "boolean",
}
Tables = dict[str, pd.DataFrame]


@contextlib.contextmanager
def engine_settings(kind: str) -> Iterator[EngineSettings]:
    """Start what an engine needs and yield its part of a configuration."""
    if kind == "postgres":
        with postgres_server() as connection:
            os.environ[VARIABLE] = connection
            yield EngineSettings(kind="postgres", connection_env=VARIABLE)
    elif kind == "spark":
        with spark_cluster(memory="2g") as master:
            kept = {name: SPARK_OPTIONS[name] for name in SPARK_OPTIONS if "driver." in name}
            kept.pop("spark.driver.extraJavaOptions")  # here the time to compile pays
            yield EngineSettings(kind="spark", master=master, options={**kept, **_LARGE})
    else:
        yield EngineSettings()


def compute(run: Run, settings: EngineSettings, dates: list[pd.Timestamp] | None) -> Tables:
    """Compute on an engine what notebook 02 computes, for all dates of the run or for some."""
    config = run.config().model_copy(update={"engine": settings})
    run.save_config(config)
    started = time.perf_counter()
    with open_engine(run) as engine:
        opened = time.perf_counter()
        history = stage(engine, config)
        if dates is None:
            dates = as_of_dates(
                pd.Timestamp(config.as_of),
                n=config.analysis.n_as_of,
                step_days=config.analysis.step_days,
                history_starts=history.starts_on,
                min_history_days=min(config.analysis.windows_days),
            )
        staged = time.perf_counter()
        known = {"config": config, "history": history}
        found = {"features": build_features(engine, dates, **known)}
        built = time.perf_counter()
        found["labels"] = build_labels(engine, dates, horizon_days=90, **known)
        found["weekly"] = weekly_activity(engine, dates[0], **known)
    seconds = (opened - started, staged - opened, built - staged, time.perf_counter() - built)
    words = zip(("open", "stage", "features", "labels and weeks"), seconds, strict=True)
    rows, columns = found["features"].shape
    print(f"  {settings.kind:<9} {rows:>7,} rows x {columns}  ", end="")
    print(" · ".join(f"{word} {second:.1f} s" for word, second in words), flush=True)
    return found


def largest_difference(found: Tables, expected: Tables) -> float:
    """Return the largest relative difference of two sets of tables; infinite if no numbers."""
    worst = 0.0
    for name, frame in expected.items():
        other = found[name]
        if list(other.columns) != list(frame.columns) or len(other) != len(frame):
            return float("inf")
        numbers = list(frame.select_dtypes("number").columns)
        rest = frame.drop(columns=numbers)
        if not rest.equals(other.drop(columns=numbers)):
            return float("inf")
        left, right = frame[numbers].to_numpy(float), other[numbers].to_numpy(float)
        if (np.isnan(left) != np.isnan(right)).any():
            return float("inf")
        size = np.maximum(np.abs(left), np.abs(right))
        apart = np.divide(np.abs(left - right), size, out=np.zeros_like(size), where=size > 0)
        worst = max(worst, float(np.nanmax(apart, initial=0.0)))
    return worst


def copy_of(published: Path, folder: Path) -> Run:
    """Return a run of our own on the clean tables of a published one."""
    run = Run(published.parent.parent, published.name, folder, (published.resolve(),))
    folder.mkdir(parents=True)
    shutil.copy(published / "settings.json", folder)
    for name, table in TABLES.items():
        if run.has(CLEAN, name):
            there = pq.read_schema(run.path(CLEAN, name)).names
            gained = [column for column in table.columns if column.name not in there]
            if gained:  # the contract has more columns than when the run was published: empty ones
                frame = run.read(CLEAN, name)
                for column in gained:
                    frame[column.name] = pd.Series(pd.NA, frame.index, dtype=DTYPES[column.kind])
                run.write(CLEAN, name, frame)
    return run


def without_future(run: Run, folder: Path, cutoff: pd.Timestamp) -> Run:
    """Return a run in which nothing is dated on or after the cutoff."""
    folder.mkdir(parents=True)
    cut = Run(run.root, run.run_id, folder)
    cut.save_config(run.config())
    kept = [name for name in TABLES if run.has(CLEAN, name)]
    zone = run.config().company.time_zone
    tables = {name: run.read(CLEAN, name) for name in kept}
    for name, frame in other_future(tables, cutoff, 0, "drop", zone=zone).items():
        cut.write(CLEAN, name, frame)
    return cut


def verify(published: Path, kinds: list[str], *, leak: bool) -> bool:
    """Compare the engines on one run and say how far they are apart."""
    print(f"{published.name}:", flush=True)
    good = True
    with tempfile.TemporaryDirectory(prefix="playbook-engines-") as folder:
        run = copy_of(published, Path(folder, "whole"))
        whole: dict[str, Tables] = {}
        for kind in kinds:
            with engine_settings(kind) as settings:
                whole[kind] = compute(run, settings, None)
                if kind != "duckdb":
                    apart = largest_difference(whole[kind], whole["duckdb"])
                    good &= apart <= TOLERANCE
                    print(f"  {kind:<9} largest relative difference from duckdb: {apart:.1e}")
                if leak:
                    good &= same_without_future(run, Path(folder), settings, whole[kind])
    return good


def same_without_future(run: Run, folder: Path, settings: EngineSettings, whole: Tables) -> bool:
    """Tell whether the features of the fourth date stay as they are without their future."""
    features = whole["features"]
    date = sorted(features["as_of"].unique(), reverse=True)[3]
    cut = folder / "cut"
    past = without_future(run, cut, date) if not cut.exists() else Run(run.root, run.run_id, cut)
    found = compute(past, settings, [date])["features"]
    before = features[features["as_of"] == date].reset_index(drop=True)
    same = found.equals(before)
    print(f"  {settings.kind:<9} without what came on or after {date:%Y-%m-%d}: ", end="")
    print("the same bytes" if same else "ANOTHER TABLE")
    return same


def main() -> None:
    """Compare the engines on each run given; exit code 1 if any differs."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        prog="python -m benchmarks.engines",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("runs", type=Path, nargs="+", help="published runs: reports/<run_id>")
    parser.add_argument("--leak", action="store_true", help="drop the future as well")
    parser.add_argument("--only", nargs="+", choices=["postgres", "spark"])
    given = parser.parse_args()
    kinds = ["duckdb"]
    for kind, missing in (("postgres", postgres_missing()), ("spark", spark_missing())):
        if given.only and kind not in given.only:
            continue
        if missing:
            print(f"{kind} is left out: {missing}")
        else:
            kinds.append(kind)
    good = [verify(published, kinds, leak=given.leak) for published in given.runs]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
