"""A made-up activity table with known rates, for tests of the detectors."""

import numpy as np
import pandas as pd

from helpers.anomalies.signals import SIGNALS, Activity, Cube

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
    "night_events": 0.05,
}
START = pd.Timestamp("2026-01-05")  # a Monday


def make_activity(
    *,
    n_accounts=60,
    n_days=196,
    seed=0,
    spread=0.05,
    rate=(5.0, 80.0),
    day_factor=None,
    signals=RATES,
    n_users=0,
    features=(),
):
    """Independent negative binomial counts around a steady level, weekday pattern included."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.uniform(np.log(rate[0]), np.log(rate[1]), n_accounts))
    factor = WEEKDAY[np.arange(n_days) % 7]
    factor = factor * (1.0 if day_factor is None else day_factor)
    weekly = rng.gamma(1 / spread, spread, (n_accounts, n_days // 7 + 1)).repeat(7, axis=1)
    mean = level[:, None] * factor * weekly[:, :n_days]
    counts = np.stack([rng.poisson(mean * share) for share in signals.values()])
    used = np.stack([rng.poisson(mean * 0.1) for _ in features]) if features else counts[:0]
    people = pd.DataFrame(
        {
            "account": np.arange(n_accounts).repeat(n_users),
            "user_id": [f"u{index:05d}" for index in range(n_accounts * n_users)],
            "is_admin": np.arange(n_accounts * n_users) % max(n_users, 1) == 0,
            "is_champion": False,
            "department": "Sales",
            "role": "member",
        }
    )
    shared = np.repeat(mean, n_users, axis=0) / max(n_users, 1)
    return Activity(
        accounts=pd.DataFrame(
            {
                "account_id": [f"a{index:04d}" for index in range(n_accounts)],
                "csm": [f"csm{index % 3}" for index in range(n_accounts)],
                "mrr": 100.0 + np.arange(n_accounts),
                "region": "EMEA",
                "signed_up_on": START - pd.Timedelta(days=400),
                "cohort": 0,
            }
        ),
        days=pd.date_range(START, periods=n_days),
        alive=np.ones((n_accounts, n_days), bool),
        observed=np.ones(n_days, bool),
        signals=Cube(names=tuple(signals), counts=counts.astype(np.float32)),
        features=Cube(names=tuple(features), counts=used.astype(np.float32)),
        users=people,
        user_days=rng.poisson(shared).astype(np.float32),
        actions=pd.DataFrame({"account": [], "event": [], "day": [], "n": []}),
        catalogue=SIGNALS,
    )


def scaled(activity, name, account, days, factor):
    """Multiply one signal of one account on some days; counts stay whole."""
    counts = activity.signals.of(name)
    counts[account, days] = np.floor(counts[account, days] * factor)
    return activity
