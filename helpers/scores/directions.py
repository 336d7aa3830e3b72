"""Which way each input may move a score: what is known before any data are seen.

Nobody who runs a customer base believes that unanswered tickets keep customers. With a hundred
departures to learn from, chance gives a third of forty coefficients the wrong sign; a model that
may not use them ranks later dates better, and never tells a manager that a customer is at risk
because it uses more features. An input without an entry may go either way, and so may "not known".

References
----------
Slawski, Hein (2013), *Electronic Journal of Statistics* 7, 3004-3056, on sign constraints as a
regulariser.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["BESIDE", "DIRECTIONS", "directions_of"]

BESIDE = "ticket_beside__"
"""Beginning of the inputs that say of one feature of the product: a ticket around its use."""


def _signs(raises: str, lowers: str = "") -> dict[str, int]:
    return dict.fromkeys(raises.split(), 1) | dict.fromkeys(lowers.split(), -1)


DIRECTIONS: dict[str, dict[str, int]] = {
    "churned": _signs(
        raises="""
        ticket_beside__
        days_since_last_login days_since_last_event longest_gap_days_90d errors__change_30d
        error_rate__30d tickets__n_30d tickets__n_90d tickets_escalated_open__n
        tickets_escalated__n_90d users_removed__n_30d power_user_days_since
        admin_days_since_active champion_left_90d pricing_page__n_30d competitor_search__n_90d
        overdue__n late_invoices__share_365d days_late__mean_365d features_abandoned__n_30d
        is_trial exports__n_30d
        """,
        lowers="""
        logins__change_30d logins_per_week_90d events__change_30d events__slope_90d
        events__share_of_peak stickiness_30d active_weeks__share_90d session_minutes__mean_90d
        adoption__share_90d core_adoption__share_90d features_used__change_30d csat__mean_90d
        ticket_sentiment__mean_90d active_users__n_30d active_users__change_30d nps_last
        message_open__rate_90d invites__n_30d seats__share
        """,
    ),
    "upgraded": _signs(
        raises="""
        invites__n_30d users_added__n_30d seats__share storage__share api__share
        limit_hits__n_30d premium_features_used__n_30d events__change_30d events__slope_90d
        active_users__change_30d nps_last csat__mean_90d
        """,
    ),
    "silent": _signs(
        raises="weeks_since_active",
        lowers="""
        active_weeks__share active_days__mean active_days__last active_days__trend
        active_users__change message_open__rate_90d peers_active__share
        """,
    ),
}
"""Outcome to input to +1 (more of it, more of the outcome) or -1."""


def directions_of(target: str, names: Iterable[str]) -> NDArray[np.float64]:
    """Return +1, -1 or 0 (either way) for each input of a model of one outcome."""
    known = DIRECTIONS.get(target, {})
    return np.array([known.get(_family(name), 0) for name in names], dtype=np.float64)


def _family(name: str) -> str:
    """Return the part of a name before the feature of the product that it is about."""
    beginning, mark, _ = name.partition(BESIDE)
    return beginning + mark
