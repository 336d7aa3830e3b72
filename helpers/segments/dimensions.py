"""The dimensions in which accounts are compared, and the features behind each.

Clustering on every column would let twelve window variants of one count outvote the rest, and
large accounts would cluster with large accounts. So features are grouped by what they say into
a few named dimensions, and counts are taken per active person. What people do in the product
counts in full; how they answer us and whether they are still finding their way count half. Who a
customer is (size, price) is no part of it unless asked for (:data:`FIRMOGRAPHICS`).
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["DIMENSIONS", "FIRMOGRAPHICS", "Dimension", "Ingredient"]

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
    absent : str
        What a missing value means, where it means something ("never logged in"): it is then the
        worst value there is, not the middle one. Only where the feature is known of others.
    fallback : bool
        Only where no other ingredient of the dimension can be had: a noisier view of the same.
    """

    feature: str
    days: int | None = None
    transform: Transform = "none"
    sign: int = 1
    per_person: bool = False
    absent: str = ""
    fallback: bool = False


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
    weight : float
        Of a robust standard deviation in this dimension against one in another.
    behaviour : bool
        False for who the customer is: refused unless asked for by name.
    """

    name: str
    meaning: str
    ingredients: tuple[Ingredient, ...]
    missing: str = "as the median account"
    weight: float = 1.0
    behaviour: bool = True


def _i(feature: str, days: int | None = None, **rest: object) -> Ingredient:
    return Ingredient(feature=feature, days=days, **rest)  # type: ignore[arg-type]


DIMENSIONS = (
    Dimension(
        name="activity",
        meaning="how often a typical person of the account uses the product",
        ingredients=(
            _i("days_per_week"),
            _i("active_weeks__share_90d"),
            _i("days_since_last_login", transform="log", sign=-1, absent="never logged in"),
            _i("days_since_last_event", transform="log", sign=-1, absent="never did anything"),
            _i("logins__n", 30, transform="log", per_person=True),
        ),
    ),
    Dimension(
        name="intensity",
        meaning="how long a visit lasts",
        ingredients=(_i("session_minutes__mean", 30, transform="log"),),
    ),
    Dimension(
        name="breadth",
        meaning="how much of the product is used now",
        ingredients=(
            _i("features_used__n", 30, transform="log"),
            _i("core_features_used__n", 30),
            _i("premium_features_used__n", 30, transform="log"),
        ),
    ),
    Dimension(
        name="trend",
        meaning="whether use rises or falls against the account's own past",
        ingredients=(
            _i("events__share_of_peak", transform="log"),
            _i("events__slope_90d"),
            _i("events__change_30d", transform="signed_log", fallback=True),
            _i("logins__change_30d", transform="signed_log", fallback=True),
            _i("wau__change_30d", transform="signed_log", fallback=True),
        ),
        missing="as the median account: a short history shows no trend",
    ),
    Dimension(
        name="support load",
        meaning="tickets, escalations and errors for the use there is",
        ingredients=(
            _i("tickets__n", 90, transform="log", per_person=True),
            _i("tickets_escalated__n_90d", transform="log"),
            _i("error_rate_", 90, transform="log"),
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
        meaning="whether the account is finding its way: exploring, asking for help",
        weight=0.5,
        ingredients=(
            _i("exploration__share_30d"),
            _i("help__n", 30, transform="log", per_person=True),
        ),
    ),
    Dimension(
        name="relationship",
        meaning="whether people answer us and take part: messages, training, community, champion",
        weight=0.5,
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

FIRMOGRAPHICS = (
    Dimension(
        name="size",
        meaning="how large the customer is: people employed, seats, revenue",
        behaviour=False,
        ingredients=(
            _i("employees", transform="log"),
            _i("seats", transform="log"),
            _i("mrr", transform="log"),
        ),
    ),
)
"""Who the customer is; compared only where the switch is on."""
