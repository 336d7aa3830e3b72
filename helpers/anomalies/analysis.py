"""The whole way from activity to flags: days, incidents, baselines, detectors, kinds."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.anomalies.company import company_history
from helpers.anomalies.daily import MIN_HISTORY_DAYS
from helpers.anomalies.feedback import thresholds
from helpers.anomalies.judge import Judged, Lengths, judge
from helpers.anomalies.kinds.catalogue import KINDS
from helpers.anomalies.memory import Memory
from helpers.anomalies.signals import Activity
from helpers.anomalies.systemic import Incidents, find_incidents
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
    windows_days : tuple of int
        Windows in which falls are looked for: 1 is daily, 7 weekly, 28 monthly. A week is
        always among them.
    sensitivity : float
        Share of false alerts tolerated among those raised; feedback moves it per kind.
    seed : int
        Of the isolation forest and the autoencoder.
    autoencoder : bool
        Let an autoencoder vote, too.

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
    autoencoder: bool = False

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
    activity : Activity
    judged : Judged
        What each end said, before thresholds.
    first_review_day : int
        Position of the first end whose flags are under review.
    days : DataFrame
        The company as a whole, from :func:`helpers.anomalies.company.company_days`.
    incidents : Incidents
    limits : DataFrame
        Thresholds by kind, from :func:`helpers.anomalies.feedback.thresholds`.
    flags : DataFrame
        Those of ``judged`` that keep within the thresholds.
    baseline_days : int
    """

    activity: Activity
    judged: Judged
    first_review_day: int
    days: pd.DataFrame
    incidents: Incidents
    limits: pd.DataFrame
    flags: pd.DataFrame
    baseline_days: int

    @property
    def looked_for(self) -> tuple[str, ...]:
        """Kinds for which the data have what they need."""
        return self.judged.looked_for

    @property
    def nothing_judged(self) -> bool:
        """The history is too short for a single end."""
        return len(self.activity.days) < MIN_HISTORY_DAYS

    @property
    def missing(self) -> tuple[str, ...]:
        """What could not be looked at, and why; empty if everything could."""
        activity = self.activity
        reasons: dict[str, list[str]] = {}
        for name, why in activity.missing.items():
            reasons.setdefault(why, []).append(name.replace("_", " "))
        told = [f"not watched, because {why}: {', '.join(n)}" for why, n in reasons.items()]
        short = [kind.title.lower() for kind in KINDS if kind.name not in self.looked_for]
        if short:
            told.append(f"not looked for, for want of data that `kinds` names: {', '.join(short)}")
        if self.nothing_judged:
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
    kept: Path | None = None,
) -> Analysis:
    """Learn what is normal, find what is not.

    Parameters
    ----------
    activity : Activity
        From :func:`helpers.anomalies.extract.load_activity`.
    settings : Settings
    calendar, feedback : DataFrame or None
        The contract's tables.
    kept : Path, optional
        Folder in which what was judged is kept for the next run, which then judges new days
        only; see :mod:`helpers.anomalies.memory`. The result is the same without.

    Returns
    -------
    Analysis
        Without flags where the history is shorter than six weeks.
    """
    lengths = Lengths(
        review_days=settings.review_days,
        baseline_days=settings.baseline_days,
        windows_days=settings.windows_days,
        seed=settings.seed,
        autoencoder=settings.autoencoder,
    )
    memory = Memory(kept, activity, lengths, calendar) if kept else None
    past = memory.recall() if memory else None
    days = company_history(activity, calendar, past.days if past else None)
    incidents = find_incidents(activity, days)
    if past and not past.agrees(incidents.hidden):
        past = None  # an incident looks different with a day more: judge all with what is known now
    known = past.judged if past else None
    judged = judge(activity, lengths, incidents.hidden, known=known)
    if memory:
        memory.keep(judged, days, incidents.hidden)
    limits = thresholds(feedback, as_of=activity.as_of, sensitivity=settings.sensitivity)
    max_q = judged.flags["kind"].map(limits.set_index("kind")["max_q"]).astype(float)
    sure = judged.flags["q_value"].isna() | (judged.flags["q_value"] <= max_q)
    first = max(len(activity.days) - settings.review_days + 1, MIN_HISTORY_DAYS)
    return Analysis(
        activity=activity,
        judged=judged,
        first_review_day=first,
        days=days,
        incidents=incidents,
        limits=limits,
        flags=judged.flags[sure].reset_index(drop=True),
        baseline_days=settings.baseline_days,
    )
