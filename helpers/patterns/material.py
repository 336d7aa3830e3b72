"""Everything the pattern questions need, read from a run in one pass."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.artifacts import Run
from helpers.patterns.baskets import (
    Baskets,
    make_baskets,
    read_annual_upgrades,
    read_feature_use,
    seen_before,
    spaced_dates,
)
from helpers.patterns.contact import read_feature_days, read_hours, read_marked, read_messages
from helpers.patterns.journeys import Journeys, read_journeys
from helpers.patterns.reading import Staged, open_patterns, read_activity, read_lives
from helpers.patterns.signals import read_signals
from helpers.patterns.visits import Visits, read_visits

__all__ = ["Material", "read_material"]

LABELS, SEGMENTS = "02_feature_engineering", "03_segmentation"


@dataclass(frozen=True, kw_only=True)
class Material:
    """What was read; frames only, the engine is closed.

    Parameters
    ----------
    as_of : Timestamp
        The run's cutoff.
    journeys : Journeys
        First days and activation.
    visits : Visits
        Sessions and their steps.
    signals : DataFrame
        ``account_id``, ``day``, ``signal``.
    before_outcomes : Baskets
        On dates a horizon apart, their outcome known. Where churn is inferred from silence, only
        accounts that did anything in the days of the basket: of the others nothing was seen.
    together : Baskets
        On dates a basket apart, the newest included: what goes together.
    activity : DataFrame
        ``account_id``, ``day``, ``n_events``.
    lives : DataFrame
        ``account_id``, ``name``, ``csm``, ``region``, ``first_on``, ``last_on``.
    calendar : DataFrame or None
        Known factors.
    horizon_days : int
        Of the labels.
    silence_is_churn : bool
        Churn is inferred from silence, so tokens that tell of silence would restate it.
    missing : tuple of str
        What could not be read, and why.
    stages : DataFrame or None
        ``account_id``, ``as_of``, ``lifecycle_stage`` from 03; ``None`` if it has not run.
    messages : DataFrame or None
        What was sent and what became of it; ``None`` where there is no table of it.
    hours, feature_days : DataFrame
        Hours of the week and features, by days of use.
    marked : tuple of str
        Features that the catalogue marks as premium.
    spark : SparkSession or None
        Where sequences and itemsets are searched; ``None``: in this process.
    """

    as_of: pd.Timestamp
    journeys: Journeys
    visits: Visits
    signals: pd.DataFrame
    before_outcomes: Baskets
    together: Baskets
    activity: pd.DataFrame
    lives: pd.DataFrame
    calendar: pd.DataFrame | None
    horizon_days: int
    silence_is_churn: bool
    missing: tuple[str, ...]
    stages: pd.DataFrame | None
    messages: pd.DataFrame | None
    hours: pd.DataFrame
    feature_days: pd.DataFrame
    marked: tuple[str, ...] = ()
    spark: Any = None

    @property
    def live_feature_days(self) -> pd.DataFrame:
        """Days of use of each feature, of accounts that have not left."""
        live = self.lives.loc[self.lives["last_on"].isna(), "account_id"]
        return self.feature_days[self.feature_days["account_id"].isin(live)]


def read_material(
    run: Run,
    *,
    journey_days: int,
    activation_days: list[int],
    basket_days: int,
) -> Material:
    """Read what the pattern notebook works on.

    Parameters
    ----------
    run : Run
        With the clean tables of 01 and the labels of 02.
    journey_days : int
        Length of a first journey, days.
    activation_days : list of two int
        Activated = core use between these days after the beginning.
    basket_days : int
        Length of a basket, days.

    Raises
    ------
    MissingTableError
        If 01 or 02 has not run.
    ParameterError
        If journey and activation overlap.
    """
    labels = run.read(LABELS, "labels")
    horizon = int(labels["horizon_days"].iloc[0]) if len(labels) else 1
    known = labels[~labels["censored"].astype(bool)]
    before = spaced_dates(known["as_of"], days=max(horizon, basket_days))
    beside = spaced_dates(labels["as_of"], days=basket_days)
    with open_patterns(run) as staged:
        uses = read_feature_use(staged, sorted({*before, *beside}), days=basket_days)
        signals = read_signals(staged)
        activity = read_activity(staged)
        silent = not staged.engine.has("outcomes")
        watched = seen_before(known, activity, days=basket_days) if silent else known
        annual = read_annual_upgrades(staged)
        return Material(
            as_of=staged.as_of,
            journeys=read_journeys(
                staged.engine,
                staged.config,
                staged.history,
                journey_days=journey_days,
                activation_days=activation_days,
            ),
            visits=read_visits(staged),
            signals=signals,
            before_outcomes=make_baskets(
                watched, uses, signals, dates=before, basket_days=basket_days, annual=annual
            ),
            together=make_baskets(labels, uses, signals, dates=beside, basket_days=basket_days),
            activity=activity,
            lives=read_lives(staged),
            calendar=run.read_optional("01_data_audit", "calendar"),
            horizon_days=horizon,
            silence_is_churn=silent,
            missing=_missing(staged),
            stages=_read_stages(run),
            messages=read_messages(staged),
            hours=read_hours(staged),
            feature_days=read_feature_days(staged),
            marked=read_marked(staged),
        )


def _read_stages(run: Run) -> pd.DataFrame | None:
    """Read the lifecycle stage of each account and date, if segmentation has run."""
    if not run.has(SEGMENTS, "assignments"):
        return None
    columns = ["account_id", "as_of", "lifecycle_stage"]
    return run.read(SEGMENTS, "assignments", columns=columns).astype({"account_id": "string"})


def _missing(staged: Staged) -> tuple[str, ...]:
    wanted = {
        "tickets": "tickets as signals",
        "users": "departures of champions and admins",
        "invoices": "late payments as signals",
        "surveys": "survey answers as signals",
        "outcomes": "what comes before an upgrade",
        "calendar": "days explained by known factors",
        "messages": "channels, topics and how many messages are too many",
        "feature_catalogue": "which events are core use",
    }
    absent = tuple(
        f"{what}: not computed, because there is no `{table}` table"
        for table, what in wanted.items()
        if table not in staged.engine.names
    )
    if staged.history.n_events == 0:
        return ("sequences, seasons and trends: not computed, because there are no events", *absent)
    if staged.engine.value("SELECT COUNT(*) FROM account_session"):
        return absent
    return (*absent, "sessions that took another way: not computed, because events name no session")
