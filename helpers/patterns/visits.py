"""What people did in each session, step by step, and who they were at the time.

A session is what the events call one; it ends at midnight at the latest. Its steps are the names
of its events in order, each repeat folded into one. Each session carries the groups that it
belongs to: those of its account (industry, region, plan) and how long the account had been a
customer on that day.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.engine import day_to_date
from helpers.engine.staging import local_us
from helpers.patterns.reading import Staged
from helpers.patterns.sequences import fold_repeats

__all__ = ["GROUPS", "MAX_SESSIONS", "Visits", "read_visits"]

MAX_SESSIONS = 20_000
"""More sessions are thinned evenly, account by account."""
HISTORY_DAYS = 364
"""Older sessions are not looked at."""
GROUPS = ("industry", "region", "plan", "tenure")
TENURE = ((30, "first 30 days"), (90, "day 31 to 90"), (np.inf, "later than day 90"))
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Visits:
    """Sessions and their steps.

    Parameters
    ----------
    sessions : DataFrame
        ``unit`` (number), ``account_id``, ``day``, and the groups of :data:`GROUPS` (text,
        missing where not known); by account and day.
    tokens : DataFrame
        ``unit``, ``token``; in the order of each session.
    """

    sessions: pd.DataFrame
    tokens: pd.DataFrame


def read_visits(staged: Staged) -> Visits:
    """Read the sessions of the last year before the cutoff; none where events name no session."""
    engine, cutoff = staged.engine, staged.cutoff
    since = cutoff - HISTORY_DAYS
    inside = f"day < {cutoff} AND day >= {since}"
    found = int(engine.value(f"SELECT COUNT(*) FROM account_session WHERE {inside}") or 0)
    step = max(1, -(-found // MAX_SESSIONS))
    engine.table(
        "known_visit",
        f"""
        SELECT unit, account_no, session_id, day FROM (
            SELECT account_no, session_id, day,
                   ROW_NUMBER() OVER (ORDER BY account_no, day, session_id) AS unit
            FROM account_session WHERE {inside}
        ) AS numbered WHERE MOD(unit - 1, {step}) = 0
        """,
    )
    sessions = engine.frame(
        """
        SELECT v.unit, a.account_id, v.day, s.industry, s.region, s.plan,
               v.day - a.signup_day AS age
        FROM known_visit v JOIN account a ON a.account_no = v.account_no
        JOIN side_accounts s ON s.account_no = v.account_no ORDER BY v.unit
        """
    )
    local = local_us(engine, "events", "occurred_at", staged.config.company.time_zone, "e.")
    day = f"CAST(FLOOR({local} / {float(DAY_US)}) AS INTEGER)"
    tokens = engine.frame(
        f"""
        SELECT v.unit, e.event AS token, {local} AS at_us
        FROM events e JOIN account a ON a.account_id = e.account_id
        JOIN known_visit v ON v.account_no = a.account_no AND v.session_id = e.session_id
            AND v.day = {day}
        ORDER BY v.unit, {local}, e.event
        """
    )
    sessions["day"] = day_to_date(sessions["day"])
    return Visits(
        sessions=with_tenure(sessions),
        tokens=fold_repeats(tokens[["unit", "token"]].astype({"token": "string"})),
    )


def with_tenure(sessions: pd.DataFrame) -> pd.DataFrame:
    """Name how long each account had been a customer; ``age`` (days) goes."""
    age = sessions["age"].astype(float)
    edges = [-np.inf, *(limit for limit, _ in TENURE)]
    named = pd.cut(age, edges, labels=[name for _, name in TENURE], right=False)
    texts = {name: sessions[name].astype("string") for name in GROUPS[:-1]}
    return sessions.drop(columns=["age"]).assign(**texts, tenure=named.astype("string"))
