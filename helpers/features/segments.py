"""Stretches of days between the edges of windows: summed once, put together for every window.

The edges are the days at which some window of some as-of date begins. Between two edges no window
begins or ends, so the days in between are summed once an account, and each window of each date is
the sum of whole segments. A long history before the first window is one segment.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from helpers.engine.staging import ROLES
from helpers.features.feature import Feature
from helpers.features.population import Context

__all__ = ["edges_of", "of_segments", "stage_segments"]

_AGE = re.compile(r"\bage_days\b(?: <= (\d+)| BETWEEN (\d+) AND (\d+))?")
_SUMS = ("n_events", "n_night", "millis", "n_core", "n_visits", "n_clocked", "visit_ms", "span_ms",
         *(f"n_{role}" for role in ROLES))  # fmt: skip


def edges_of(features: Iterable[Feature]) -> tuple[int, ...]:
    """Return the ages at which the windows of features over ``day`` begin or end.

    Raises
    ------
    ValueError
        If a feature asks for the age of a day in another form than ``<= n`` or
        ``BETWEEN n AND m``: a segment has no such age.
    """
    ages: set[int] = set()
    for feature in features:
        if feature.over != "day":
            continue
        for found in _AGE.finditer(feature.sql):
            within, first, last = found.groups()
            if within is None and first is None:
                raise ValueError(
                    f"{feature.name}: a feature over days knows age_days only as "
                    f"`<= n` or `BETWEEN n AND m`, got {feature.sql!r}."
                )
            ages |= {int(within)} if within else {int(first) - 1, int(last)}
    return tuple(sorted(ages))


def stage_segments(context: Context, features: Sequence[Feature]) -> None:
    """Make ``segment_day``, ``segment_age``, ``day_run`` and ``account_segment``.

    A segment is named by its first day, and its age before a cutoff is that of its first day: it
    lies within a window if that day does.
    """
    engine = context.engine
    days, ages = _calendar(context, edges_of(features))
    engine.insert("segment_day", days)
    engine.insert("segment_age", ages)
    engine.table(
        "day_run",
        """
        SELECT account_no, day,
               day - LAG(day) OVER (PARTITION BY account_no ORDER BY day) - 1 AS gap_days,
               CAST(SUM(n_events) OVER (
                   PARTITION BY account_no ORDER BY day RANGE BETWEEN 27 PRECEDING AND CURRENT ROW
               ) AS BIGINT) AS best_28d
        FROM account_day
        """,
    )
    sums = ", ".join(f"CAST(SUM(d.{name}) AS BIGINT) AS {name}" for name in _SUMS)
    engine.table(
        "account_segment",
        f"""
        SELECT d.account_no, s.segment, COUNT(*) AS n_days, {sums},
               CAST(SUM(d.n_events * s.is_weekend) AS BIGINT) AS n_weekend,
               MAX(r.best_28d) AS best_28d, MAX(d.day) AS last_day,
               MAX(CASE WHEN d.n_login > 0 THEN d.day END) AS last_login_day,
               MIN(CASE WHEN d.n_core > 0 THEN d.day END) AS first_core_day,
               MIN(CASE WHEN d.n_invite > 0 THEN d.day END) AS first_invite_day
        FROM account_day d
        JOIN day_run r ON r.account_no = d.account_no AND r.day = d.day
        JOIN segment_day s ON s.day = d.day
        GROUP BY d.account_no, s.segment
        """,
    )


def _calendar(context: Context, ages: Sequence[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return each day's segment, and each segment's age before each cutoff."""
    cutoffs = np.array(context.cutoffs)
    first = min(context.history.first_day, min(context.cutoffs) - 1)
    day = np.arange(first, cutoffs.max())
    edges = np.unique([first, *(cutoffs[:, None] - np.array([0, *ages])).ravel()])
    edges = edges[edges >= first]
    start = edges[np.searchsorted(edges, day, side="right") - 1]
    days = pd.DataFrame({"day": day, "segment": start, "is_weekend": (day + 3) % 7 >= 5})
    segment, cutoff = (part.ravel() for part in np.meshgrid(np.unique(start), cutoffs))
    ages_then = pd.DataFrame({"segment": segment, "cutoff": cutoff, "age_days": cutoff - segment})
    return days.astype("int32"), ages_then[ages_then["age_days"] > 0].astype("int32")


def of_segments(context: Context) -> str:
    """Query for the segments of each account before each cutoff."""
    since = context.engine.value("SELECT MIN(day) FROM account_day WHERE n_clocked > 0")
    length, clocked = "g.span_ms", "g.n_visits"  # of visits without any recorded time
    if since is not None:
        length = f"CASE WHEN p.cutoff > {since} THEN g.visit_ms ELSE g.span_ms END"
        clocked = f"CASE WHEN p.cutoff > {since} THEN g.n_clocked ELSE g.n_visits END"
    counts = ", ".join(f"g.n_{role}" for role in ROLES)
    return f"""
        SELECT p.account_no, p.cutoff, p.age_days AS account_age, p.observed_days, c.age_days,
               p.cutoff - g.last_day AS last_age, p.cutoff - g.last_login_day AS login_age,
               g.first_core_day - p.signup_day AS core_after_days,
               g.first_invite_day - p.signup_day AS invite_after_days,
               g.best_28d, g.n_days, g.n_events, g.n_weekend, g.n_night, g.millis, g.n_core,
               g.n_visits, {length} AS length_ms, {clocked} AS n_timed, {counts}
        FROM account_segment g JOIN segment_age c ON c.segment = g.segment
        JOIN population p ON p.account_no = g.account_no AND p.cutoff = c.cutoff
        """
