"""What personalisation is read from: messages and reactions, hours of use, days of each feature."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

import pandas as pd

from helpers.engine import day_to_date
from helpers.engine.staging import HOUR_US, local_us
from helpers.patterns.reading import Staged

__all__ = [
    "HABIT_DAYS",
    "RIPE_DAYS",
    "read_feature_days",
    "read_hours",
    "read_marked",
    "read_messages",
]

HABIT_DAYS = 91
"""Habits are read from so many days before the cutoff: thirteen of each weekday."""
RIPE_DAYS = 7
"""A message younger than this may still be opened, and is not judged."""
_REACTIONS = ("opened", "clicked", "replied", "unsubscribed")
_COLUMNS = ("account_id", "channel", "topic", "sent_on", "sent_hour", *_REACTIONS)


def read_messages(staged: Staged) -> pd.DataFrame | None:
    """Return every message before the cutoff with what became of it by then.

    Returns
    -------
    DataFrame or None
        ``account_id``, ``channel``, ``topic`` (may be missing), ``sent_on``, ``sent_hour`` (0 to
        23, the company's wall clock), ``opened``, ``clicked``, ``replied``, ``unsubscribed``
        (whether it had happened before the cutoff); by account and time. ``None`` where there
        is no table of messages. Opted-out accounts are not in it.
    """
    engine, cutoff = staged.engine, staged.cutoff
    if not engine.has("side_messages"):
        return None
    reactions = ", ".join(
        f"CASE WHEN m.{name}_day < {cutoff} THEN 1 ELSE 0 END AS {name}" for name in _REACTIONS
    )
    found = engine.frame(
        f"""
        SELECT a.account_id, m.channel, m.topic, m.sent_day, m.sent_hour, {reactions}
        FROM side_messages m JOIN account a ON a.account_no = m.account_no
        WHERE m.sent_day < {cutoff} AND m.channel IS NOT NULL
        ORDER BY a.account_id, m.sent_us, m.channel, m.topic
        """
    )
    found["sent_on"] = day_to_date(found.pop("sent_day"))
    texts = dict.fromkeys(["account_id", "channel", "topic"], "string")
    flags = dict.fromkeys(_REACTIONS, bool)
    return found.astype({**texts, **flags})[list(_COLUMNS)]


def read_hours(staged: Staged) -> pd.DataFrame:
    """Return on how many days each account used the product in each hour of the week.

    Returns
    -------
    DataFrame
        ``account_id``, ``weekday`` (0 = Monday), ``hour`` (company's wall clock), ``newest``
        (in the newest third of the :data:`HABIT_DAYS` days), ``n_days``; sorted.
    """
    cutoff = staged.cutoff
    local = local_us(staged.engine, "events", "occurred_at", staged.config.company.time_zone, "e.")
    hours = f"CAST(FLOOR({local} / {float(HOUR_US)}) AS BIGINT)"
    since, split = 24 * (cutoff - HABIT_DAYS), 24 * (cutoff - HABIT_DAYS // 3)
    return staged.engine.frame(
        f"""
        SELECT account_id, MOD(CAST(FLOOR(h / 24.0) AS BIGINT) + 3, 7) AS weekday,
               MOD(h, 24) AS hour, CASE WHEN h >= {split} THEN 1 ELSE 0 END AS newest,
               COUNT(*) AS n_days
        FROM (
            SELECT DISTINCT a.account_id, {hours} AS h
            FROM events e JOIN account a ON a.account_id = e.account_id
            WHERE {local} >= {since * HOUR_US} AND {local} < {24 * cutoff * HOUR_US}
        ) AS used
        GROUP BY account_id, MOD(CAST(FLOOR(h / 24.0) AS BIGINT) + 3, 7), MOD(h, 24),
                 CASE WHEN h >= {split} THEN 1 ELSE 0 END
        ORDER BY account_id, weekday, hour, newest
        """
    ).astype({"account_id": "string", "newest": bool})


def read_feature_days(staged: Staged) -> pd.DataFrame:
    """Return on how many of the last :data:`HABIT_DAYS` days each account used each feature.

    Returns
    -------
    DataFrame
        ``account_id``, ``feature``, ``n_days``, ``last_on``; by account, then most used first.
    """
    found = staged.engine.frame(
        f"""
        SELECT a.account_id, d.feature, COUNT(*) AS n_days, MAX(d.day) AS last_day
        FROM account_feature_day d JOIN account a ON a.account_no = d.account_no
        WHERE d.day < {staged.cutoff} AND d.day >= {staged.cutoff - HABIT_DAYS}
        GROUP BY a.account_id, d.feature ORDER BY a.account_id, n_days DESC, d.feature
        """
    )
    found["last_on"] = day_to_date(found.pop("last_day"))
    return found.astype({"account_id": "string", "feature": "string"})


def read_marked(staged: Staged) -> tuple[str, ...]:
    """Return the features that the catalogue marks as premium, by name; none without one."""
    found = staged.engine.frame(
        "SELECT DISTINCT feature FROM event_kind "
        "WHERE premium = 1 AND feature IS NOT NULL ORDER BY feature"
    )
    return tuple(found["feature"].astype(str))
