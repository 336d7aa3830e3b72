"""The health score: six parts of an account's present, by written weights and anchors.

It runs from 0 to 100, higher is healthier, the opposite of the churn score. A part that is not
known (no survey answered, no ticket rated, too short a history) hands its weight to the parts
that are, and ``coverage`` says how much weight was present. An account that has left has no
health: the score of the past stays with its own date.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.scores.anchors import Anchors, weighted_score
from helpers.scores.readings import live_rows, reading
from helpers.scores.scale import HEALTH_DIRECTION, health_band, round_half_up

__all__ = ["COMPONENTS", "Component", "component_table", "health_scores"]

MIN_COVERAGE = 0.5
"""With less than half the weight known there is no score."""
MIN_PEERS = 20
"""So many live accounts show what a season does to everybody."""
NPS_LASTS_DAYS = 365
NEUTRAL_TONE = 55.0
"""Points for a ticket written without praise or complaint."""
ESCALATED_COSTS = 30.0
"""Points off the support part while an escalated ticket is open."""


@dataclass(frozen=True, kw_only=True)
class Component:
    """One part of the score.

    Parameters
    ----------
    name : str
        Column of the health table.
    weight : float
        Share of the score.
    meaning : str
        What is read, in words.
    unit : str
        Of the value that is put on the scale.
    anchors : Anchors
        Value to points.
    read : callable
        Features to values.
    """

    name: str
    weight: float
    meaning: str
    unit: str
    anchors: Anchors
    read: Callable[[pd.DataFrame], pd.Series]


def _usage_frequency(features: pd.DataFrame) -> pd.Series:
    account = reading(features, "active_days__n_30d") / 30
    person = reading(features, "stickiness_30d")
    return 7 * person.fillna(account)


def _feature_adoption(features: pd.DataFrame) -> pd.Series:
    every = reading(features, "adoption__share_90d")
    core = reading(features, "core_adoption__share_90d")
    return pd.concat([every, core], axis=1).mean(axis=1)


def _engagement_trend(features: pd.DataFrame) -> pd.Series:
    change = reading(features, "events__change_30d").clip(lower=-1.0)
    peers = change.where(live_rows(features)).groupby(features["as_of"])
    enough = peers.transform("count") >= MIN_PEERS
    usual = peers.transform("median").where(enough, 0.0).fillna(0.0).clip(lower=-0.9)
    return (1 + change) / (1 + usual) - 1


def _support_sentiment(features: pd.DataFrame) -> pd.Series:
    rating = Anchors(((1.0, 0.0), (3.0, 40.0), (5.0, 100.0)))
    tone = Anchors(((-1.0, 0.0), (0.0, NEUTRAL_TONE), (1.0, 100.0)))
    known = pd.concat(
        [
            rating.scale(reading(features, "csat__mean_90d")),
            tone.scale(reading(features, "ticket_sentiment__mean_90d")),
        ],
        axis=1,
    ).mean(axis=1)
    escalated = reading(features, "tickets_escalated_open__n") > 0
    known = known.mask(escalated & known.isna(), NEUTRAL_TONE)
    return (known - ESCALATED_COSTS * escalated).clip(lower=0.0)


def _team_activity(features: pd.DataFrame) -> pd.Series:
    people = reading(features, "users__n")
    return reading(features, "active_users__n_30d") / people.where(people > 0)


def _nps(features: pd.DataFrame) -> pd.Series:
    age = reading(features, "nps_age_days")
    return reading(features, "nps_last").where(~(age > NPS_LASTS_DAYS))


COMPONENTS = (
    Component(
        name="usage_frequency",
        weight=0.30,
        meaning="days a week on which a typical person is active, last 30 days",
        unit="days a week",
        anchors=Anchors(((0.0, 0.0), (1.0, 50.0), (4.0, 100.0))),
        read=_usage_frequency,
    ),
    Component(
        name="feature_adoption",
        weight=0.20,
        meaning="share of all features and of core features in use, averaged, last 90 days",
        unit="share",
        anchors=Anchors(((0.0, 0.0), (0.3, 50.0), (0.8, 100.0))),
        read=_feature_adoption,
    ),
    Component(
        name="engagement_trend",
        weight=0.20,
        meaning="change of events against the 30 days before, relative to the median account",
        unit="share",
        anchors=Anchors(((-0.5, 0.0), (0.0, 70.0), (0.25, 100.0))),
        read=_engagement_trend,
    ),
    Component(
        name="support_sentiment",
        weight=0.15,
        meaning="ratings and tone of tickets, last 90 days, less 30 while one is escalated",
        unit="points",
        anchors=Anchors(((0.0, 0.0), (100.0, 100.0))),
        read=_support_sentiment,
    ),
    Component(
        name="team_activity",
        weight=0.10,
        meaning="share of the account's people who were active, last 30 days",
        unit="share",
        anchors=Anchors(((0.0, 0.0), (0.3, 50.0), (0.8, 100.0))),
        read=_team_activity,
    ),
    Component(
        name="nps",
        weight=0.05,
        meaning="last answer to the recommendation survey, not older than a year",
        unit="0 to 10",
        anchors=Anchors(((0.0, 0.0), (6.0, 40.0), (8.0, 70.0), (10.0, 100.0))),
        read=_nps,
    ),
)
"""Weights of S4, anchors of our own: the usual rule of thumb at 50, a clear success at 100."""


def component_table() -> pd.DataFrame:
    """Return the written definition of the score: component, weight, meaning, unit, anchors."""
    rows = [
        {
            "component": part.name,
            "weight": part.weight,
            "meaning": part.meaning,
            "unit": part.unit,
            "anchors": str(part.anchors),
        }
        for part in COMPONENTS
    ]
    return pd.DataFrame(rows)


def health_scores(features: pd.DataFrame) -> pd.DataFrame:
    """Score the health of every account at every date of the feature table.

    Parameters
    ----------
    features : DataFrame, (n_rows, n_features)
        Feature table of 02: ``account_id``, ``as_of``, ``is_live`` and the features read by
        :data:`COMPONENTS`; those that are absent count as not known.

    Returns
    -------
    DataFrame, (n_rows, 12)
        ``account_id, as_of, health_score`` (rounded to 0.1; missing for accounts that have left
        or of which too little is known), ``health_band, coverage`` (share of the weight known),
        one column a component (0 to 100), ``direction``, ``reason`` for a missing score.
    """
    rows = features.sort_values(["as_of", "account_id"], ignore_index=True)
    live = live_rows(rows)
    parts = pd.DataFrame(
        {part.name: part.anchors.scale(part.read(rows)) for part in COMPONENTS}, index=rows.index
    )
    parts = parts.where(live)
    weights = {part.name: part.weight for part in COMPONENTS}
    score, coverage = weighted_score(parts, weights, min_coverage=MIN_COVERAGE)
    score = pd.Series(round_half_up(score, decimals=1), index=rows.index)
    reason = np.select(
        [~live, score.isna()],
        ["no longer a customer at this date", "less than half the weight is known"],
        "",
    )
    table = rows[["account_id", "as_of"]].assign(
        health_score=score, health_band=health_band(score), coverage=coverage.where(live)
    )
    parts = parts.apply(lambda column: pd.Series(round_half_up(column, decimals=1)))
    return table.join(parts).assign(direction=HEALTH_DIRECTION, reason=reason)
