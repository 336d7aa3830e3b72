"""A good part of the usage features in plain pandas, as an analyst would write them."""

import pandas as pd

from helpers.artifacts import Run

__all__ = ["SUBSET", "WINDOWS", "pandas_features"]

WINDOWS = (30, 60, 90)
COLUMNS = ["account_id", "event", "occurred_at", "user_id", "feature", "session_id", "duration_s"]
_WINDOWED = (
    "events__n_{w}d",
    "logins__n_{w}d",
    "errors__n_{w}d",
    "active_days__n_{w}d",
    "active_users__n_{w}d",
    "sessions__n_{w}d",
    "hours__sum_{w}d",
    "features_used__n_{w}d",
)
SUBSET = (
    *(name.replace("{w}", str(w)) for w in WINDOWS for name in _WINDOWED),
    "days_since_last_event",
    "days_since_last_login",
    "weekend_share_90d",
    "night_share_90d",
    "events__change_30d",
    "features_explored__n",
    "new_features__n_30d",
)
"""What pandas and Polars compute: 31 of the features, each for every date."""


def pandas_features(run: Run, dates: list[pd.Timestamp]) -> pd.DataFrame:
    """Return account_id, as_of and :data:`SUBSET`, one row an account with events and date."""
    config = run.config()
    events = pd.read_parquet(run.path("01_data_audit", "events"), columns=COLUMNS)
    catalogue = pd.read_parquet(run.path("01_data_audit", "feature_catalogue"))
    by_event = catalogue.set_index("event")["feature"]
    local = events["occurred_at"].dt.tz_convert(config.company.time_zone).dt.tz_localize(None)
    events["day"] = local.dt.normalize()
    events["night"] = (local.dt.hour < 6) | (local.dt.hour >= 22)
    events["weekend"] = local.dt.day_of_week >= 5
    events["feature"] = events["feature"].fillna(events["event"].map(by_event))
    events["login"] = events["event"].isin(config.roles.login)
    events["error"] = events["event"].isin(config.roles.error)
    return pd.concat([_at(events, date) for date in dates], ignore_index=True)


def _at(events: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    past = events[events["day"] < as_of].copy()
    past["age"] = (as_of - past["day"]).dt.days
    found = pd.DataFrame(index=pd.Index(past["account_id"].unique(), name="account_id"))
    for window in WINDOWS:
        recent = past[past["age"] <= window]
        groups = recent.groupby("account_id")
        found[f"events__n_{window}d"] = groups.size()
        found[f"logins__n_{window}d"] = groups["login"].sum()
        found[f"errors__n_{window}d"] = groups["error"].sum()
        found[f"active_days__n_{window}d"] = groups["day"].nunique()
        found[f"active_users__n_{window}d"] = groups["user_id"].nunique()
        visits = recent.dropna(subset="session_id").drop_duplicates(
            ["account_id", "session_id", "day"]
        )
        found[f"sessions__n_{window}d"] = visits.groupby("account_id").size()
        found[f"hours__sum_{window}d"] = groups["duration_s"].sum() / 3600
        found[f"features_used__n_{window}d"] = groups["feature"].nunique()
    found = found.fillna(0)
    accounts = past.groupby("account_id")
    found["days_since_last_event"] = accounts["age"].min()
    logins = past[past["login"]].groupby("account_id")
    found["days_since_last_login"] = logins["age"].min()
    recent = past[past["age"] <= WINDOWS[-1]].groupby("account_id")
    found["weekend_share_90d"] = recent["weekend"].mean()
    found["night_share_90d"] = recent["night"].mean()
    now, before = found["events__n_30d"], found["events__n_60d"] - found["events__n_30d"]
    found["events__change_30d"] = (now / before.where(before > 0) - 1).mask(
        (now == 0) & (before == 0), 0.0
    )
    first = past.groupby(["account_id", "feature"])["age"].max()
    found["features_explored__n"] = first.groupby("account_id").size()
    found["new_features__n_30d"] = first[first <= 30].groupby("account_id").size()
    counts = ["features_explored__n", "new_features__n_30d"]
    found[counts] = found[counts].fillna(0)
    return found.reset_index().assign(as_of=as_of)
