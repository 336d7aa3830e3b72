"""Everything measured once that the rules of all kinds share."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.daily import Daily, weekly_ends
from helpers.anomalies.ensemble import Votes, risk_votes
from helpers.anomalies.presence import Presence, find_presence
from helpers.anomalies.signals import Activity, Cube
from helpers.anomalies.surprise import SETTLED_DAYS, Surprise, account_age, measure
from helpers.anomalies.trend import Trend, find_trend
from helpers.engine import day_number

__all__ = ["MIN_HISTORY_DAYS", "Scene", "corroboration", "make_ends", "make_scene"]

Array = NDArray[np.float64]

WEEK = 7
MIN_HISTORY_DAYS = 42
"""Days before the first end that is judged."""
SLOW_SIGNALS = (
    *("events", "logins", "active_users", "core_events", "features_used"),
    *("collaboration", "integrations", "errors", "tickets"),
)
"""Signals that are also measured over windows other than a week."""
TREND_SIGNALS = ("logins", "active_users", "events")
"""The least noisy measures of use first; the first two that are there are tested for trends."""
PRESENCE_DAYS = (7, 14)
CORROBORATES_P = 0.01
FALLS, RISES = -0.2, 0.5
"""Relative changes from which a signal bears another one out, if its p-value is small enough."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the rules look at; arrays over accounts and ends unless said.

    Parameters
    ----------
    activity : Activity
    ends : ndarray of int, (n_ends,)
        Day positions, rising.
    is_weekly, is_review : ndarray of bool, (n_ends,)
        Ends of the weekly history, and of the days under review.
    windows : mapping of length to Surprise
        Measured over windows of so many days; 7 is always there, with all signals.
    trends : mapping of signal to Trend
        Slow declines, tested at weekly ends.
    daily : Daily
    votes : Votes
        The ensemble's vote on "worse than normal".
    presence : mapping of window length to Presence
        Who came, for windows of 7 and 14 days.
    backing : ndarray of bool, (n_signals, n_accounts, n_ends)
        Which signals of ``week`` are off in the direction that worries, over any window.
    """

    activity: Activity
    ends: NDArray[np.intp]
    is_weekly: NDArray[np.bool_]
    is_review: NDArray[np.bool_]
    windows: dict[int, Surprise]
    trends: dict[str, Trend]
    daily: Daily
    votes: Votes
    presence: dict[int, Presence]
    backing: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int]:
        """(n_accounts, n_ends)."""
        return len(self.activity.accounts), len(self.ends)

    @property
    def week(self) -> Surprise:
        """Windows of 7 days, with all signals."""
        return self.windows[WEEK]

    @property
    def longest(self) -> Surprise:
        """The longest windows."""
        return self.windows[max(self.windows)]

    @property
    def first_review_day(self) -> int:
        """Position of the first day whose flags are under review."""
        review = self.ends[self.is_review]
        return int(review[0]) if len(review) else len(self.activity.days) + 1

    @property
    def usable(self) -> NDArray[np.bool_]:
        """The account was there for the whole week and has a baseline."""
        return self.week.plan.usable


def make_ends(
    n_days: int, *, review_days: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the ends that are judged: whole weeks back from the last day, and each review day.

    Returns
    -------
    ends : ndarray of int, rising
    is_weekly, is_review : ndarray of bool
        An end is a review end if its window's last day is one of the last ``review_days``.
    """
    weekly = weekly_ends(n_days, first=MIN_HISTORY_DAYS)
    first = max(n_days - review_days + 1, MIN_HISTORY_DAYS)
    review = np.arange(first, n_days + 1, dtype=np.intp)
    ends = np.union1d(weekly, review).astype(np.intp)
    return ends, np.isin(ends, weekly), np.isin(ends, review)


def make_scene(
    activity: Activity,
    daily: Daily,
    *,
    review_days: int = 28,
    baseline_days: int = 90,
    windows_days: tuple[int, ...] = (7, 14, 28),
    hidden: dict[str, NDArray[np.bool_]] | None = None,
    seed: int = 0,
) -> Scene:
    """Measure all signals at all ends.

    Parameters
    ----------
    activity : Activity
    daily : Daily
        Of ``events`` at least, over the whole history.
    review_days, baseline_days : int
    windows_days : tuple of int
        Windows in which falls are looked for; 1 is daily, 7 weekly, 28 monthly.
    hidden : mapping of signal to ndarray of bool, (n_days,), optional
        Days of company-wide incidents.
    seed : int
        Of the isolation forest.

    Returns
    -------
    Scene
    """
    ends, is_weekly, is_review = make_ends(len(activity.days), review_days=review_days)
    slow = _only(activity.signals, SLOW_SIGNALS)
    windows = {
        days: measure(
            activity,
            activity.signals if days == WEEK else slow,
            ends=ends,
            window_days=days,
            baseline_days=baseline_days,
            hidden=hidden,
        )
        for days in sorted({WEEK, *windows_days})
    }
    trends = _trends(activity, ends, is_weekly)
    votes = risk_votes(
        windows[WEEK],
        activity.catalogue,
        trends=[trend.p for trend in trends.values()],
        days=ends + day_number(activity.days[0]),
        is_weekly=is_weekly,
        seed=seed,
    )
    scene = Scene(
        activity=activity,
        ends=ends,
        is_weekly=is_weekly,
        is_review=is_review,
        windows=windows,
        trends=trends,
        daily=daily,
        votes=votes,
        presence={days: find_presence(activity, ends, window_days=days) for days in PRESENCE_DAYS},
        backing=np.zeros((len(activity.signals.names), len(activity.accounts), len(ends)), bool),
    )
    return replace(scene, backing=_backing(scene))


def _trends(
    activity: Activity, ends: NDArray[np.intp], is_weekly: NDArray[np.bool_]
) -> dict[str, Trend]:
    """Test for slow declines at weekly ends; elsewhere NaN, since a day changes no trend."""
    out = {}
    settled = account_age(activity, ends[is_weekly]) >= SETTLED_DAYS
    known = [name for name in TREND_SIGNALS if name in activity.signals.names][:2]
    for name in known:
        counts = activity.signals.of(name)
        weekly = find_trend(activity, counts, ends=ends[is_weekly], settled=settled)
        filled = {}
        for key in ("p", "slope", "weeks"):
            filled[key] = np.full((len(activity.accounts), len(ends)), np.nan)
            filled[key][:, is_weekly] = getattr(weekly, key)
        out[name] = Trend(**filled)
    return out


def _only(cube: Cube, names: tuple[str, ...]) -> Cube:
    kept = [index for index, name in enumerate(cube.names) if name in names]
    return Cube(names=tuple(cube.names[index] for index in kept), counts=cube.counts[kept])


def _backing(scene: Scene) -> NDArray[np.bool_]:
    """Tell which signals are off in the direction that worries, over any window."""
    out = np.zeros((len(scene.week.names), *scene.shape), bool)
    for surprise in scene.windows.values():
        for index, name in enumerate(surprise.names):
            risk = scene.activity.signal(name).risk
            if not risk:
                continue
            change = surprise.ratio(name) - 1
            p = surprise.p_low[index] if risk == "down" else surprise.p_high[index]
            far = change <= FALLS if risk == "down" else change >= RISES
            row = scene.week.names.index(name)
            out[row] |= far & (np.where(np.isfinite(p), p, 1.0) <= CORROBORATES_P)
    return out


def corroboration(scene: Scene) -> Array:
    """Count the families of signals that are off in the direction that worries.

    Logins and sessions are one family: they move together by construction.

    Returns
    -------
    ndarray, (n_accounts, n_ends)
    """
    families = np.array([scene.activity.signal(name).family for name in scene.week.names])
    count = np.zeros(scene.shape)
    for family in sorted(set(families.tolist())):
        count += scene.backing[families == family].any(axis=0)
    return count
