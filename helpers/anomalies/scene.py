"""Everything measured once that the rules of all kinds share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.daily import HABIT_WEEKS, MIN_HISTORY_DAYS, Daily, learn_days
from helpers.anomalies.ensemble import Votes, risk_votes
from helpers.anomalies.presence import Presence, find_presence
from helpers.anomalies.reference import Reference
from helpers.anomalies.signals import Activity, Cube
from helpers.anomalies.surprise import SETTLED_DAYS, Surprise, account_age, measure
from helpers.anomalies.trend import SPANS, Trend, find_trend
from helpers.anomalies.windows import weeks_turn
from helpers.engine import day_number

__all__ = [
    "SHARE_DAYS",
    "Carried",
    "Scene",
    "corroboration",
    "days_needed",
    "make_ends",
    "make_scene",
]

Array = NDArray[np.float64]

WEEK = 7
SLOW_SIGNALS = (
    *("events", "logins", "active_users", "core_events", "features_used"),
    *("collaboration", "integrations", "errors", "tickets"),
)
"""Signals that are also measured over windows other than a week."""
RHYTHM, SHARE_DAYS = ("off_hours",), (7, 14)
"""What tells a rhythm, and the windows in which its share is looked at."""
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
        Of all events.
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
    days: pd.DatetimeIndex, *, review_days: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the ends that are judged: every Monday, each day under review and the week before.

    That week tells what is news in the days under review and what had begun before.

    Parameters
    ----------
    days : DatetimeIndex, (n_days,)
    review_days : int

    Returns
    -------
    ends : ndarray of int, rising
    is_weekly, is_review : ndarray of bool
        An end is a review end if its window's last day is one of the last ``review_days``.
    """
    n_days = len(days)
    every = np.arange(MIN_HISTORY_DAYS, n_days + 1, dtype=np.intp)
    weekly, review = weeks_turn(days, every), every > n_days - review_days
    judged = weekly | (every > n_days - review_days - WEEK)
    return every[judged], weekly[judged], review[judged]


@dataclass(kw_only=True)
class Carried:
    """What judging earlier ends taught, for the ends that follow; brought up to date in place.

    Parameters
    ----------
    ages : dict of str to ndarray, (2, n_bands)
        By window and signal, see :func:`helpers.anomalies.surprise.lifecycle`.
    reference : Reference
        Account-weeks that others are ranked among.
    """

    ages: dict[str, Array] = field(default_factory=dict)
    reference: Reference = field(default_factory=Reference)


def days_needed(*, baseline_days: int, windows_days: tuple[int, ...]) -> int:
    """Return how many days before an end its verdict may look at."""
    longest = max(WEEK, *windows_days, *PRESENCE_DAYS)
    daily = WEEK * (3 * HABIT_WEEKS + 4) + baseline_days
    return max(daily, longest + baseline_days + WEEK, WEEK * (max(SPANS) + 2))


def make_scene(
    activity: Activity,
    ends: tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.bool_]],
    *,
    baseline_days: int = 90,
    windows_days: tuple[int, ...] = (7, 14, 28),
    hidden: Mapping[str, NDArray[np.bool_]] | None = None,
    seed: int = 0,
    carried: Carried | None = None,
) -> Scene:
    """Measure all signals at some ends.

    Parameters
    ----------
    activity : Activity
    ends : tuple of ndarray
        Some of :func:`make_ends`, one after the other.
    baseline_days : int
    windows_days : tuple of int
        Windows in which falls are looked for; 1 is daily, 7 weekly, 28 monthly.
    hidden : mapping of signal to ndarray of bool, (n_days,), optional
        Days of company-wide incidents.
    seed : int
        Of the isolation forest.
    carried : Carried, optional
        From the ends before; nothing came before by default.

    Returns
    -------
    Scene
    """
    at, is_weekly, is_review = ends
    known = Carried() if carried is None else carried
    windows = {
        days: measure(
            activity,
            activity.signals,
            names=None
            if days == WEEK
            else (*SLOW_SIGNALS, *(RHYTHM if days in SHARE_DAYS else ())),
            ends=at,
            window_days=days,
            baseline_days=baseline_days,
            hidden=hidden,
            ages=known.ages,
        )
        for days in sorted({WEEK, *windows_days})
    }
    trends = _trends(activity, at, is_weekly)
    votes = risk_votes(
        windows[WEEK],
        activity.catalogue,
        trends=[trend.p for trend in trends.values()],
        days=at + day_number(activity.days[0]) if len(at) else at,
        is_weekly=is_weekly,
        seed=seed,
        reference=known.reference,
    )
    scene = Scene(
        activity=activity,
        ends=at,
        is_weekly=is_weekly,
        is_review=is_review,
        windows=windows,
        trends=trends,
        daily=_events_by_day(activity, at, baseline_days),
        votes=votes,
        presence={days: find_presence(activity, at, window_days=days) for days in PRESENCE_DAYS},
        backing=np.zeros((len(activity.signals.names), len(activity.accounts), len(at)), bool),
    )
    return replace(scene, backing=_backing(scene))


def _events_by_day(activity: Activity, ends: NDArray[np.intp], baseline_days: int) -> Daily:
    """Learn what to expect of each day that the ends look at, and of the week before."""
    events = Cube(names=("events",), counts=activity.signals.of("events")[None])
    n_days = len(activity.days)
    first = int(ends[0]) - 2 * WEEK if len(ends) else n_days
    weeks = -(-(n_days - first) // WEEK) + 1
    return learn_days(activity, events, baseline_days=baseline_days, last_weeks=weeks)


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
