"""What the people of the tiny company do in the product, event by event."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["EVENTS", "USERS", "ZONE", "catalogue", "local_time", "make_events"]

ZONE = "Europe/Berlin"
USERS = {"low": 2, "power": 7, "declining": 5, "growing": 4}  # people by kind of account; else 3
_RATE = {"low": 0.6, "power": 6.0, "growing": 3.0, "declining": 6.0}  # events a day a user

# event, feature, kind, core, premium, milestone, weight in everyday use
_CATALOGUE = (
    ("signed_up", None, "frequency", False, False, None, 0),
    ("email_verified", None, "frequency", False, False, None, 0),
    ("profile_completed", None, "frequency", False, False, "profile", 0),
    ("login", None, "frequency", False, False, None, 0),
    ("session_ended", None, "frequency", False, False, None, 0),
    ("user_invited", None, "breadth", False, False, "team", 0.2),
    ("project_created", "projects", "outcome", True, False, "first project", 1),
    ("task_created", "tasks", "depth", True, False, None, 6),
    ("task_completed", "tasks", "outcome", True, False, None, 5),
    ("comment_added", "comments", "breadth", True, False, None, 3),
    ("file_uploaded", "files", "depth", True, False, None, 1.5),
    ("report_built", "reports", "depth", False, False, None, 0.8),
    ("automation_run", "automations", "depth", False, True, None, 0.5),
    ("workload_planned", "workload", "depth", False, True, None, 0.3),
    ("integration_used", "integrations", "breadth", False, False, None, 0.6),
    ("export_run", "exports", "outcome", False, False, None, 0.4),
    ("help_article_viewed", "help_centre", "depth", False, False, None, 0.5),
    ("webinar_attended", "learning", "depth", False, False, None, 0.1),
    ("community_posted", "community", "breadth", False, False, None, 0.1),
    ("pricing_page_viewed", None, "frequency", False, False, None, 0.15),
    ("competitor_comparison_searched", None, "frequency", False, False, None, 0.05),
    ("error_shown", None, "frequency", False, False, None, 0.4),
    ("login_failed", None, "frequency", False, False, None, 0.1),
    ("limit_reached", None, "frequency", False, False, None, 0.1),
)
EVENTS = tuple(row[0] for row in _CATALOGUE)
_LOW_EVENTS = ("task_created", "task_completed", "comment_added", "error_shown")
_WEEKDAY = np.array([0.95, 1.15, 1.20, 1.15, 0.90, 0.25, 0.20])


def catalogue() -> pd.DataFrame:
    """Return the feature catalogue."""
    columns = ["event", "feature", "kind", "core", "premium", "milestone"]
    return pd.DataFrame([row[:6] for row in _CATALOGUE], columns=columns)


def local_time(days: Iterable[pd.Timestamp], seconds: Iterable[float]) -> pd.DatetimeIndex:
    """Return UTC times of seconds after local midnight."""
    wall = pd.DatetimeIndex(list(days)) + pd.to_timedelta(list(seconds), unit="s").round("s")
    return wall.tz_localize(ZONE, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")


def _volume(kind: str, ages: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """Events a day of one user, expected, by days before the cutoff."""
    rate = np.full(len(ages), _RATE.get(kind, 2.0)) * _WEEKDAY[weekday]
    if kind == "growing":
        rate *= 1.04 ** (-np.minimum(ages, 180) / 7)
    if kind == "declining":
        rate *= 0.93 ** (np.maximum(0, 140 - ages) / 7)
    if kind == "weekend":
        rate = np.where(weekday >= 5, 5.0, 0.05)
    if kind == "churned":
        rate *= ages > 70
    if kind == "returned":
        rate *= (ages > 150) | (ages <= 100)
    return rate * (kind != "silent")


def make_events(
    accounts: pd.DataFrame, users: pd.DataFrame, as_of: pd.Timestamp, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the events of every account, numbered in order."""
    weights = np.array([row[6] for row in _CATALOGUE], float)
    features = {row[0]: row[1] for row in _CATALOGUE}
    kinds = accounts.set_index("account_id")["archetype"]
    parts = []
    for user in users.itertuples():
        kind = kinds[user.account_id]
        first = user.created_at.tz_convert(ZONE).tz_localize(None).normalize()
        days = pd.date_range(first + pd.Timedelta(days=1), as_of - pd.Timedelta(days=1), freq="D")
        ages = (as_of - days).days.to_numpy()
        counts = rng.poisson(_volume(kind, ages, days.day_of_week.to_numpy()))
        if pd.notna(user.deactivated_at):
            counts[days >= user.deactivated_at.tz_convert(ZONE).tz_localize(None)] = 0
        if kind != "silent":
            parts.append(_first_steps(user, first))
        chosen = weights * np.isin(EVENTS, _LOW_EVENTS) if kind == "low" else weights
        parts.append(_working_days(user, kind, days, counts, chosen / chosen.sum(), rng))
    events = pd.concat(parts, ignore_index=True)
    events = events[events["occurred_at"] < as_of.tz_localize(ZONE)]
    events = events.sort_values(["account_id", "user_id", "occurred_at", "event"], kind="stable")
    events["event_id"] = [f"e{index:06d}" for index in range(len(events))]
    events["feature"] = events["event"].map(features)
    return events


def _first_steps(user: Any, first: pd.Timestamp) -> pd.DataFrame:
    steps = ["signed_up", "email_verified", "profile_completed", "project_created"]
    seconds = (user.created_at.tz_convert(ZONE).tz_localize(None) - first).total_seconds()
    when = local_time([first] * 4, [seconds + 300 * index for index in range(4)])
    frame = pd.DataFrame({"event": steps, "occurred_at": when})
    return frame.assign(account_id=user.account_id, user_id=user.user_id, session_id=None)


def _working_days(
    user: Any,
    kind: str,
    days: pd.DatetimeIndex,
    counts: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One visit a day with use: a login, the events, and its end with the time it took."""
    active = np.flatnonzero(counts)
    opens = (22 if kind == "weekend" else 9) * 3600 + rng.integers(0, 3600, len(active))
    rows: dict[str, list[Any]] = {"event": [], "day": [], "seconds": [], "duration_s": []}
    for start, position in zip(opens, active, strict=True):
        n = int(counts[position])
        names = ["login", *rng.choice(EVENTS, size=n, p=weights), "session_ended"]
        length = 120.0 * (n + 1)
        rows["event"] += names
        rows["day"] += [days[position]] * len(names)
        rows["seconds"] += list(np.minimum(start + 120 * np.arange(len(names)), 86_399))
        rows["duration_s"] += [None] * (n + 1) + [length]
    frame = pd.DataFrame({"event": rows["event"], "duration_s": rows["duration_s"]})
    frame["occurred_at"] = local_time(rows["day"], rows["seconds"])
    dates = pd.DatetimeIndex(rows["day"])
    frame["session_id"] = [f"{user.user_id}-{day:%Y%m%d}" for day in dates]
    return frame.assign(account_id=user.account_id, user_id=user.user_id)
