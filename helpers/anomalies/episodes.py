"""From flagged days to alerts: one a kind's episode, then one an account, direction and time."""

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
"""Episodes of one account and direction that begin within so many days are one story."""

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
    """Fold episodes of one account and direction that begin together into one.

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
        Two expansion signals together are high: they bear each other out.
    """
    if episodes.empty:
        return episodes.assign(also_kinds=[])
    ordered = episodes.assign(precedence=episodes["kind"].map(_PRECEDENCE)).sort_values(
        ["account", "direction", "first_day", "precedence"], ignore_index=True
    )
    stories = []
    for _, group in ordered.groupby(["account", "direction"], sort=True):
        begins = group["first_day"].to_numpy()
        story, start = np.zeros(len(group), int), begins[0]
        for index in range(1, len(group)):
            if begins[index] - start > FOLD_DAYS:
                start, story[index:] = begins[index], story[index - 1] + 1
        stories += [_one_story(part) for _, part in group.groupby(story)]
    return pd.DataFrame(stories).reset_index(drop=True)


def _one_story(group: pd.DataFrame) -> pd.Series:
    ranked = group.sort_values(["precedence", "first_day"])
    lead = ranked.iloc[0].copy()
    others = [kind for kind in dict.fromkeys(ranked["kind"]) if kind != lead["kind"]]
    lead["also_kinds"] = [kind for kind in others if kind != "unusual_mix"]
    highest = int(rank_of(group["severity"]).max())
    if lead["direction"] == "expansion" and len(set(group["kind"])) > 1:
        highest = max(highest, LEVELS.index("high"))
    lead["severity"] = LEVELS[highest]
    lead["confidence"] = group["confidence"].max()
    lead["first_day"], lead["last_day"] = group["first_day"].min(), group["last_day"].max()
    lead["metrics"] = list(dict.fromkeys(m for metrics in ranked["metrics"] for m in metrics))
    return lead.drop(labels=["precedence"])
