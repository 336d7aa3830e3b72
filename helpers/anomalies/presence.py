"""Who came: active days of every user before and in a window, and who came regularly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.signals import Activity
from helpers.anomalies.windows import cumulative, sums, totals

__all__ = ["BASE_WEEKS", "REGULAR_WEEKS", "Presence", "find_presence", "seen_share"]

BASE_WEEKS, REGULAR_WEEKS = 8, 6
"""A regular user was active in at least six of the eight weeks before the window."""


@dataclass(frozen=True, kw_only=True)
class Presence:
    """Users before and in a window; arrays are (n_users, n_ends).

    Parameters
    ----------
    weeks : ndarray
        Weeks with activity, of the ``BASE_WEEKS`` before the window.
    days : ndarray
        Active days in those weeks.
    now : ndarray
        Active days in the window.
    """

    weeks: NDArray[np.float64]
    days: NDArray[np.float64]
    now: NDArray[np.float64]

    @property
    def regular(self) -> NDArray[np.bool_]:
        """Who came in six of the eight weeks before."""
        return self.weeks >= REGULAR_WEEKS


def seen_share(
    activity: Activity, ends: NDArray[np.intp], *, window_days: int
) -> NDArray[np.float64]:
    """Share of each window's days on which the source delivered: (n_ends,).

    Who was not seen on a lost day may have been there.
    """
    return np.asarray(sums(cumulative(activity.observed), ends, window_days) / window_days)


def find_presence(activity: Activity, ends: NDArray[np.intp], *, window_days: int) -> Presence:
    """Count active days of every user at every end.

    Parameters
    ----------
    activity : Activity
    ends : ndarray of int, (n_ends,)
    window_days : int

    Returns
    -------
    Presence
    """
    active = totals(activity.user_days > 0, ends, window_days + 7 * BASE_WEEKS)
    weeks = np.zeros((len(activity.user_days), len(ends)))
    days = np.zeros_like(weeks)
    for week in range(BASE_WEEKS):
        found = active.over(ends - window_days - 7 * week, 7)
        weeks += found > 0
        days += found
    return Presence(weeks=weeks, days=days, now=active.over(ends, window_days))
