"""Which accounts are ready for more: an opportunity score of six parts.

The score is a written rule, 0 to 100, higher is more opportunity, so that it works before anybody
has upgraded. How well it ranks those who did is measured in :mod:`helpers.scores.upgrades`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.scores.anchors import Anchors, weighted_score
from helpers.scores.inputs import in_words
from helpers.scores.readings import live_rows, reading
from helpers.scores.scale import round_half_up

__all__ = ["PARTS", "Part", "expansion_scores", "part_table"]

MIN_COVERAGE = 0.4
TOLD = 50.0
"""A part from so many points on is given as a reason."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the opportunity score.

    Parameters
    ----------
    name : str
        Column of the expansion table.
    weight : float
        Share of the score.
    meaning : str
        In words.
    signals : tuple of (feature, anchors, phrase)
        Each puts one feature on the scale; the part is the highest of them that is known, for
        one good reason is enough. The phrase tells its value.
    """

    name: str
    weight: float
    meaning: str
    signals: tuple[tuple[str, Anchors, str], ...]


def _up(*points: tuple[float, float]) -> Anchors:
    return Anchors(points)


_LIMIT = _up((0.5, 0.0), (0.8, 60.0), (1.0, 100.0))

PARTS = (
    Part(
        name="limit_proximity",
        weight=0.25,
        meaning="how much of the seats, storage or API calls of the plan is used",
        signals=(
            ("seats__share", _LIMIT, "{x:.0%} of seats in use"),
            ("storage__share", _LIMIT, "{x:.0%} of storage in use"),
            ("api__share", _LIMIT, "{x:.0%} of API calls in use"),
            ("limit_hits__n_30d", _up((0, 0), (5, 100)), "limits hit in 30 days: {x:,.0f}"),
        ),
    ),
    Part(
        name="premium_interest",
        weight=0.15,
        meaning="use of features of higher tiers, visits to the pricing page",
        signals=(
            (
                "premium_features_used__n_30d",
                _up((0, 0), (1, 50), (3, 100)),
                "premium features in use: {x:,.0f}",
            ),
            (
                "pricing_page__n_30d",
                _up((0, 0), (2, 50), (6, 100)),
                "pricing-page visits in 30 days: {x:,.0f}",
            ),
        ),
    ),
    Part(
        name="usage_growth",
        weight=0.20,
        meaning="growth of use",
        signals=(
            ("events__change_30d", _up((0.0, 0.0), (0.2, 60.0), (0.5, 100.0)), "use {x:+.0%}"),
            (
                "events__slope_90d",
                _up((0.0, 0.0), (0.03, 70.0), (0.06, 100.0)),
                "use {x:+.1%} a week over 12 weeks",
            ),
        ),
    ),
    Part(
        name="company_growth",
        weight=0.20,
        meaning="growth of the team and of the customer's company",
        signals=(
            ("invites__n_30d", _up((0, 0), (3, 50), (6, 100)), "invitations in 30 days: {x:,.0f}"),
            ("users_added__n_30d", _up((0, 0), (4, 50), (10, 100)), "people added: {x:,.0f}"),
            (
                "headcount_growth_180d",
                _up((0.0, 0.0), (0.1, 60.0), (0.3, 100.0)),
                "headcount {x:+.0%}",
            ),
            ("funding_180d", _up((0, 0), (1, 100)), "new funding"),
            ("job_postings_90d", _up((0, 0), (5, 60), (20, 100)), "job postings: {x:,.0f}"),
        ),
    ),
    Part(
        name="engagement",
        weight=0.10,
        meaning="regular use by the team",
        signals=(
            (
                "stickiness_30d",
                _up((0.0, 0.0), (0.15, 50.0), (0.55, 100.0)),
                "people active {x:.0%} of days",
            ),
            (
                "adoption__share_90d",
                _up((0.0, 0.0), (0.3, 50.0), (0.8, 100.0)),
                "{x:.0%} of features in use",
            ),
        ),
    ),
    Part(
        name="satisfaction",
        weight=0.10,
        meaning="survey answers and support ratings",
        signals=(
            ("nps_last", _up((5.0, 0.0), (8.0, 70.0), (10.0, 100.0)), "NPS answer {x:.0f} of 10"),
            (
                "csat__mean_90d",
                _up((2.0, 0.0), (4.0, 70.0), (5.0, 100.0)),
                "support rated {x:.1f} of 5",
            ),
        ),
    ),
)


def part_table() -> pd.DataFrame:
    """Return the written definition: part, weight, meaning, signals and anchors."""
    rows = [
        {
            "part": part.name,
            "weight": part.weight,
            "meaning": part.meaning,
            "signals": "; ".join(f"{name}: {anchors}" for name, anchors, _ in part.signals),
        }
        for part in PARTS
    ]
    return pd.DataFrame(rows)


def expansion_scores(features: pd.DataFrame) -> pd.DataFrame:
    """Score the opportunity of every live account at every date.

    Parameters
    ----------
    features : DataFrame
        Feature table of 02.

    Returns
    -------
    DataFrame
        ``account_id, as_of, opportunity_score`` (0 to 100, higher = more opportunity, missing
        where less than 40 % of the weight is known), ``coverage``, one column a part,
        ``reasons`` (list of text, strongest first).
    """
    rows = features[live_rows(features)].sort_values(["as_of", "account_id"], ignore_index=True)
    points, words = {}, {}
    for part in PARTS:
        points[part.name], words[part.name] = _read(part, rows)
    parts = pd.DataFrame(points, index=rows.index)
    weights = {part.name: part.weight for part in PARTS}
    score, coverage = weighted_score(parts, weights, min_coverage=MIN_COVERAGE)
    table = rows[["account_id", "as_of"]].assign(
        opportunity_score=pd.Series(round_half_up(score, decimals=1), index=rows.index),
        coverage=coverage,
    )
    shown = parts.apply(lambda column: pd.Series(round_half_up(column, decimals=1)))
    return table.join(shown).assign(reasons=_reasons(parts, pd.DataFrame(words), weights))


def _read(part: Part, rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the points of a part, and the words of the signal that gave them."""
    best = pd.Series(np.nan, index=rows.index)
    words = pd.Series("", index=rows.index, dtype="object")
    for feature, anchors, phrase in part.signals:
        values = reading(rows, feature)
        scored = anchors.scale(values)
        better = scored.notna() & (best.isna() | (scored > best))
        best = best.mask(better, scored)
        told = [
            in_words(phrase, x) if strong else ""
            for x, strong in zip(values, scored >= TOLD, strict=True)
        ]
        words = words.mask(better, pd.Series(told, index=rows.index, dtype="object"))
    return best, words


def _reasons(parts: pd.DataFrame, words: pd.DataFrame, weights: dict[str, float]) -> pd.Series:
    given = (parts.fillna(0.0) * pd.Series(weights)).to_numpy(float)
    order = np.argsort(-given, axis=1, kind="stable")
    told = words[list(parts.columns)].to_numpy(object)
    lists = [[told[row, at] for at in order[row] if told[row, at]] for row in range(len(told))]
    return pd.Series(lists, index=parts.index, dtype="object")
