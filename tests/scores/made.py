"""A made-up feature table whose drivers of churn are known."""

import numpy as np
import pandas as pd

AS_OF = pd.Timestamp("2026-07-01")
HORIZON = 90
STEP = 30
REGIONS, SIZES = ("Americas", "EMEA"), (20, 400)


def make_tables(
    n_accounts: int = 300,
    *,
    n_dates: int = 10,
    seed: int = 7,
    strength: float = 1.0,
    base: float = -2.6,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return features and labels at ``n_dates`` dates, 30 days apart, newest ``AS_OF``.

    The chance to churn within 90 days rises with days since the last login (+0.9 a spread of
    its logarithm), falls with the change of use (-0.8 a spread) and rises with a detractor's
    survey answer (-0.5 a spread); ``exports__n_30d`` and ``seats__share`` are noise.
    ``strength`` scales all three; 0 makes churn independent of everything.
    """
    rng = np.random.default_rng(seed)
    dates = [AS_OF - pd.Timedelta(days=STEP * n) for n in reversed(range(n_dates))]
    alive = np.ones(n_accounts, dtype=bool)
    gone_on = np.full(n_accounts, np.datetime64("NaT", "us"))
    login, trend, nps = (rng.normal(0, 1.0, n_accounts) for _ in range(3))
    region = rng.integers(0, 2, n_accounts)
    size = rng.integers(0, 2, n_accounts)
    tables = []
    for number, as_of in enumerate(dates):
        login, trend, nps = (
            0.9 * old + np.sqrt(1 - 0.9**2) * rng.normal(0, 1.0, n_accounts)
            for old in (login, trend, nps)
        )
        risk = strength * (0.9 * login - 0.8 * trend - 0.5 * nps)
        answered = rng.random(n_accounts) < 0.6
        frame = pd.DataFrame(
            {
                "account_id": [f"a{i:04d}" for i in range(n_accounts)],
                "as_of": as_of,
                "days_since_last_login": np.round(np.expm1(1.6 + 0.7 * login).clip(0), 0),
                "events__change_30d": np.sinh(0.25 * trend),
                "nps_last": np.where(answered, np.clip(np.round(7 + 2 * nps), 0, 10), np.nan),
                "nps_age_days": np.where(answered, 40.0, np.nan),
                "exports__n_30d": rng.poisson(3, n_accounts).astype(float),
                "seats__share": rng.uniform(0.3, 1.0, n_accounts),
                "stickiness_30d": rng.uniform(0.05, 0.6, n_accounts),
                "adoption__share_90d": rng.uniform(0.1, 0.9, n_accounts),
                "active_users__n_30d": rng.integers(1, 9, n_accounts).astype(float),
                "users__n": 10.0,
                "age_days": 300.0 + STEP * number + np.arange(n_accounts) % 200,
                "mrr": 100.0 + np.arange(n_accounts) % 900,
                "region": np.take(REGIONS, region),
                "employees": np.take(SIZES, size).astype(float),
                "industry": "Retail",
                "plan": "Pro",
                "csm": np.where(np.arange(n_accounts) % 2, "Ana", "Ben"),
                "is_live": alive.copy(),
            }
        )
        tables.append(frame)
        monthly = 1 / (1 + np.exp(-(base - np.log(3) + risk)))
        leaves = alive & (rng.random(n_accounts) < monthly)
        days = rng.integers(0, STEP, n_accounts).astype("timedelta64[D]")
        gone_on[leaves] = np.datetime64(as_of, "us") + days[leaves]
        alive &= ~leaves
    features = pd.concat(tables, ignore_index=True)
    return features, label(features, pd.Series(gone_on, index=tables[0]["account_id"]))


def label(features: pd.DataFrame, gone_on: pd.Series, *, newest: pd.Timestamp = AS_OF):
    """Return labels as 02 writes them; ``gone_on`` is the day on which an account left, or NaT."""
    live = features[features["is_live"]][["account_id", "as_of"]].reset_index(drop=True)
    left = pd.to_datetime(live["account_id"].map(gone_on))
    end = live["as_of"] + pd.Timedelta(days=HORIZON)
    censored = end > newest
    churned = ((left >= live["as_of"]) & (left < end)).astype("boolean").mask(censored)
    return live.assign(
        horizon_days=HORIZON,
        lead_days=0,
        churned=churned,
        upgraded=pd.array([False] * len(live), dtype="boolean"),
        censored=censored,
        churned_on=left.where(churned.fillna(False)),
        upgraded_on=pd.NaT,
    )
