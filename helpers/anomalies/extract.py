"""From the run's clean tables to the dense activity that the detectors look at.

The events are grouped once by the engine; only whole numbers an account, day and measure leave
it. Positions of accounts and users are the engine's own numbers, which follow their ids.
"""

# ruff: noqa: S608
# The texts are put together from names and numbers of this file, never from data.

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.extract_tables import (
    alive_days,
    describe_accounts,
    local_outcomes,
    metered_levels,
    not_silent,
    subscription_terms,
)
from helpers.anomalies.signals import (
    LIMIT_SHARES,
    SIGNALS,
    Activity,
    Cube,
    fill_cube,
    outage_days,
    spread,
)
from helpers.artifacts import Run
from helpers.config import CompanyConfig
from helpers.engine import EPOCH, Engine, History, day_number, stage
from helpers.engine.days import local_day
from helpers.engine.opening import open_duckdb
from helpers.engine.staging import ROLES, local_us

__all__ = ["load_activity"]

AUDIT = "01_data_audit"
MAX_HISTORY_DAYS = 1_100
MAX_CELLS = 60_000_000
"""Accounts times days times features that are held in memory, 4 bytes each."""
INCOMPLETE = 0.4
"""A last day with less than that share of its weekday's usual events is taken for cut short."""

Frames = dict[str, pd.DataFrame]


def load_activity(run: Run, *, cohort: str = "region") -> Activity:
    """Read everything that the detectors need from a run.

    Parameters
    ----------
    run : Run
        With the tables of the data audit.
    cohort : str
        Column of ``accounts`` within which "normal" is learnt besides the account's own past;
        small cohorts are drawn to everybody.

    Returns
    -------
    Activity
        Accounts that opted out are not in it. Days end before the run's ``as_of``.

    Raises
    ------
    ParameterError
        If there is not one event of an account that may be looked at.
    """
    config = run.config()
    days, frames = _read(run, config)
    accounts = describe_accounts(run, frames["accounts"], cohort=cohort)
    shape = (len(accounts), len(days))
    signals, missing = _signals(config, frames, shape)
    users, user_days = _users(run, frames, len(days))
    if users.empty:
        missing["people"] = "the events name no user"
    kinds = frames["kinds"]
    core = _marked(kinds, "core")
    features, n_features = _features(frames["features"], shape, core)
    if len(features.names) < n_features:
        more = n_features - len(features.names)
        missing[f"{more} features"] = "they are the least used of too many to hold in memory"
    return Activity(
        accounts=accounts,
        days=days,
        alive=_alive(run, config, accounts, days, frames["days"]),
        observed=_observed(frames["days"], shape),
        signals=signals,
        features=features,
        users=users,
        user_days=user_days,
        actions=frames["actions"],
        core_features=core,
        premium_features=_marked(kinds, "premium"),
        roles={role: tuple(config.roles.events_of(role)) for role in ROLES},
        levels=metered_levels(run, accounts, days),
        terms=subscription_terms(run, accounts, days),
        limit_shares={
            **LIMIT_SHARES,
            "storage_gb": config.thresholds.storage_share,
            "seats": config.thresholds.seat_share,
        },
        missing=missing,
    )


def _read(run: Run, config: CompanyConfig) -> tuple[pd.DatetimeIndex, Frames]:
    """Group the events once and return the days looked at and what leaves the engine."""
    with open_duckdb(run) as engine:
        history = stage(engine, config)
        days = _days(config, history)
        queries = _queries(engine, config, days[0])
        frames = {name: _within(engine.frame(sql), len(days)) for name, sql in queries.items()}
    weekday = (frames["days"]["day"] + days[0].weekday()) % 7
    frames["days"] = frames["days"].assign(weekend=weekday >= 5)
    return days, frames


def _alive(
    run: Run,
    config: CompanyConfig,
    accounts: pd.DataFrame,
    days: pd.DatetimeIndex,
    account_days: pd.DataFrame,
) -> NDArray[np.bool_]:
    """Tell when each account was a customer; silence stands in for unrecorded outcomes."""
    outcomes = local_outcomes(run, config)
    alive = alive_days(accounts, days, outcomes)
    silent = config.analysis.churn_after_silent_days
    if outcomes is None and silent is not None:
        alive &= not_silent(spread(account_days.assign(n=1), alive.shape) > 0, silent)
    return alive


def _days(config: CompanyConfig, history: History) -> pd.DatetimeIndex:
    if config.analysis.as_of is None:
        last = EPOCH + pd.Timedelta(days=history.last_day)
    else:
        last = pd.Timestamp(config.analysis.as_of) - pd.Timedelta(days=1)
    first = EPOCH + pd.Timedelta(days=min(history.first_day, day_number(last)))
    return pd.date_range(max(first, last - pd.Timedelta(days=MAX_HISTORY_DAYS - 1)), last)


def _queries(engine: Engine, config: CompanyConfig, first: pd.Timestamp) -> dict[str, str]:
    """Return what leaves the engine: ``account`` and ``day`` are positions, from 0 up."""
    since = day_number(first)
    who, where = f"account_no - 1 AS account, day - {since} AS day", f"WHERE day >= {since}"
    roles = ", ".join(f"n_{role}" for role in ROLES)
    queries = {
        "accounts": "SELECT account_id, signup_day FROM account ORDER BY account_no",
        "users": "SELECT account_no - 1 AS account, user_id FROM account_user ORDER BY user_no",
        "kinds": "SELECT event, feature, core, premium FROM event_kind ORDER BY event",
        "days": f"SELECT {who}, n_events, n_night, n_core, {roles} FROM account_day {where} "
        "ORDER BY account_no, day",
        "people": f"SELECT {who}, user_no - 1 AS person, n_events AS n FROM account_user_day "
        f"{where} ORDER BY user_no, day",
        "features": f"SELECT {who}, feature, n_events AS n FROM account_feature_day {where} "
        "ORDER BY account_no, feature, day",
        "actions": f"SELECT {who}, event, CAST(SUM(n_events) AS BIGINT) AS n, "
        "CAST(SUM(n_night) AS BIGINT) AS n_night FROM account_event_day "
        f"{where} GROUP BY account_no, event, day ORDER BY account_no, event, day",
        "sessions": f"SELECT {who}, COUNT(*) AS n FROM account_session {where} "
        "GROUP BY account_no, day ORDER BY account_no, day",
    }
    if engine.has("tickets"):
        opened = local_day(local_us(engine, "tickets", "opened_at", config.company.time_zone, "t."))
        queries["tickets"] = (
            f"SELECT a.account_no - 1 AS account, {opened} - {since} AS day, COUNT(*) AS n "
            "FROM tickets t JOIN account a ON a.account_id = t.account_id "
            f"GROUP BY a.account_no, {opened} ORDER BY account, day"
        )
    return queries


def _within(frame: pd.DataFrame, n_days: int) -> pd.DataFrame:
    """Drop rows before the first day or on and after ``as_of``."""
    if "day" not in frame:
        return frame
    inside = frame["day"].between(0, n_days - 1)
    return frame if inside.all() else frame[inside].reset_index(drop=True)


def _observed(account_days: pd.DataFrame, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell on which days the source delivered; a last day cut short is left out too."""
    at = account_days["day"].to_numpy(np.intp)
    active = np.bincount(at, minlength=shape[1]).astype(float)
    observed = ~outage_days(active)
    weights = account_days["n_events"].to_numpy(float)
    events = np.bincount(at, weights=weights, minlength=shape[1])
    before = events[-8:-64:-7]
    if len(before) >= 3 and events[-1] < INCOMPLETE * np.median(before):
        observed[-1] = False
    return np.asarray(observed)


_WHY = {
    "sessions": "the events carry no session id",
    "active_users": "the events name no user",
    "core_events": "there is no `feature_catalogue` that says which features are core",
    "features_used": "the events name no feature",
    "tickets": "there is no `tickets` table",
}


def _signals(
    config: CompanyConfig, frames: Frames, shape: tuple[int, int]
) -> tuple[Cube, dict[str, str]]:
    """Collect every signal that the data can give; say why others cannot be."""
    parts: Frames = {}
    missing: dict[str, str] = {}
    for signal in SIGNALS:
        if signal.role and not config.roles.events_of(signal.role):
            missing[signal.name] = "no event is configured for it under `roles`"
            continue
        rows = _rows_of(signal.name, signal.role, frames)
        if rows is None:
            missing[signal.name] = _WHY[signal.name]
        else:
            parts[signal.name] = rows
    return fill_cube(parts, shape), missing


def _rows_of(name: str, role: str, frames: Frames) -> pd.DataFrame | None:
    """Rows (account, day, n) of a signal; ``None`` if the data lack it."""
    daily = frames["days"]
    if role:
        return _counting(daily, f"n_{role}")
    if name == "events":
        return _counting(daily, "n_events")
    if name == "off_hours":
        return daily.assign(n=daily["n_events"].where(daily["weekend"], daily["n_night"]))
    if name == "core_events":
        return _counting(daily, "n_core") if frames["kinds"]["core"].any() else None
    if name in ("active_users", "features_used"):
        rows = frames["people" if name == "active_users" else "features"]
        return rows.assign(n=1) if len(rows) else None
    if name == "sessions":
        return frames["sessions"] if len(frames["sessions"]) else None
    return frames.get("tickets")


def _counting(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows[["account", "day", column]].rename(columns={column: "n"})


def _features(
    rows: pd.DataFrame, shape: tuple[int, int], core: tuple[str, ...]
) -> tuple[Cube, int]:
    """Lay features out, core ones and then the most widely used first; how many there are."""
    accounts = rows.drop_duplicates(["feature", "account"])["feature"].value_counts()
    ranked = sorted(accounts.index, key=lambda name: (name not in core, -accounts[name], name))
    room = max(MAX_CELLS // max(shape[0] * shape[1], 1), 1)
    names = sorted(str(name) for name in ranked[:room])
    groups = dict(list(rows[rows["feature"].isin(names)].groupby("feature", sort=True)))
    return fill_cube({name: groups[name] for name in names}, shape), len(ranked)


def _marked(kinds: pd.DataFrame, mark: str) -> tuple[str, ...]:
    """Features that the catalogue marks as core or premium."""
    return tuple(sorted(kinds.loc[kinds[mark] == 1, "feature"].dropna().astype(str).unique()))


def _users(run: Run, frames: Frames, n_days: int) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """Describe everybody who did something, and what they did a day."""
    users = frames["users"]
    columns = ["is_admin", "is_champion", "department", "role"]
    described = run.read_optional(AUDIT, "users")
    if described is None:
        users = users.assign(**dict.fromkeys(columns))
    else:
        users = users.merge(described[["user_id", *columns]], on="user_id", how="left")
    for flag in ("is_admin", "is_champion"):
        users[flag] = users[flag].astype("boolean").fillna(False).astype(bool)
    people = frames["people"].assign(account=frames["people"]["person"])
    return users, spread(people, (len(users), n_days))
