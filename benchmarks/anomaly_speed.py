"""How long a large company takes: its whole history, and one more day."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.anomalies import Settings, analyse
from helpers.anomalies.fingerprint import fingerprint
from helpers.anomalies.history import clip
from helpers.anomalies.signals import SIGNALS, Activity, Cube

__all__ = ["main", "speed"]

WEEKDAY = np.array([0.95, 1.15, 1.20, 1.15, 0.90, 0.25, 0.20]) * 7 / 5.8
N_SIGNALS, N_STL = 15, 150


def speed(sizes: list[tuple[int, int]]) -> None:
    """Print, for each number of accounts and days, CPU seconds, ratios and memory.

    Each size runs in a process of its own, so that its peak is its own.

    Parameters
    ----------
    sizes : list of (int, int)
        Accounts and days.
    """
    for accounts, days in sizes:
        command = [sys.executable, "-m", "benchmarks.anomaly_speed", str(accounts), str(days)]
        subprocess.run(command, check=True)


def main(n_accounts: int, n_days: int) -> None:
    """Measure one size in this process."""
    activity = made(n_accounts, n_days)
    base = _peak()
    one_pass = _cpu(lambda: [counts.sum(axis=1) for counts in activity.signals.counts])
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder)
        past = clip(activity, 0, n_days - 1)
        history = _cpu(lambda: analyse(past, Settings(), kept=kept))
        day = _cpu(lambda: analyse(activity, Settings(), kept=kept))
    compared = _cpu(lambda: fingerprint(activity, n_days))
    stl = _stl(activity.signals.counts[0, :N_STL]) / N_STL * n_accounts * N_SIGNALS
    row = {
        "accounts": n_accounts,
        "days": n_days,
        "one_pass_s": one_pass,
        "history_s": history,
        "passes": history / one_pass,
        "stl_s": stl,
        "stl_ratio": stl / history,
        "new_day_s": day,
        "of_that_comparing_s": 2 * compared,
        "day_share": day / history,
        "array_gb": base,
        "peak_gb": _peak(),
    }
    print(pd.DataFrame([row]).round(3).T.to_string(header=False), flush=True)


def made(n_accounts: int, n_days: int, *, seed: int = 0) -> Activity:
    """Make up counts of 15 signals: dense and sparse ones, weekdays, levels of all sizes."""
    rng = np.random.default_rng(seed)
    level = rng.lognormal(2.5, 1.0, n_accounts)
    week = WEEKDAY[np.arange(n_days) % 7]
    signals = SIGNALS[:N_SIGNALS]
    counts = np.empty((N_SIGNALS, n_accounts, n_days), np.float32)
    for index, share in enumerate(np.geomspace(1.0, 0.003, N_SIGNALS)):
        for start in range(0, n_accounts, 5_000):
            rows = slice(start, start + 5_000)
            counts[index, rows] = rng.poisson(share * level[rows, None] * week)
    start = pd.Timestamp("2025-06-30")
    accounts = pd.DataFrame(
        {
            "account_id": [f"a{index:06d}" for index in range(n_accounts)],
            "signed_up_on": start - pd.Timedelta(days=400),
            "region": "EMEA",
            "cohort": 0,
        }
    )
    nobody = pd.DataFrame({"account": [], "user_id": []}).astype({"account": int})
    actions = pd.DataFrame({"account": [], "event": [], "day": [], "n": [], "n_night": []})
    return Activity(
        accounts=accounts,
        days=pd.date_range(start, periods=n_days),
        alive=np.ones((n_accounts, n_days), bool),
        observed=np.ones(n_days, bool),
        signals=Cube(names=tuple(signal.name for signal in signals), counts=counts),
        features=Cube(names=(), counts=counts[:0]),
        users=nobody,
        user_days=np.zeros((0, n_days), np.float32),
        actions=actions.astype({"account": int, "event": "string", "day": int}),
    )


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _stl(rows: np.ndarray) -> float:
    """Return the CPU seconds of a robust STL of each series."""
    from statsmodels.tsa.seasonal import STL

    return _cpu(lambda: [STL(row.astype(float), period=7, robust=True).fit() for row in rows])


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
