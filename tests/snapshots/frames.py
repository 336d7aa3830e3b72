"""Two snapshots without events, with planted kinds of customers: seeded, nothing copied."""

from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["EXAMPLES", "account_list", "customer_data", "write"]

EXAMPLES = Path(__file__).resolve().parents[2] / "config" / "examples"

# monthly users, adoption, tickets a month, days since the last login, yearly contract, NPS
_KINDS = {
    "thriving": (60, 0.82, 0.6, 1.5, 48_000, 9.2),
    "steady": (25, 0.50, 1.0, 4.0, 18_000, 7.5),
    "struggling": (30, 0.45, 6.0, 3.0, 24_000, 4.0),
    "shallow": (12, 0.15, 0.3, 9.0, 9_000, 6.5),
    "silent": (4, 0.10, 0.2, 48.0, 12_000, 3.0),
}


def _kinds(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.choice(list(_KINDS), size=n, p=[0.2, 0.3, 0.15, 0.2, 0.15])


def _around(rng: np.random.Generator, values: np.ndarray, spread: float) -> np.ndarray:
    return values * np.exp(spread * rng.standard_normal(len(values)))


def customer_data(n: int = 500, seed: int = 20260701) -> pd.DataFrame:
    """Return the frame ``customer_data``: six numbers a customer, and the kind that was planted."""
    rng = np.random.default_rng(seed)
    kind = _kinds(rng, n)
    users, adoption, tickets, silent, value, nps = (
        np.array([_KINDS[name][i] for name in kind], dtype=float) for i in range(6)
    )
    score = np.clip(np.round(nps + rng.standard_normal(n) * 0.8), 0, 10)
    answered = rng.random(n) > 0.1
    return pd.DataFrame(
        {
            "customer_id": [f"C{i:04d}" for i in range(n)],
            "monthly_active_users": np.round(_around(rng, users, 0.25)).clip(1).astype(int),
            "feature_adoption_rate": np.round(_around(rng, adoption, 0.12) * 100, 1).clip(1, 100),
            "support_tickets_per_month": np.round(_around(rng, tickets, 0.2), 2),
            "days_since_last_login": np.round(_around(rng, silent, 0.25)).clip(1).astype(int),
            "contract_value": np.round(_around(rng, value, 0.3), -2).astype(int),
            "nps_score": pd.array(np.where(answered, score, np.nan), dtype="Int64"),
            "planted": kind,
        }
    )


def account_list(n: int = 120, seed: int = 20260702) -> pd.DataFrame:
    """Return a CSM's list of accounts over the last 90 days, and the kind that was planted."""
    rng = np.random.default_rng(seed)
    kind = _kinds(rng, n)
    change = {"thriving": 12, "steady": 0, "struggling": -8, "shallow": -2, "silent": -45}
    contact = {"thriving": 10, "steady": 25, "struggling": 15, "shallow": 60, "silent": 80}
    users, adoption, tickets, _, value, nps = (
        np.array([_KINDS[name][i] for name in kind], dtype=float) for i in range(6)
    )
    days = np.round(_around(rng, np.array([contact[k] for k in kind], float), 0.2)).clip(1, 200)
    answered = rng.random(n) > 0.3
    score = np.clip(np.round(nps + rng.standard_normal(n) * 0.8), 0, 10)
    last = pd.Timestamp("2026-06-30") - pd.to_timedelta(days, unit="D")
    return pd.DataFrame(
        {
            "account": [f"A-{i:03d}" for i in range(n)],
            "weekly_active_users": np.round(_around(rng, users * 0.6, 0.2)).clip(1).astype(int),
            "wau_change_percent": np.round(
                np.array([change[k] for k in kind]) + 4 * rng.standard_normal(n), 1
            ),
            "features_used": np.round(_around(rng, adoption * 15, 0.1)).clip(1, 15).astype(int),
            "tickets": np.round(_around(rng, tickets * 3, 0.2)).astype(int),
            "resolution_hours": np.round(_around(rng, np.full(n, 20.0), 0.4), 1),
            "last_touchpoint": last.strftime("%Y-%m-%d"),
            "contract_value": np.round(_around(rng, value, 0.3), -2).astype(int),
            "months_to_renewal": rng.integers(1, 13, n),
            "nps": pd.array(np.where(answered, score, np.nan), dtype="Int64"),
            "planted": kind,
        }
    )


def write(frame: pd.DataFrame, path: Path) -> Path:
    """Write a snapshot without its planted kind; return the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.drop(columns="planted").to_csv(path, index=False)
    return path.parent
