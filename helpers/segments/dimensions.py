"""The dimensions in which accounts are compared, and the features behind each.

Clustering on every column would let twelve window variants of one count outvote the rest, and
large accounts would cluster with large accounts. So features are grouped by what they say into
a few named dimensions of equal weight, and counts are taken per active person. Who a customer
is (industry, size, plan) is no part of it.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["DIMENSIONS", "Dimension", "Ingredient"]

Transform = Literal["none", "log", "signed_log"]


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """One feature of a dimension.

    Parameters
    ----------
    feature : str
        Column of the feature table; with ``days`` the stem of a windowed one; or
        ``days_per_week`` (:func:`helpers.segments.readings.days_active_per_week`).
    days : int, optional
        Window wanted; the nearest one that the table has is read.
    transform : str
        ``none``; ``log`` for skewed values that are not negative; ``signed_log`` for changes.
        Values are divided by their typical size first, so that units do not matter.
    sign : int
        1 if more of it means more of the dimension, -1 if less.
    per_person : bool
        Divide by the active users of the same window (at least one), where users are known.
    """

    feature: str
    days: int | None = None
    transform: Transform = "none"
    sign: int = 1
    per_person: bool = False


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """A direction in which accounts differ, and what a missing value means there.

    Parameters
    ----------
    name, meaning : str
        For people.
    ingredients : tuple of Ingredient
        Averaged with equal weight after scaling; those that are missing do not count.
    missing : str
        What is assumed of an account for which all of them are missing.
    """

    name: str
    meaning: str
    ingredients: tuple[Ingredient, ...]
    missing: str = "as the median account"


def _i(feature: str, days: int | None = None, **rest: object) -> Ingredient:
    return Ingredient(feature=feature, days=days, **rest)  # type: ignore[arg-type]


DIMENSIONS = (
    Dimension(
        name="activity",
        meaning="how often and how intensely a typical person of the account uses the product",
        ingredients=(
            _i("days_per_week"),
            _i("active_weeks__share_90d"),
            _i("days_since_last_login", transform="log", sign=-1),
            _i("days_since_last_event", transform="log", sign=-1),
            _i("logins__n", 30, transform="log", per_person=True),
            _i("events__n", 30, transform="log", per_person=True),
            _i("session_minutes__mean", 90, transform="log"),
        ),
    ),
    Dimension(
        name="breadth",
        meaning="how much of the product is used",
        ingredients=(
            _i("adoption__share_90d"),
            _i("core_adoption__share_90d"),
            _i("features_used__n", 90, transform="log"),
            _i("premium_features_used__n", 90, transform="log"),
            _i("feature_entropy_90d"),
        ),
    ),
    Dimension(
        name="trend",
        meaning="whether use rises or falls against the account's own past",
        ingredients=(
            _i("events__change_30d", transform="signed_log"),
            _i("logins__change_30d", transform="signed_log"),
            _i("wau__change_30d", transform="signed_log"),
            _i("events__slope_90d"),
            _i("events__share_of_peak"),
        ),
        missing="as the median account: a short history shows no trend",
    ),
    Dimension(
        name="support load",
        meaning="tickets, escalations and errors for the use there is",
        ingredients=(
            _i("tickets__n", 90, transform="log", per_person=True),
            _i("tickets_escalated__n_90d", transform="log"),
            _i("errors__n", 90, transform="log", per_person=True),
        ),
    ),
    Dimension(
        name="satisfaction",
        meaning="what people say: surveys, ratings of support, tone of tickets",
        ingredients=(
            _i("nps_last"),
            _i("csat__mean_90d"),
            _i("csat_survey__mean_180d"),
            _i("ticket_sentiment__mean_90d"),
        ),
        missing="as the median account: who was not asked is neither content nor angry",
    ),
    Dimension(
        name="onboarding",
        meaning="whether the account is finding its way: no history, exploring, asking for help",
        ingredients=(
            _i("is_short_history"),
            _i("exploration__share_30d"),
            _i("help__n", 30, transform="log", per_person=True),
        ),
    ),
    Dimension(
        name="relationship",
        meaning="whether people answer us and take part: messages, training, community, champion",
        ingredients=(
            _i("message_open__rate_90d"),
            _i("message_reply__rate_90d"),
            _i("learning__n_90d", transform="log", per_person=True),
            _i("community__n_90d", transform="log", per_person=True),
            _i("champion_left_90d", sign=-1),
        ),
    ),
)
"""In the order in which they are shown."""
