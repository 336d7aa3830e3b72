"""One more day: what it costs to read an export that has grown by a file.

A made-up log is written as one CSV file a day and read three ways: everything, with the rows of
each file kept for later, and again with one more day when the rows of all others are kept. The
clean tables with and without kept rows are compared byte by byte.
"""

import datetime as dt
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.logs import ROOT

__all__ = ["run_reading"]

START = dt.date(2025, 1, 1)
_READ = """
import datetime as dt, json, sys, time
from pathlib import Path
from helpers.config import CompanyConfig
from helpers.sources import read_company
folder, out, kept, last = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
days = sorted(path.name for path in folder.glob('events-*.csv') if path.stem[7:] <= last)
company = CompanyConfig.model_validate({
    'version': 1, 'company': {'name': 'Bench', 'currency': 'EUR', 'time_zone': 'Europe/Berlin'},
    'sources': {'accounts': {'files': 'accounts.csv'},
                'events': {'files': days, 'completeness': 'assumed'}}})
as_of = dt.date.fromisoformat(last) + dt.timedelta(days=1)
wall, cpu = time.perf_counter(), time.process_time()
reading = read_company(company, folder, out, as_of=as_of,
                       kept_folder=Path(kept) if kept else None)
print(json.dumps({'wall': time.perf_counter() - wall, 'cpu': time.process_time() - cpu,
                  'rows': int(reading.reconciliation['rows_in'].sum())}))
"""


def run_reading(n_events: int, n_days: int = 60) -> None:
    """Write the log, read it all three ways and print seconds and ratios."""
    with tempfile.TemporaryDirectory(prefix="playbook-bench-") as name:
        folder = Path(name)
        _write_days(folder / "data", n_events, n_days)
        before, last = (str(START + dt.timedelta(days=n_days - n)) for n in (2, 1))
        kept = str(folder / "kept")
        told = {
            "all days but the last, rows kept": _read(folder, "first", kept, before),
            "all days, nothing kept": _read(folder, "plain", "", last),
            "all days, the last one new": _read(folder, "grown", kept, last),
            "all days, none new": _read(folder, "again", kept, last),
        }
        same = [
            (folder / way / "events.parquet").read_bytes() for way in ("plain", "grown", "again")
        ]
    whole = told["all days, nothing kept"]
    print(f"{n_events:,} events in {n_days} files a day each")
    for what, row in told.items():
        print(
            f"{what:<34}{row['wall']:>8.1f} s{row['cpu']:>8.1f} CPU s"
            f"{row['cpu'] / whole['cpu']:>8.2f} of the CPU time without"
        )
    if same[0] != same[1] or same[0] != same[2]:
        raise SystemExit("the clean events differ")
    print("the clean events are the same bytes")


def _read(folder: Path, way: str, kept: str, last: str) -> dict[str, float]:
    command = [sys.executable, "-c", _READ, str(folder / "data"), str(folder / way), kept, last]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"exit code {done.returncode}:\n{done.stdout}{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _write_days(folder: Path, n_events: int, n_days: int) -> None:
    """Write accounts, and one file of events a day."""
    folder.mkdir()
    rng = np.random.default_rng(5)
    names = np.array([f"A{n:05d}" for n in range(max(50, n_events // 4_000))])
    accounts = pd.DataFrame({"account_id": names, "signed_up_at": "2024-01-01"})
    accounts.to_csv(folder / "accounts.csv", index=False)
    kinds = np.array(["login", "report_built", "task_created", "task_completed", "export_run"])
    for day in range(n_days):
        date, n = START + dt.timedelta(days=day), n_events // n_days
        second = np.sort(rng.integers(0, 86_400, n)).astype("timedelta64[s]")
        moment = pd.Series(np.datetime64(date) + second).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        account = rng.integers(0, len(names), n)
        frame = pd.DataFrame(
            {
                "account_id": names[account],
                "event": kinds[rng.integers(0, len(kinds), n)],
                "occurred_at": moment,
                "user_id": [
                    f"u{a}-{p}" for a, p in zip(account, rng.integers(0, 9, n), strict=True)
                ],
                "event_id": [f"{day}-{row}" for row in range(n)],
                "duration_s": rng.integers(1, 900, n),
            }
        )
        frame.to_csv(folder / f"events-{date}.csv", index=False)
