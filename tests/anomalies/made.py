"""A made-up activity with known rates, for tests of the detectors: no files, no engine."""

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.anomalies.analysis import Settings, analyse
from helpers.anomalies.scene import make_ends, make_scene
from helpers.anomalies.signals import Activity, Cube

WEEKDAY = np.array([0.95, 1.15, 1.20, 1.15, 0.90, 0.25, 0.20]) * 7 / 5.8
RATES = {  # share of events that each signal is, on average
    "events": 1.0,
    "logins": 0.15,
    "active_users": 0.08,
    "core_events": 0.6,
    "features_used": 0.1,
    "collaboration": 0.1,
    "errors": 0.02,
    "tickets": 0.004,
    "security": 0.002,
    "off_hours": 0.05,
}
START = pd.Timestamp("2026-01-05")  # a Monday
NO_ACTIONS = pd.DataFrame({"account": [], "event": [], "day": [], "n": [], "n_night": []}).astype(
    {"account": int, "event": "string", "day": int}
)


def make_activity(
    *,
    n_accounts=60,
    n_days=196,
    seed=0,
    spread=0.05,
    rate=(20.0, 80.0),
    day_factor=1.0,
    signals=RATES,
    n_users=0,
    features=(),
):
    """Negative binomial counts around a steady level per account, weekday pattern included."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.uniform(np.log(rate[0]), np.log(rate[1]), n_accounts))
    factor = WEEKDAY[np.arange(n_days) % 7] * day_factor
    weekly = rng.gamma(1 / spread, spread, (n_accounts, n_days // 7 + 1)).repeat(7, axis=1)
    mean = level[:, None] * factor * weekly[:, :n_days]
    people = rng.poisson(mean * RATES["active_users"])  # events come from people
    drawn = {"active_users": people, "events": rng.poisson(people / RATES["active_users"])}
    counts = np.stack(
        [drawn.get(name, rng.poisson(mean * share)) for name, share in signals.items()]
    )
    used = np.stack([rng.poisson(mean * 0.1) for _ in features]) if features else counts[:0]
    if "off_hours" in signals:
        weekend = np.arange(n_days) % 7 >= 5
        row = list(signals).index("off_hours")
        counts[row] = np.where(weekend, counts[list(signals).index("events")], counts[row])
    shared = np.repeat(mean, n_users, axis=0) / max(n_users, 1)
    return Activity(
        accounts=make_accounts(n_accounts),
        days=pd.date_range(START, periods=n_days),
        alive=np.ones((n_accounts, n_days), bool),
        observed=np.ones(n_days, bool),
        signals=Cube(names=tuple(signals), counts=counts.astype(np.float32)),
        features=Cube(names=tuple(features), counts=used.astype(np.float32)),
        users=make_users(n_accounts, n_users),
        user_days=rng.poisson(shared).astype(np.float32),
        actions=NO_ACTIONS,
        core_features=tuple(features),
    )


def make_accounts(n):
    return pd.DataFrame(
        {
            "account_id": [f"a{index:04d}" for index in range(n)],
            "name": [f"Account {index}" for index in range(n)],
            "csm": [f"csm{index % 3}" for index in range(n)],
            "mrr": 100.0 + np.arange(n),
            "region": "EMEA",
            "signed_up_on": START - pd.Timedelta(days=400),
            "cohort": 0,
        }
    )


def make_users(n_accounts, n_users):
    n = n_accounts * n_users
    return pd.DataFrame(
        {
            "account": np.arange(n_accounts).repeat(n_users),
            "user_id": [f"u{index:05d}" for index in range(n)],
            "is_admin": np.arange(n) % max(n_users, 1) == 0,
            "is_champion": False,
            "department": "Sales",
            "role": "member",
        }
    )


def steady(values, *, n_days=None, signals=None, **rest):
    """One account whose signals are exactly the daily values given: {name: array of counts}."""
    n_days = len(next(iter(values.values()))) if n_days is None else n_days
    activity = make_activity(n_accounts=1, n_days=n_days, signals=RATES, **rest)
    counts = np.stack([np.asarray(day, float) for day in values.values()])[:, None, :]
    cube = Cube(names=tuple(values), counts=counts.astype(np.float32))
    return replace(activity, signals=cube)


def change(activity, name, account, days, factor):
    """Multiply one signal of one account on some days; counts stay whole. In place."""
    counts = activity.signals.of(name)
    counts[account, days] = np.floor(counts[account, days] * factor)


def quiet(activity, account, days, factor=0.0, *, names=None):
    """Scale all usage signals of an account on some days. In place."""
    for name in names or ("events", "logins", "active_users", "core_events", "features_used"):
        if name in activity.signals.names:
            change(activity, name, account, days, factor)


def scene_of(activity, *, review_days=28, **rest):
    """Measure without incidents, all ends at once."""
    return make_scene(activity, make_ends(activity.days, review_days=review_days), **rest)


def run(activity, **rest):
    """Analyse with the defaults of the notebook."""
    return analyse(activity, Settings(**rest))


def reorder(activity, order):
    """Put the accounts into another order."""
    order = np.asarray(order)
    return replace(
        activity,
        accounts=activity.accounts.iloc[order].reset_index(drop=True),
        alive=activity.alive[order],
        signals=replace(activity.signals, counts=activity.signals.counts[:, order]),
        features=replace(activity.features, counts=activity.features.counts[:, order]),
    )
