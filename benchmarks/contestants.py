"""Who computes what in the benchmark of features; each runs in a process of its own.

``scan``       (a) DuckDB reads the columns that the features need, and nothing else
``group_bys``  (b) the two group-bys that no feature table of usage can do without, in DuckDB, rows
               kept: account-user-day (events) and account-event (events, first and last day)
``ours``       the staging and the whole feature table of the project
``ours_31``    the same staging, and of the table :data:`SUBSET` only
``pandas``     (c) plain pandas as an analyst would write it, :data:`SUBSET` only
``polars``     (d) the same subset in Polars, lazily and with its streaming engine

``python -m benchmarks.contestants NAME FOLDER OUT DATE ...`` prints one line of JSON.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.by_pandas import SUBSET, pandas_features
from benchmarks.by_polars import polars_features
from benchmarks.logs import open_log
from helpers.artifacts import Run
from helpers.engine import Engine, open_engine, stage
from helpers.engine.days import local_day
from helpers.engine.staging import local_us
from helpers.features import build_features

__all__ = ["CONTESTANTS", "main"]

MEMORY = "2GB"
THREADS = 2
_SCAN = (
    "SELECT COUNT(account_id), COUNT(event), COUNT(user_id), COUNT(feature), COUNT(session_id),"
    " SUM(duration_s), EPOCH_US(MIN(occurred_at)) FROM events"
)


def _opened(run: Run) -> Engine:
    return open_engine(run, memory_limit=MEMORY, threads=THREADS)


def _scan(run: Run, _dates: list[pd.Timestamp]) -> None:
    with _opened(run) as engine:
        engine.frame(_SCAN)


def _group_bys(run: Run, _dates: list[pd.Timestamp]) -> None:
    zone = run.config().company.time_zone
    with _opened(run) as engine:
        day = local_day(local_us(engine, "events", "occurred_at", zone))
        engine.table(
            "user_days",
            f"SELECT account_id, user_id, {day} AS day, COUNT(*) AS n FROM events "
            f"GROUP BY account_id, user_id, {day}",
        )
        engine.table(
            "account_events",
            f"SELECT account_id, event, COUNT(*) AS n, MIN({day}) AS first_day, "
            f"MAX({day}) AS last_day FROM events GROUP BY account_id, event",
        )


def _ours(run: Run, dates: list[pd.Timestamp]) -> pd.DataFrame:
    config = run.config()
    with _opened(run) as engine:
        history = stage(engine, config)
        return build_features(engine, dates, config=config, history=history)


def _ours_31(run: Run, dates: list[pd.Timestamp]) -> pd.DataFrame:
    config = run.config()
    with _opened(run) as engine:
        history = stage(engine, config)
        return build_features(engine, dates, config=config, history=history, only=SUBSET)


CONTESTANTS: dict[str, Callable[[Run, list[pd.Timestamp]], pd.DataFrame | None]] = {
    "scan": _scan,
    "group_bys": _group_bys,
    "ours": _ours,
    "ours_31": _ours_31,
    "pandas": pandas_features,
    "polars": polars_features,
}


def main() -> None:
    """Run one contestant; print its seconds, CPU seconds (all threads) and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(CONTESTANTS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("dates", nargs="+", type=pd.Timestamp)
    given = parser.parse_args()
    run = open_log(given.folder)
    wall, cpu = time.perf_counter(), time.process_time()
    frame = CONTESTANTS[given.name](run, given.dates)
    found = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    found["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    if frame is not None:
        frame.to_parquet(given.out)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
