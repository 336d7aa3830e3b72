"""The whole way from activity to flags: days, incidents, baselines, detectors, kinds."""

from dataclasses import dataclass

import pandas as pd

from helpers.anomalies.company import company_days
from helpers.anomalies.daily import Daily, learn_days
from helpers.anomalies.feedback import thresholds
from helpers.anomalies.flags import find_flags
from helpers.anomalies.kinds.catalogue import KINDS
from helpers.anomalies.scene import MIN_HISTORY_DAYS, Scene, make_scene
from helpers.anomalies.signals import Activity, Cube
from helpers.anomalies.systemic import Incidents, find_incidents
from helpers.errors import ParameterError

__all__ = ["Analysis", "Settings", "analyse"]


DAILY_WEEKS = 26
"""Weeks of daily expectations: those that are shown, and as many before for weekday habits."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How usage is judged.

    Parameters
    ----------
    review_days : int
        Alerts are raised for what was first seen within so many last days.
    baseline_days : int
        History before a window that "normal" is learnt from; 60 to 90 are usual, shorter
        histories are marked.
    windows_days : tuple of int
        Windows in which falls are looked for: 1 is daily, 7 weekly, 28 monthly. A week is
        always among them.
    sensitivity : float
        Share of false alerts tolerated among those raised; feedback moves it per kind.
    seed : int
        Of the isolation forest.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    review_days: int = 28
    baseline_days: int = 90
    windows_days: tuple[int, ...] = (7, 14, 28)
    sensitivity: float = 0.1
    seed: int = 20260701

    def __post_init__(self) -> None:
        problems = []
        if not 1 <= self.review_days <= 92:
            problems.append(f"review_days must lie in 1 to 92, got {self.review_days}")
        if not 28 <= self.baseline_days <= 365:
            problems.append(f"baseline_days must lie in 28 to 365, got {self.baseline_days}")
        if not self.windows_days or not all(1 <= days <= 92 for days in self.windows_days):
            problems.append(f"windows_days must lie in 1 to 92, got {self.windows_days}")
        if not 0 < self.sensitivity <= 0.2:
            problems.append(f"sensitivity must lie above 0, at most 0.2, got {self.sensitivity}")
        if problems:
            raise ParameterError("; ".join(problems) + ".")


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What was measured and flagged.

    Parameters
    ----------
    scene : Scene
        Signals at all ends.
    daily : Daily
        All signals day by day, over the newest ``DAILY_WEEKS`` weeks.
    days : DataFrame
        The company as a whole, from :func:`helpers.anomalies.company.company_days`.
    incidents : Incidents
    limits : DataFrame
        Thresholds by kind, from :func:`helpers.anomalies.feedback.thresholds`.
    flags, looked_for
        From :func:`helpers.anomalies.flags.find_flags`.
    """

    scene: Scene
    daily: Daily
    days: pd.DataFrame
    incidents: Incidents
    limits: pd.DataFrame
    flags: pd.DataFrame
    looked_for: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What could not be looked at, and why; empty if everything could."""
        activity = self.scene.activity
        reasons: dict[str, list[str]] = {}
        for name, why in activity.missing.items():
            reasons.setdefault(why, []).append(name.replace("_", " "))
        told = [f"not watched, because {why}: {', '.join(n)}" for why, n in reasons.items()]
        short = [kind.title.lower() for kind in KINDS if kind.name not in self.looked_for]
        if short:
            told.append(f"not looked for, for want of data that `kinds` names: {', '.join(short)}")
        if not len(self.scene.ends):
            n_days = len(activity.days)
            told = [f"nothing is judged: {n_days} days of history, it takes {MIN_HISTORY_DAYS}"]
        if len(activity.accounts) and not activity.signals.of("events").any():
            told = ["nothing is judged, because there are no events to learn a baseline from"]
        return tuple(told)


def analyse(
    activity: Activity,
    settings: Settings,
    *,
    calendar: pd.DataFrame | None = None,
    feedback: pd.DataFrame | None = None,
) -> Analysis:
    """Learn what is normal, find what is not.

    Parameters
    ----------
    activity : Activity
        From :func:`helpers.anomalies.extract.load_activity`.
    settings : Settings
    calendar, feedback : DataFrame or None
        The contract's tables.

    Returns
    -------
    Analysis
        Without flags where the history is shorter than six weeks.
    """
    cubes = (activity.signals, activity.features)
    days = pd.concat([company_days(activity, cube, calendar) for cube in cubes], ignore_index=True)
    incidents = find_incidents(activity, days)
    lengths = {"baseline_days": settings.baseline_days}
    daily = learn_days(activity, activity.signals, last_weeks=DAILY_WEEKS, **lengths)
    events = Cube(names=("events",), counts=activity.signals.of("events")[None])
    scene = make_scene(
        activity,
        learn_days(activity, events, **lengths),
        review_days=settings.review_days,
        windows_days=settings.windows_days,
        hidden=incidents.hidden,
        seed=settings.seed,
        **lengths,
    )
    limits = thresholds(feedback, as_of=activity.as_of, sensitivity=settings.sensitivity)
    flags, looked_for = find_flags(scene, limits)
    return Analysis(
        scene=scene,
        daily=daily,
        days=days,
        incidents=incidents,
        limits=limits,
        flags=flags,
        looked_for=looked_for,
    )
