"""Made-up feature tables whose segments are known: four ways to be a customer."""

import numpy as np
import pandas as pd

AS_OF = pd.Timestamp("2026-07-01")
KINDS = ("power", "casual", "at risk", "new")
NAMES = {
    "power": "Power Users",
    "casual": "Casual Users",
    "at risk": "At Risk",
    "new": "New Users",
}
SHARES = {"power": 0.15, "casual": 0.45, "at risk": 0.20, "new": 0.20}

# mean and spread of what each kind does
_CENTRES: dict[str, dict[str, tuple[float, float]]] = {
    "days a week": {
        "power": (5, 0.5),
        "casual": (1.3, 0.4),
        "at risk": (0.8, 0.4),
        "new": (2, 0.8),
    },
    "adoption": {
        "power": (0.75, 0.07),
        "casual": (0.35, 0.07),
        "at risk": (0.30, 0.08),
        "new": (0.40, 0.12),
    },
    "actions": {
        "power": (220, 0.25),
        "casual": (40, 0.3),
        "at risk": (30, 0.4),
        "new": (60, 0.5),
    },
    "change": {
        "power": (0.02, 0.08),
        "casual": (0.0, 0.12),
        "at risk": (-0.35, 0.10),
        "new": (0.1, 0.2),
    },
    "tickets": {
        "power": (0.1, 0.1),
        "casual": (0.3, 0.2),
        "at risk": (1.2, 0.5),
        "new": (0.5, 0.4),
    },
    "nps": {"power": (9, 1), "casual": (7, 1.5), "at risk": (4, 2), "new": (7, 2)},
    "help": {"power": (0.3, 0.2), "casual": (0.4, 0.3), "at risk": (0.4, 0.3), "new": (3, 1)},
    "exploration": {
        "power": (0.05, 0.03),
        "casual": (0.08, 0.04),
        "at risk": (0.04, 0.03),
        "new": (0.5, 0.15),
    },
}


def make_features(
    n_accounts: int = 240, *, seed: int = 3, as_of: pd.Timestamp = AS_OF
) -> pd.DataFrame:
    """Return a feature table at one date, with the planted ``kind`` as index name ``kind``."""
    rng = np.random.default_rng(seed)
    counts = {kind: round(share * n_accounts) for kind, share in SHARES.items()}
    counts["casual"] += n_accounts - sum(counts.values())
    rows = pd.concat([_kind(kind, count, rng) for kind, count in counts.items()], ignore_index=True)
    rows.insert(0, "account_id", [f"acc-{number:04d}" for number in range(len(rows))])
    rows.insert(1, "as_of", as_of)
    shuffled = rows.sample(frac=1, random_state=seed, ignore_index=True)
    return shuffled.set_index("kind")


def kinds_of(features: pd.DataFrame) -> pd.Series:
    """Return the planted kind of each account."""
    return pd.Series(features.index, index=features["account_id"].to_numpy())


def make_dictionary(features: pd.DataFrame) -> pd.DataFrame:
    """Return a dictionary in which everything but ``FIRMOGRAPHIC`` is behaviour."""
    names = [name for name in features.columns if name not in ("account_id", "as_of")]
    return pd.DataFrame(
        {"feature": names, "behavioural": [name not in FIRMOGRAPHIC for name in names]}
    )


FIRMOGRAPHIC = (
    "age_days",
    "employees",
    "industry",
    "region",
    "plan",
    "csm",
    "is_live",
    "is_short_history",
)


def _kind(kind: str, n: int, rng: np.random.Generator) -> pd.DataFrame:
    def draw(what: str) -> np.ndarray:
        centre, spread = _CENTRES[what][kind]
        return rng.normal(centre, spread, n)

    def skewed(what: str) -> np.ndarray:
        centre, spread = _CENTRES[what][kind]
        return centre * np.exp(rng.normal(0, spread, n))

    people = np.maximum(1, np.round(np.exp(rng.normal(2.0, 0.8, n))))
    new = kind == "new"
    age = rng.integers(5, 90, n) if new else rng.integers(100, 900, n)
    days = np.clip(draw("days a week"), 0.1, 7)
    adoption = np.clip(draw("adoption"), 0.05, 1)
    actions = skewed("actions")
    change = np.clip(draw("change"), -0.95, 3)
    tickets = rng.poisson(np.maximum(draw("tickets"), 0.02) * people)
    silent = np.round(np.minimum(rng.exponential(3.5 / days), 55))
    answered = rng.random(n) < 0.6
    nan = np.full(n, np.nan)
    return pd.DataFrame(
        {
            "kind": kind,
            "is_live": True,
            "age_days": age.astype(float),
            "is_short_history": new,
            "stickiness_30d": days / 7,
            "active_days__n_30d": np.minimum(30.0, np.round(30 * days / 7 * 1.2)),
            "active_weeks__share_90d": np.clip(0.4 + 0.12 * days + rng.normal(0, 0.05, n), 0, 1),
            "active_users__n_30d": people,
            "active_users__n_90d": people,
            "days_since_last_event": silent,
            "days_since_last_login": silent,
            "logins__n_30d": np.round(people * days * 30 / 7),
            "logins__n_90d": np.round(people * days * 90 / 7),
            "events__n_30d": np.round(people * actions),
            "events__n_90d": np.round(3 * people * actions),
            "session_minutes__mean_90d": np.maximum(2, 6 * days + rng.normal(0, 3, n)),
            "adoption__share_90d": adoption,
            "core_adoption__share_90d": np.clip(adoption * 1.2, 0, 1),
            "features_used__n_30d": np.round(15 * adoption),
            "features_used__n_90d": np.round(16 * adoption),
            "core_features_used__n_30d": np.round(6 * np.clip(adoption * 1.2, 0, 1)),
            "premium_features_used__n_30d": np.round(4 * np.clip(adoption - 0.3, 0, 1)),
            "premium_features_used__n_90d": np.round(4 * np.clip(adoption - 0.3, 0, 1)),
            "feature_entropy_90d": 1 + 2 * adoption + rng.normal(0, 0.1, n),
            "events__change_30d": nan if new else change,
            "logins__change_30d": nan if new else change + rng.normal(0, 0.05, n),
            "wau__change_30d": nan if new else change / 2 + rng.normal(0, 0.05, n),
            "events__slope_90d": nan if new else np.log1p(change) / 6,
            "events__share_of_peak": np.clip(0.9 + change, 0.02, 1),
            "tickets__n_30d": np.round(tickets / 3),
            "tickets__n_90d": tickets.astype(float),
            "tickets__change_30d": np.where(tickets > 0, rng.normal(0, 0.3, n), np.nan),
            "tickets_escalated__n_90d": rng.binomial(tickets, 0.1).astype(float),
            "errors__n_90d": rng.poisson(3 * people).astype(float),
            "error_rate__90d": rng.gamma(4, 0.005, n),
            "nps_last": np.where(answered, np.clip(np.round(draw("nps")), 0, 10), np.nan),
            "csat__mean_90d": np.where(tickets > 0, np.clip(draw("nps") / 2, 1, 5), np.nan),
            "help__n_30d": rng.poisson(np.maximum(draw("help"), 0.02) * people).astype(float),
            "exploration__share_30d": np.clip(draw("exploration"), 0, 1),
            "message_open__rate_90d": rng.beta(4, 6, n),
            "seats__share": np.clip(rng.normal(0.6, 0.15, n), 0.05, 1.2),
            "invoice_amount__sum_365d": people * rng.uniform(200, 500, n),
            "mrr": np.round(people * rng.uniform(20, 40, n), 2),
            "employees": np.round(people * 12),
            "plan": rng.choice(["Starter", "Pro", "Enterprise"], n),
            "industry": rng.choice(["Health", "Retail", "Media"], n),
        }
    )
