"""Which accounts and days of a company take part, and which fault each account gets."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.anomaly_injected_faults import SIZES, Fault
from helpers.anomalies.signals import Activity, Cube

__all__ = ["REVIEW_DAYS", "able", "cut", "draw_faults"]

REVIEW_DAYS = 28
HISTORY_DAYS, HABIT_WEEKS, HABIT_USED = 112, 8, 6
"""Days before the review that an account must have been there; weeks that say what it usually
does, and in how many of them it must have used a feature, or a person must have come."""
FAULTY = 0.3
LEAST_DAYS_LEFT = 14
DECLINE_BEGINS = (35, 63)
"""Days before the end on which slow declines begin; the others begin within the review, so that
``LEAST_DAYS_LEFT`` days are left."""
FEATURE_SHARE = 0.5


def cut(activity: Activity, accounts: NDArray[np.intp], first: int, last: int) -> Activity:
    """Keep some accounts and the days from ``first`` to before ``last``."""
    days = slice(first, last)
    place = np.full(len(activity.accounts), -1)
    place[accounts] = np.arange(len(accounts))
    mine = place[activity.users["account"].to_numpy(np.intp)] >= 0
    users = activity.users[mine].reset_index(drop=True)
    rows = activity.actions
    known = place[rows["account"].to_numpy(np.intp)] >= 0
    kept = rows[known & rows["day"].between(first, last - 1)]
    signals, features = activity.signals, activity.features
    return replace(
        activity,
        accounts=activity.accounts.iloc[accounts].reset_index(drop=True),
        days=activity.days[days],
        alive=activity.alive[accounts, days],
        observed=activity.observed[days],
        signals=Cube(names=signals.names, counts=signals.counts[:, accounts, days]),
        features=Cube(names=features.names, counts=features.counts[:, accounts, days]),
        users=users.assign(account=place[users["account"].to_numpy(np.intp)]),
        user_days=activity.user_days[mine][:, days],
        actions=kept.assign(
            account=place[kept["account"].to_numpy(np.intp)], day=kept["day"] - first
        ).reset_index(drop=True),
        levels=None,
        terms=None,
        feature_since=None,
        user_since=None,
    )


def able(activity: Activity, *, per_week: float, weeks: int) -> NDArray[np.intp]:
    """Positions of accounts that were there all the time and did enough to be judged.

    Parameters
    ----------
    activity : Activity
    per_week : float
        Least events a week in the eight weeks before the review.
    weeks : int
        Least of these weeks with any event.
    """
    start = len(activity.days) - REVIEW_DAYS
    there = activity.alive[:, max(start - HISTORY_DAYS, 0) :].all(axis=1)
    weekly = _weeks(activity.signals.of("events"), start)
    enough = (weekly.mean(axis=-1) >= per_week) & ((weekly > 0).sum(axis=-1) >= weeks)
    return np.flatnonzero(there & enough)


def _weeks(counts: NDArray[np.float32], day: int) -> NDArray[np.float32]:
    """Counts of the eight weeks before a day: (…, 8)."""
    past = counts[..., day - 7 * HABIT_WEEKS : day]
    return past.reshape(*past.shape[:-1], HABIT_WEEKS, 7).sum(axis=-1)


def draw_faults(
    activity: Activity, accounts: NDArray[np.intp], rng: np.random.Generator
) -> list[Fault]:
    """Give a share of the accounts one fault each, kinds and sizes in turn, at random.

    Kinds that no account can carry (nobody who could stay away) are left out.
    """
    wanted = [(kind, size) for kind, sizes in SIZES.items() for size in sizes]
    order, room = rng.permutation(accounts).tolist(), round(FAULTY * len(accounts))
    faults: list[Fault] = []
    while wanted and len(faults) < room:
        for kind, size in [wanted[at] for at in rng.permutation(len(wanted))]:
            tried = (_fault(activity, account, kind, size, rng) for account in order)
            fault = next((one for one in tried if one is not None), None)
            if fault is None:
                wanted.remove((kind, size))
            elif len(faults) < room:
                faults.append(fault)
                order.remove(fault.account)
    return faults


def _fault(
    activity: Activity, account: int, kind: str, size: float, rng: np.random.Generator
) -> Fault | None:
    """Draw the day, and what is taken away; ``None`` if the account cannot carry it."""
    n_days = len(activity.days)
    begins = (LEAST_DAYS_LEFT, REVIEW_DAYS) if kind != "slow decline" else DECLINE_BEGINS
    day = n_days - int(rng.integers(begins[0], begins[1] + 1))
    plain = Fault(account=account, kind=kind, size=size, day=day)
    if kind == "people stay away":
        who = np.flatnonzero(activity.users["account"].to_numpy() == account)
        came = (_weeks(activity.user_days[who], day) > 0).sum(axis=-1) >= HABIT_USED
        regular = who[came]
        gone = rng.choice(regular, round(size * len(regular)), replace=False)
        return replace(plain, target=tuple(gone.tolist())) if len(regular) >= 4 else None
    if kind == "feature abandoned":
        steps = [*SIZES[kind], np.inf]
        weekly = _weeks(activity.features.counts[:, account], day)
        use = weekly.mean(axis=-1)
        most = FEATURE_SHARE * _weeks(activity.signals.of("events")[account], day).mean()
        habit = (weekly > 0).sum(axis=-1) >= HABIT_USED
        habit &= (use >= size) & (use < steps[steps.index(size) + 1]) & (use <= most)
        fits = np.flatnonzero(habit)
        return replace(plain, target=(int(rng.choice(fits)),)) if len(fits) else None
    if kind == "nights instead of days" and "off_hours" not in activity.signals.names:
        return None
    return plain
