"""The feature table against what else could compute it, at growing numbers of events.

Every contestant runs in a process of its own, with two threads and, where it is ours or DuckDB's,
under a memory limit; see :mod:`benchmarks.contestants` for who they are. What pandas and Polars
compute is a part of what we compute, and is compared with ours value by value.
"""

import importlib.util
import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.by_pandas import SUBSET
from benchmarks.contestants import MEMORY, THREADS
from benchmarks.logs import ROOT, write_log
from helpers.sources.demo.settings import END

__all__ = ["compare", "run_features"]

N_DATES = 4
STEP_DAYS = 30
SLOWEST = 20_000_000
"""Pandas is left out of logs with more events: they do not fit its memory."""
_THREADS = {"POLARS_MAX_THREADS": str(THREADS), "OMP_NUM_THREADS": str(THREADS)}

Found = dict[str, dict[str, float]]


def run_features(sizes: list[int], folder: Path | None, *, keep_going_s: int = 7200) -> None:
    """Make (or reuse) a log of each size, run everybody on it and print the table."""
    dates = [
        f"{pd.Timestamp(END) - pd.Timedelta(days=STEP_DAYS * n):%Y-%m-%d}" for n in range(N_DATES)
    ]
    found: dict[int, Found] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="playbook-bench-") as temporary:
            log = Path(temporary if folder is None else folder) / f"log_{size}"
            n_events = _made(log, size)
            found[n_events] = _run_all(log, n_events, dates, keep_going_s)
    _print(found)


def _made(log: Path, size: int) -> int:
    """Write the log unless it is there already; return its number of events."""
    count = log / "n_events.json"
    if not count.is_file():
        print(f"writing about {size:,} events", flush=True)
        n_events = write_log(log, size)
        count.write_text(json.dumps(n_events), encoding="utf-8")
    return int(json.loads(count.read_text(encoding="utf-8")))


def _run_all(log: Path, n_events: int, dates: list[str], keep_going_s: int) -> Found:
    found: Found = {}
    for name in ("scan", "group_bys", "ours", "ours_31", "polars", "pandas"):
        reason = _left_out(name, n_events)
        if reason:
            print(f"{name}: left out, {reason}", flush=True)
            continue
        found[name] = _run_one(name, log, dates, keep_going_s)
        print(f"{n_events:,} events · {name}: {found[name]}", flush=True)
    for name in ("ours_31", "pandas", "polars"):
        if name in found:
            problems = compare(_result(log, "ours"), _result(log, name))
            same = f"{len(SUBSET)} features equal" if not problems else "; ".join(problems)
            print(f"{name} against ours: {same}", flush=True)
            if problems:
                raise SystemExit(1)
    return found


def _left_out(name: str, n_events: int) -> str:
    if name == "polars" and importlib.util.find_spec("polars") is None:
        return "polars is not installed"
    if name == "pandas" and n_events > SLOWEST:
        return f"{n_events:,} events do not fit its memory here"
    return ""


def _run_one(name: str, log: Path, dates: list[str], keep_going_s: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.contestants", name, str(log)]
    command += [str(_path(log, name)), *dates]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=keep_going_s,
        env=_environment(),
    )  # fmt: skip
    if done.returncode:
        said = f"{done.stdout}{done.stderr}".strip()
        raise SystemExit(f"exit code {done.returncode} of: {' '.join(command)}\n{said}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {key: round(value, 2) for key, value in found.items()}


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, **_THREADS}


def _path(log: Path, name: str) -> Path:
    return log / f"{name}.parquet"


def _result(log: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(_path(log, name))


def compare(ours: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Return in words where two tables differ, wherever ours has a value.

    Ours is empty where the history is too short for a window; others count what there is. An
    account without any event is not in the other table.
    """
    keys = ["account_id", "as_of"]
    left = ours[[*keys, *SUBSET]].astype({"as_of": "datetime64[us]"})
    right = other[[*keys, *SUBSET]].astype({"as_of": "datetime64[us]", "account_id": "string"})
    both = left.merge(right, on=keys, suffixes=("", "_other"), how="inner")
    problems = [] if len(both) else ["no account in both tables"]
    for name in SUBSET:
        mine = both[name].to_numpy(float, na_value=np.nan)
        theirs = both[f"{name}_other"].to_numpy(float, na_value=np.nan)
        known = np.isfinite(mine)
        different = ~np.isclose(mine[known], theirs[known], rtol=1e-9, atol=1e-9)
        if different.any() or not known.any():
            problems.append(f"{name}: {different.sum():,} of {known.sum():,} values differ")
    return problems


def _print(found: dict[int, Found]) -> None:
    print(f"\n{N_DATES} as-of dates, {THREADS} threads, memory limit {MEMORY} (DuckDB)")
    header = (
        "events",
        "contestant",
        "wall s",
        "CPU s",
        "peak GB",
        "CPU/scan",
        "CPU/(b)",
        "CPU/ours",
        "CPU/ours_31",
    )
    print(f"{header[0]:>12}  {header[1]:<10}" + "".join(f"{name:>11}" for name in header[2:]))
    for n_events, rows in found.items():
        for name, row in rows.items():
            ratios = (
                row["cpu"] / rows["scan"]["cpu"],
                row["cpu"] / rows["group_bys"]["cpu"],
                row["cpu"] / rows["ours"]["cpu"],
                row["cpu"] / rows["ours_31"]["cpu"],
            )
            print(
                f"{n_events:>12,}  {name:<10}{row['wall']:>11.2f}{row['cpu']:>11.2f}"
                f"{row['peak_gb']:>11.2f}" + "".join(f"{ratio:>10.2f}x" for ratio in ratios)
            )
    sizes = sorted(found)
    for small, large in itertools.pairwise(sizes):
        for name in found[large]:
            if name in found[small]:
                grown = found[large][name]["cpu"] / found[small][name]["cpu"]
                print(f"{large / small:.1f}x the events: {name} costs {grown:.1f}x the CPU time")
