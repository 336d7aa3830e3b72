"""Made-up journeys and material whose truth the tests know."""

import numpy as np
import pandas as pd

from helpers.patterns.baskets import Baskets
from helpers.patterns.journeys import Journeys
from helpers.patterns.material import Material
from helpers.patterns.sequences import fold_repeats
from helpers.patterns.visits import Visits

SUCCESS = (
    "signed_up",
    "email_verified",
    "profile_completed",
    "user_invited",
    "project_created",
    "task_created",
    "returned_next_day",
)
FAILURE = ("signed_up", "email_verified", "features_browsed", "session_ended", "no_return")
MIXED = (
    ("signed_up", "email_verified", "profile_completed", "task_created"),
    ("signed_up", "email_verified", "profile_completed", "user_invited"),
    ("signed_up", "email_verified", "help_viewed"),
)


def make_journeys(n=2_000, *, seed=0, rates=(0.78, 0.12, 0.45), share=0.30):
    """45 % succeed in full, 30 % fail, the rest do something else; noise between the steps."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, n, p=(0.45, share, 0.55 - share))
    noise = np.array(["login", "error_shown", "board_viewed"])
    rows = []
    for unit in range(n):
        path = list((SUCCESS, FAILURE, MIXED[rng.integers(3)])[kind[unit]])
        for _ in range(rng.integers(0, 4)):
            path.insert(int(rng.integers(2, len(path))), str(rng.choice(noise)))
        rows += [(unit, token) for token in path]
    active = rng.random(n) < np.array(rates)[kind]
    units = pd.DataFrame(
        {
            "unit": np.arange(n),
            "account_id": [f"a{number:03d}" for number in rng.integers(0, n // 5 + 1, n)],
            "started_on": pd.Timestamp("2025-10-01")
            + pd.to_timedelta(np.arange(n) * 180 // max(n, 1), unit="D"),
            "follow_up": pd.array(["complete"] * n, dtype="string"),
            "activated": pd.array(active, dtype="boolean"),
            "setup_done": kind,
        }
    )
    return Journeys(
        units=units,
        tokens=pd.DataFrame(rows, columns=["unit", "token"]),
        unit_kind="user",
        journey_days=7,
        definition="a core feature used between day 28 and day 56",
        setup_steps=2,
    )


def make_baskets(n=1_200, *, seed=0):
    """Ticket with bulk import before churn, many invitations before an annual plan, A with B."""
    rng = np.random.default_rng(seed)
    has = {
        "ticket opened": rng.random(n) < 0.25,
        "uses bulk_import": rng.random(n) < 0.35,
        "uses tasks": rng.random(n) < 0.9,
        "uses automations": rng.random(n) < 0.3,
        "invites > 5": rng.random(n) < 0.03,
    }
    has["uses workload"] = rng.random(n) < np.where(has["uses automations"], 0.85, 0.2)
    both = has["ticket opened"] & has["uses bulk_import"]
    has["churned next"] = rng.random(n) < np.where(both, 0.21, 0.045)
    annual = rng.random(n) < np.where(has["invites > 5"], 0.67, 0.02)
    has["upgraded next"] = has["upgraded to annual plan next"] = annual
    items = pd.DataFrame(
        [(int(b), item) for item, mask in has.items() for b in np.flatnonzero(mask)],
        columns=["basket", "item"],
    )
    dates = pd.to_datetime(["2025-10-01", "2026-01-01", "2026-04-01"])
    baskets = pd.DataFrame(
        {
            "basket": np.arange(n),
            "account_id": [f"a{i % (n // 3 or 1):03d}" for i in range(n)],
            "as_of": dates[np.minimum(np.arange(n) * 3 // max(n, 1), 2)],
            "known": True,
        }
    )
    return Baskets(baskets, items.sort_values(["basket", "item"], ignore_index=True), 30)


def make_visits(n, *, seed=0, weeks=26, n_accounts=120):
    """Sessions of a few steps each, alike in every week and group."""
    rng = np.random.default_rng(seed)
    account = np.sort(rng.integers(0, n_accounts, n))
    sessions = pd.DataFrame(
        {
            "unit": np.arange(n),
            "account_id": [f"a{number:03d}" for number in account],
            "day": pd.Timestamp("2026-06-30") - pd.to_timedelta(rng.integers(0, 7 * weeks, n), "D"),
            "industry": pd.array(["shop"] * n, "string"),
            "region": pd.array(np.where(account % 3 == 0, "north", "south"), "string"),
            "plan": pd.array([None] * n, "string"),
            "tenure": pd.array(["later than day 90"] * n, "string"),
        }
    )
    steps = rng.choice(["home", "search", "cart", "pay", "help"], (n, 4))
    tokens = pd.DataFrame({"unit": np.repeat(np.arange(n), 4), "token": steps.ravel()})
    return Visits(sessions, fold_repeats(tokens.astype({"token": "string"})))


def make_hours(days):
    """Days of use: {account: [(weekday, hour, newest, n_days), ...]}."""
    rows = [(account, *row) for account, mine in days.items() for row in mine]
    table = pd.DataFrame(rows, columns=["account_id", "weekday", "hour", "newest", "n_days"])
    kinds = {"account_id": "string", "weekday": int, "hour": int, "newest": bool, "n_days": int}
    return table.astype(kinds)


def make_feature_days(days):
    """Days of use: {account: {feature: n_days}}."""
    rows = [
        (a, f, n, pd.Timestamp("2026-06-30")) for a, mine in days.items() for f, n in mine.items()
    ]
    table = pd.DataFrame(rows, columns=["account_id", "feature", "n_days", "last_on"])
    return table.astype({"account_id": "string", "feature": "string", "n_days": int})


def make_material(*, journeys=None, baskets=None, signals=None, activity=None, lives=None, **rest):
    """Put material together; what is not given is small and harmless."""
    held = make_baskets() if baskets is None else baskets
    nothing = {"account_id": pd.array([], "string"), "day": pd.to_datetime([])}
    told = {
        "as_of": pd.Timestamp("2026-07-01"),
        "calendar": None,
        "horizon_days": 90,
        "silence_is_churn": False,
        "missing": (),
        "visits": make_visits(0),
        "stages": None,
        "messages": None,
        "hours": make_hours({}),
        "feature_days": make_feature_days({}),
    }
    return Material(
        journeys=make_journeys(600) if journeys is None else journeys,
        signals=pd.DataFrame({**nothing, "signal": pd.array([], "string")})
        if signals is None
        else signals,
        before_outcomes=held,
        together=held,
        activity=activity,
        lives=lives,
        **{**told, **rest},
    )
