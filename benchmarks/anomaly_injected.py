"""Known series with faults put in: the review against other methods, at equal false alarms.

Of a company, accounts with enough history are drawn at random; each gets one fault of a kind and
size on a random day, or none. A method alarms on an account if its largest score in the 28 days
under review passes a threshold, the one that a given share of the accounts without a fault
passes. Recall is the share of accounts with a fault that are alarmed after it began.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.anomaly_injected_draw import REVIEW_DAYS, able, cut, draw_faults
from benchmarks.anomaly_injected_faults import Fault, inject
from benchmarks.anomaly_injected_ours import review
from benchmarks.anomaly_injected_peers import PEERS, missing_peers, series_of
from benchmarks.anomaly_injected_score import (
    ALERTS,
    REVIEW,
    Results,
    chosen,
    natural_rate,
    recall_table,
)
from helpers.anomalies import load_activity
from helpers.anomalies.signals import Activity
from helpers.artifacts import Run

__all__ = ["COMPANIES", "Company", "injected"]

ROOT = Path(__file__).resolve().parents[1]
HISTORY_DAYS = 365
RATES = (0.05, 0.10)
MIN_DAYS_THERE = 140


@dataclass(frozen=True, kw_only=True)
class Company:
    """One source of series.

    Parameters
    ----------
    config : str
        Its name is also that of the run.
    folder : str
        Of its files, within the folder of all data.
    per_week, weeks : float, int
        Least events a week, and weeks of eight with any, of accounts that take part.
    step_days, dates, draws : int
        Days between review dates, how many there are, draws of faults at each.
    """

    config: str
    folder: str
    per_week: float
    weeks: int
    step_days: int
    dates: int
    draws: int


COMPANIES = (
    Company(
        config="fightchurn",
        folder="fightchurn_crm5",
        per_week=7,
        weeks=6,
        step_days=28,
        dates=5,
        draws=2,
    ),
    Company(
        config="online_retail",
        folder="online_retail_ii",
        per_week=5,
        weeks=5,
        step_days=35,
        dates=10,
        draws=2,
    ),
)


def injected(folder: Path, data: Path, *, seed: int = 1, draws: int | None = None) -> None:
    """Print, for each company, recall by kind and size at equal false alarms.

    Parameters
    ----------
    folder : Path
        Holds ``reports/<config>``, the first notebook run; made where it is not there.
    data : Path
        Holds one folder for each of ``COMPANIES``.
    seed : int
    draws : int, optional
        Of faults at each review date.
    """
    for name, what in missing_peers().items():
        print(f"left out: {name}, which needs `{what}`")
    for company in COMPANIES:
        activity = load_activity(ready_run(folder, data, company))
        results = repeat(activity, company, seed=seed, draws=draws or company.draws)
        show(results, company)


def ready_run(folder: Path, data: Path, company: Company) -> Run:
    """Return a run of the data audit; made if need be."""
    reports = folder / "reports"
    run = Run(ROOT, company.config, reports / company.config)
    if not run.has("01_data_audit", "accounts"):
        command = [sys.executable, "-m", "helpers", "run", "--config"]
        command += [f"config/{company.config}.yaml", "--data", str(data / company.folder)]
        command += ["--reports", str(reports), "--run-id", company.config, "--only", "01"]
        subprocess.run(command, cwd=ROOT, check=True)
    return run


def repeat(activity: Activity, company: Company, *, seed: int, draws: int) -> Results:
    """Put faults in at each review date, several times, and let every method score."""
    results = Results()
    for number in range(company.dates):
        last = len(activity.days) - number * company.step_days
        there = activity.alive[:, max(last - MIN_DAYS_THERE, 0) : last].all(axis=1)
        part = cut(activity, np.flatnonzero(there), max(last - HISTORY_DAYS, 0), last)
        accounts = able(part, per_week=company.per_week, weeks=company.weeks)
        for draw in range(draws):
            rng = np.random.default_rng([seed, number, draw])
            faults = draw_faults(part, accounts, rng)
            one_draw(results, inject(part, faults, seed=seed + draw), faults, accounts, rng)
    return results


def one_draw(
    results: Results,
    activity: Activity,
    faults: list[Fault],
    accounts: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Note who has which fault, and what every method says."""
    by_account = {fault.account: fault for fault in faults}
    start = len(activity.days) - REVIEW_DAYS
    rows = []
    for account in accounts.tolist():
        fault = by_account.get(account)
        begins = int(rng.integers(0, REVIEW_DAYS // 2 + 1)) if fault is None else fault.day - start
        kind, size = ("", np.nan) if fault is None else (fault.kind, fault.size)
        rows.append((activity.accounts["account_id"].iloc[account], kind, size, begins))
    results.truth.append(pd.DataFrame(rows, columns=["account_id", "kind", "size", "begins"]))
    seed = int(rng.integers(2**31))
    ours = review(activity, accounts, seed=seed)
    series = series_of(activity, accounts, review_days=REVIEW_DAYS, seed=seed)
    for direction in ("worse", "more"):
        results.add(REVIEW, "", direction, ours[direction])
        results.add(ALERTS, "", direction, ours[f"{direction} alerts"])
    for name, peer in PEERS.items():
        if name not in missing_peers():
            for (direction, setting), score in peer(series).items():
                results.add(name, setting, direction, score)


def show(results: Results, company: Company) -> None:
    """Print the tables of one company."""
    faults = results.faults
    n = int((faults["kind"] != "").sum())
    print(f"\n{company.config}: {faults['account_id'].nunique()} accounts, {n} faults, "
          f"{len(faults) - n} times four weeks of an account without")  # fmt: skip
    for rate in RATES:
        for by_size in (True, False):
            table = recall_table(results, rate=rate, by_size=by_size)
            print(f"\nat {rate:.0%} false alarms in four weeks\n{rounded(table)}")
        for keys in chosen(results, rate).values():
            print("settings: " + "; ".join(f"{name} ({how})" for name, how, _ in keys if how))
    rates = {name: round(natural_rate(results, name), 3) for name in ("worse", "more")}
    print(f"\nalerts as they are raised, others at the same false alarms {rates}\n"
          f"{rounded(recall_table(results, rate=None, by_size=False))}")  # fmt: skip


def rounded(table: pd.DataFrame) -> str:
    """Return a table as text."""
    return str(table.round(2).to_string(index=False))
