"""What should change nothing: a day that is lost, half a day more, a giant twice as large."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.anomaly_planted import ready_run
from helpers.anomalies import Settings, analyse, build_queue, load_activity
from helpers.anomalies.signals import Activity

__all__ = ["steady"]

ALL_ACCOUNTS = "*"
KEYS = ["account_id", "direction"]


def steady(folder: Path, seeds: list[int]) -> pd.DataFrame:
    """Print how many alerts of other accounts come and go with each change.

    Parameters
    ----------
    folder : Path
        As for :func:`benchmarks.anomaly_planted.planted`.
    seeds : list of int

    Returns
    -------
    DataFrame
        One row a change and seed: ``alerts`` before, ``lost``, ``new``, and ``other_severity``
        among those that stay.
    """
    rows = []
    for seed in seeds:
        run = ready_run(folder, seed)
        calendar = run.read_optional("01_data_audit", "calendar")
        activity = load_activity(run)
        before = _alerts(activity, calendar)
        for name, changed, spared in _changes(activity, seed):
            after = _alerts(changed, calendar)
            rows.append({"seed": seed, "change": name} | _compared(before, after, spared))
            print(pd.DataFrame(rows[-1:]).to_string(index=False, header=len(rows) == 1), flush=True)
    table = pd.DataFrame(rows).drop(columns=["seed"]).groupby("change", sort=False).sum()
    print(f"\nover {len(seeds)} companies\n{table.to_string()}")
    return table


def _alerts(activity: Activity, calendar: pd.DataFrame | None) -> pd.DataFrame:
    """List every alert, in the queue or in the review list."""
    queue = build_queue(
        analyse(activity, Settings(), calendar=calendar), per_week=5, calendar=calendar
    )
    both = pd.concat([queue.alerts, queue.review_list], ignore_index=True)
    return both[both["account_id"] != ALL_ACCOUNTS].drop_duplicates(KEYS)


def _changes(activity: Activity, seed: int) -> list[tuple[str, Activity, str]]:
    """Return each change with its name and the account that is left out of the comparison."""
    rng = np.random.default_rng(seed)
    n_days = len(activity.days)
    events = activity.signals.of("events")[:, -90:].sum(axis=1)
    giant = int(np.argmax(np.where(activity.alive[:, -1], events, -1)))
    early, late = (
        int(rng.integers(n_days - 110, n_days - 35)),
        int(rng.integers(n_days - 20, n_days - 2)),
    )
    name = str(activity.accounts["account_id"].iloc[giant])
    return [
        ("a day lost before the review", _without_day(activity, early), ""),
        ("a day lost under review", _without_day(activity, late), ""),
        ("the largest account doubled", _doubled(activity, giant), name),
    ]


def _without_day(activity: Activity, day: int) -> Activity:
    """Return the activity as it is if the source delivered nothing on that day."""

    def gone(counts: np.ndarray) -> np.ndarray:
        out = counts.copy()
        out[..., day] = 0
        return out

    return replace(
        activity,
        observed=activity.observed & (np.arange(len(activity.days)) != day),
        signals=replace(activity.signals, counts=gone(activity.signals.counts)),
        features=replace(activity.features, counts=gone(activity.features.counts)),
        user_days=gone(activity.user_days),
        actions=activity.actions[activity.actions["day"] != day],
    )


def _doubled(activity: Activity, account: int) -> Activity:
    """Return the activity with twice of everything that an account did."""
    signals, features = activity.signals.counts.copy(), activity.features.counts.copy()
    people, actions = activity.user_days.copy(), activity.actions.copy()
    signals[:, account] *= 2
    features[:, account] *= 2
    people[(activity.users["account"] == account).to_numpy()] *= 2
    actions.loc[actions["account"] == account, ["n", "n_night"]] *= 2
    return replace(
        activity,
        signals=replace(activity.signals, counts=signals),
        features=replace(activity.features, counts=features),
        user_days=people,
        actions=actions,
    )


def _compared(before: pd.DataFrame, after: pd.DataFrame, spared: str) -> dict[str, int]:
    """Count alerts of other accounts that went, came, or are graded otherwise."""
    both = before[before["account_id"] != spared].merge(
        after[after["account_id"] != spared], on=KEYS, how="outer", suffixes=("", "_now"),
        indicator=True,
    )  # fmt: skip
    stay = both[both["_merge"] == "both"]
    return {
        "alerts": int((both["_merge"] != "right_only").sum()),
        "lost": int((both["_merge"] == "left_only").sum()),
        "new": int((both["_merge"] == "right_only").sum()),
        "other_severity": int((stay["severity"] != stay["severity_now"]).sum()),
    }
