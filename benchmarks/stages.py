"""Speed of the whole run and of its heaviest pass, as ratios taken within one run.

Prints two tables:

1. seconds per stage for demo companies of 600 and 6,000 accounts (and how the cost grows);
2. the time of the feature table as a multiple of the time DuckDB needs merely to scan the
   columns that it reads.

Seconds depend on the machine and on what else runs on it; the ratios do not, much.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from helpers.artifacts import Run
from helpers.engine import open_engine, stage
from helpers.features import as_of_dates, build_features
from helpers.sources.demo import write_company

ROOT = Path(__file__).resolve().parents[1]
SCAN = (
    "SELECT COUNT(account_id), COUNT(event), COUNT(user_id), COUNT(feature), COUNT(session_id),"
    " SUM(duration_s), EPOCH_US(MIN(occurred_at)) FROM read_parquet(?)"
)


def timed(work: Callable[[], object], repeats: int = 1) -> tuple[float, float]:
    """Return wall and CPU seconds of this process, the best of a few repeats."""
    best = (float("inf"), float("inf"))
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    return best


def must_succeed(command: list[str]) -> None:
    """Run it in the project's folder; what it says is shown only if it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = f"{done.stdout}{done.stderr}".strip()
        raise SystemExit(f"exit code {done.returncode} of: {' '.join(command)}\n{said}")


def run_stages(folder: Path, n_accounts: int) -> dict[str, float]:
    """Make a company of that size, run all notebooks on it; return seconds per stage."""
    data, reports = folder / "data", folder / "reports"
    made, _ = timed(lambda: write_company(data, accounts=n_accounts))
    command = [sys.executable, "-m", "helpers", "run", "--config", "config/demo.yaml"]
    command += ["--data", str(data), "--reports", str(reports), "--run-id", "bench"]
    whole, _ = timed(lambda: must_succeed(command))
    manifest = json.loads((reports / "bench" / "manifest.json").read_text(encoding="utf-8"))
    return {"demo company": made, **manifest["durations_s"], "whole run": whole}


def feature_ratio(folder: Path) -> dict[str, float]:
    """Time the feature table against a bare scan of the events it reads."""
    run = Run(ROOT, "bench", folder / "reports" / "bench")
    config = run.config()
    events = str(run.path("01_data_audit", "events"))

    def scan() -> None:
        with duckdb.connect() as connection:
            connection.execute(SCAN, [events]).fetchall()

    def features() -> None:
        with open_engine(run) as engine:
            history = stage(engine, config)
            dates = as_of_dates(
                pd.Timestamp(config.as_of),
                n=config.analysis.n_as_of,
                step_days=config.analysis.step_days,
                history_starts=history.starts_on,
                min_history_days=min(config.analysis.windows_days),
            )
            build_features(engine, dates, config=config, history=history)

    scan_s, scan_cpu = timed(scan, repeats=3)
    features_s, features_cpu = timed(features)
    return {
        "scan_s": scan_s,
        "features_s": features_s,
        "wall_ratio": features_s / scan_s,
        "cpu_ratio": features_cpu / scan_cpu,
    }


def run_stages_and_ratios(sizes: list[int]) -> None:
    """Print both tables for the numbers of accounts asked for."""
    stages: dict[int, dict[str, float]] = {}
    ratios: dict[int, dict[str, float]] = {}
    for n_accounts in sizes:
        with tempfile.TemporaryDirectory(prefix="playbook-bench-") as folder:
            stages[n_accounts] = run_stages(Path(folder), n_accounts)
            ratios[n_accounts] = feature_ratio(Path(folder))
    print("\nSeconds per stage (wall)")
    print(f"{'stage':<34}" + "".join(f"{n:>10,}" for n in sizes) + f"{'growth':>10}")
    for name in stages[sizes[0]]:
        row = [stages[n][name] for n in sizes]
        growth = f"{row[-1] / max(row[0], 0.1):>9.1f}x"
        print(f"{name:<34}" + "".join(f"{value:>10.1f}" for value in row) + growth)
    print("\nFeature table against a bare scan of the columns it reads")
    print(f"{'accounts':>10}{'scan s':>10}{'features s':>12}{'wall ratio':>12}{'CPU ratio':>12}")
    for n_accounts, found in ratios.items():
        print(
            f"{n_accounts:>10,}{found['scan_s']:>10.2f}{found['features_s']:>12.2f}"
            f"{found['wall_ratio']:>11.1f}x{found['cpu_ratio']:>11.1f}x"
        )
