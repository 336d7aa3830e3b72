"""From flagged days to alerts: one a kind's episode, then one an account, direction and time."""

from typing import Any

import numpy as np
import pandas as pd

from helpers.anomalies.kinds.catalogue import KINDS
from helpers.anomalies.severity import LEVELS, rank_of

__all__ = ["fold", "to_episodes"]

GAP_DAYS = 14
"""Flagged days of one kind further apart than that are two episodes."""
FACT_GAP_DAYS = 28
"""A limit must have been kept for so long before passing it again is news."""
FOLD_DAYS = 21
"""Episodes of one account and direction that begin within so many days, or while an earlier one
goes on, are one story."""

_PRECEDENCE = {kind.name: number for number, kind in enumerate(KINDS)}
_FACTS = tuple(kind.name for kind in KINDS if not kind.statistical)


def to_episodes(rows: pd.DataFrame) -> pd.DataFrame:
    """Join the flagged ends of each account and kind into episodes.

    Parameters
    ----------
    rows : DataFrame
        One row a flagged account and end: ``account``, ``kind``, ``day`` (position of the end,
        the day after the window), ``severity``, ``p_value`` and whatever else.

    Returns
    -------
    DataFrame
        One row an episode: the columns of its strongest row (severity, then p-value, then the
        later one), and ``first_day``, ``last_day`` (positions of the first and last flagged
        window's end).
    """
    if rows.empty:
        return rows.assign(first_day=[], last_day=[])
    ordered = rows.sort_values(["account", "kind", "day"], ignore_index=True)
    same = ordered[["account", "kind"]].eq(ordered[["account", "kind"]].shift()).all(axis=1)
    gap = np.where(ordered["kind"].isin(_FACTS), FACT_GAP_DAYS, GAP_DAYS)
    new = ~same | (ordered["day"].diff() > gap)
    ordered["episode"] = new.cumsum()
    spans = ordered.groupby("episode")["day"].agg(first_day="min", last_day="max")
    strength = ordered.assign(
        rank=-rank_of(ordered["severity"]), p=ordered["p_value"].fillna(0.0), late=-ordered["day"]
    )
    best = strength.sort_values(["episode", "rank", "p", "late"]).drop_duplicates("episode")
    kept = best.drop(columns=["rank", "p", "late"]).merge(spans, on="episode", validate="1:1")
    return kept.sort_values(["account", "kind", "first_day"], ignore_index=True)


def fold(episodes: pd.DataFrame) -> pd.DataFrame:
    """Fold episodes of one account that begin together into one, good news apart from bad.

    Parameters
    ----------
    episodes : DataFrame
        From :func:`to_episodes`, with ``direction``, ``severity``, ``confidence`` and
        ``metrics`` (list).

    Returns
    -------
    DataFrame
        One row a story. The kind that comes first in the catalogue names it; ``also_kinds``
        lists the others, ``metrics`` all metrics, and severity and confidence are the highest.
        Two expansion signals together are high: they bear each other out. ``news_day`` is the
        day on which the story became as severe as it is.
    """
    if episodes.empty:
        return episodes.assign(also_kinds=[], news_day=[], metrics=[])
    ordered = episodes.assign(precedence=episodes["kind"].map(_PRECEDENCE)).sort_values(
        ["account", "first_day", "precedence"], ignore_index=True
    )
    ordered["good"] = ordered["direction"] == "expansion"
    ordered = ordered.sort_values(["account", "good"], kind="stable", ignore_index=True)
    stories: list[list[dict[str, Any]]] = []
    for record in ordered.to_dict("records"):
        row = {str(name): value for name, value in record.items()}
        last = stories[-1][0] if stories else None
        same = last and (last["account"], last["good"]) == (row["account"], row["good"])
        if same and row["first_day"] <= _until(stories[-1]):
            stories[-1].append(row)
        else:
            stories.append([row])
    return pd.DataFrame([_one_story(story) for story in stories]).drop(
        columns=["precedence", "good"]
    )


def _until(story: list[dict[str, Any]]) -> int:
    """Return the day up to which an episode that begins belongs to the story."""
    return max(story[0]["first_day"] + FOLD_DAYS, *(row["last_day"] for row in story))


def _one_story(rows: list[dict[str, Any]]) -> dict[str, Any]:
    ranked = sorted(rows, key=lambda row: (row["precedence"], row["first_day"]))
    lead = dict(ranked[0])
    kinds = list(dict.fromkeys(row["kind"] for row in ranked))
    lead["also_kinds"] = [kind for kind in kinds[1:] if kind != "unusual_mix"]
    highest = max(LEVELS.index(row["severity"]) for row in rows)
    strongest = [row for row in rows if row["severity"] == LEVELS[highest]]
    lead["news_day"] = min(row["first_day"] for row in strongest)
    if lead["direction"] == "expansion" and len(kinds) > 1:
        highest = max(highest, LEVELS.index("high"))
    lead["severity"] = LEVELS[highest]
    lead["confidence"] = max(row["confidence"] for row in rows)
    lead["first_day"] = min(row["first_day"] for row in rows)
    lead["last_day"] = max(row["last_day"] for row in rows)
    lead["metrics"] = list(dict.fromkeys(name for row in ranked for name in row["metrics"]))
    return lead
