"""The whole way from activity to flags: days, incidents, baselines, detectors, kinds."""

from dataclasses import dataclass

import pandas as pd

from helpers.anomalies.daily import Daily, learn_days
from helpers.anomalies.feedback import thresholds
from helpers.anomalies.flags import find_flags
from helpers.anomalies.scene import Scene, make_scene
from helpers.anomalies.signals import Activity
from helpers.anomalies.systemic import Incidents, company_days, find_incidents
from helpers.errors import ParameterError

__all__ = ["Analysis", "Settings", "analyse"]


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
    sensitivity: float = 0.05
    seed: int = 20260701

    def __post_init__(self) -> None:
        problems = []
        if not 1 <= self.review_days <= 92:
            problems.append(f"review_days must lie in 1 to 92, got {self.review_days}")
        if not 28 <= self.baseline_days <= 365:
            problems.append(f"baseline_days must lie in 28 to 365, got {self.baseline_days}")
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
        Signals day by day.
    days : DataFrame
        The company as a whole, from :func:`helpers.anomalies.systemic.company_days`.
    incidents : Incidents
    limits : DataFrame
        Thresholds by kind, from :func:`helpers.anomalies.feedback.thresholds`.
    flags : DataFrame
        From :func:`helpers.anomalies.flags.find_flags`.
    """

    scene: Scene
    daily: Daily
    days: pd.DataFrame
    incidents: Incidents
    limits: pd.DataFrame
    flags: pd.DataFrame


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
    daily = learn_days(activity, activity.signals, baseline_days=settings.baseline_days)
    features = learn_days(activity, activity.features, baseline_days=settings.baseline_days)
    days = pd.concat(
        [company_days(activity, part, calendar) for part in (daily, features)], ignore_index=True
    )
    incidents = find_incidents(activity, [daily, features], days)
    scene = make_scene(
        activity,
        daily,
        review_days=settings.review_days,
        baseline_days=settings.baseline_days,
        hidden=incidents.hidden,
        seed=settings.seed,
    )
    limits = thresholds(feedback, as_of=activity.as_of, sensitivity=settings.sensitivity)
    return Analysis(
        scene=scene,
        daily=daily,
        days=days,
        incidents=incidents,
        limits=limits,
        flags=find_flags(scene, limits),
    )
