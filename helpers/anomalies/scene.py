"""Everything measured once that the rules of all kinds share."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.daily import Daily, weekly_ends
from helpers.anomalies.ensemble import Votes, risk_votes
from helpers.anomalies.signals import Activity, Cube
from helpers.anomalies.surprise import SETTLED_DAYS, Surprise, account_age, measure
from helpers.anomalies.trend import Trend, find_trend

__all__ = ["Scene", "corroboration", "make_ends", "make_scene"]

Array = NDArray[np.float64]

FORTNIGHT_DAYS, MONTH_DAYS = 14, 28
SLOW_SIGNALS = (
    *("events", "logins", "active_users", "core_events", "features_used"),
    *("collaboration", "integrations", "errors", "tickets"),
)
TREND_SIGNALS = ("logins", "active_users")
"""The least noisy measures of use; ``events`` vary with what people do in a visit."""
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
    week, fortnight, month : Surprise
        Windows of 7, 14 and 28 days; the longer ones of ``SLOW_SIGNALS`` only.
    trends : mapping of signal to Trend
        Slow declines, tested at weekly ends.
    daily : Daily
    votes : Votes
        The ensemble's vote on "worse than normal".
    backing : ndarray of bool, (n_signals, n_accounts, n_ends)
        Which signals of ``week`` are off in the direction that worries, over 7, 14 or 28 days.
    """

    activity: Activity
    ends: NDArray[np.intp]
    is_weekly: NDArray[np.bool_]
    is_review: NDArray[np.bool_]
    week: Surprise
    fortnight: Surprise
    month: Surprise
    trends: dict[str, Trend]
    daily: Daily
    votes: Votes
    backing: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int]:
        """(n_accounts, n_ends)."""
        return len(self.activity.accounts), len(self.ends)

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
    weekly = weekly_ends(n_days)
    review = np.arange(max(n_days - review_days + 1, 42), n_days + 1, dtype=np.intp)
    ends = np.union1d(weekly, review).astype(np.intp)
    return ends, np.isin(ends, weekly), np.isin(ends, review)


def make_scene(
    activity: Activity,
    daily: Daily,
    *,
    review_days: int = 28,
    baseline_days: int = 90,
    hidden: dict[str, NDArray[np.bool_]] | None = None,
    seed: int = 0,
) -> Scene:
    """Measure all signals at all ends.

    Parameters
    ----------
    activity : Activity
    daily : Daily
        From :func:`helpers.anomalies.daily.learn_days`.
    review_days, baseline_days : int
    hidden : mapping of signal to ndarray of bool, (n_days,), optional
        Days of company-wide incidents.
    seed : int
        Of the isolation forest.

    Returns
    -------
    Scene
    """
    ends, is_weekly, is_review = make_ends(len(activity.days), review_days=review_days)
    lengths = {"ends": ends, "baseline_days": baseline_days}
    week = measure(activity, activity.signals, window_days=7, hidden=hidden, **lengths)
    slow = _only(activity.signals, SLOW_SIGNALS)
    fortnight = measure(activity, slow, window_days=FORTNIGHT_DAYS, hidden=hidden, **lengths)
    month = measure(activity, slow, window_days=MONTH_DAYS, hidden=hidden, **lengths)
    trends = _trends(activity, ends, is_weekly)
    votes = risk_votes(
        week,
        activity.catalogue,
        trends=[trend.p for trend in trends.values()],
        is_weekly=is_weekly,
        seed=seed,
    )
    scene = Scene(
        activity=activity,
        ends=ends,
        is_weekly=is_weekly,
        is_review=is_review,
        week=week,
        fortnight=fortnight,
        month=month,
        trends=trends,
        daily=daily,
        votes=votes,
        backing=np.zeros((len(week.names), *week.plan.usable.shape), bool),
    )
    return replace(scene, backing=_backing(scene))


def _trends(
    activity: Activity, ends: NDArray[np.intp], is_weekly: NDArray[np.bool_]
) -> dict[str, Trend]:
    """Test for slow declines at weekly ends; elsewhere NaN, since a day changes no trend."""
    out = {}
    settled = account_age(activity, ends[is_weekly]) >= SETTLED_DAYS
    for name in TREND_SIGNALS:
        if name not in activity.signals.names:
            continue
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
    """Tell which signals are off in the direction that worries, over a week or a month."""
    out = np.zeros((len(scene.week.names), *scene.shape), bool)
    for surprise in (scene.week, scene.fortnight, scene.month):
        change = surprise.ratio - 1
        for index, name in enumerate(surprise.names):
            risk = scene.activity.signal(name).risk
            if not risk:
                continue
            p = surprise.p_low[index] if risk == "down" else surprise.p_high[index]
            far = change[index] <= FALLS if risk == "down" else change[index] >= RISES
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
