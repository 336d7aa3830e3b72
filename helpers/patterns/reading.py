"""The one pass over the raw tables: what all pattern questions are asked of."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from helpers.artifacts import Run
from helpers.config import CompanyConfig
from helpers.engine import Engine, History, day_number, day_to_date, stage
from helpers.engine.opening import open_duckdb
from helpers.features.visible import stage_side

__all__ = ["Staged", "open_patterns", "read_activity", "read_lives"]


class Staged:
    """An open engine with the small tables of the run, and the clock of the run.

    Parameters
    ----------
    engine : Engine
        Staged.
    config : CompanyConfig
        Of the run.
    history : History
        Days that the events cover.
    """

    def __init__(self, engine: Engine, config: CompanyConfig, history: History) -> None:
        self.engine, self.config, self.history = engine, config, history

    @property
    def as_of(self) -> pd.Timestamp:
        """The run's own cutoff."""
        given = self.config.analysis.as_of
        if given is not None:
            return pd.Timestamp(given)
        return pd.Timestamp(day_to_date(pd.Series([self.history.last_day + 1])).iloc[0])

    @property
    def cutoff(self) -> int:
        """The run's own cutoff as a day number."""
        return day_number(self.as_of)


@contextmanager
def open_patterns(run: Run) -> Iterator[Staged]:
    """Open the clean tables of a run and stage them once; use as a context manager.

    Raises
    ------
    MissingTableError
        If the data audit has not run.
    ParameterError
        If there is no event of any account.
    """
    config = run.config()
    with open_duckdb(run) as engine:
        history = stage(engine, config)
        stage_side(engine, config.company.time_zone)
        yield Staged(engine, config, history)


def read_lives(staged: Staged) -> pd.DataFrame:
    """Return when each account was a customer, as far as the run can know.

    Returns
    -------
    DataFrame
        ``account_id``, ``name``, ``csm``, ``region``, ``first_on`` (the day after sign-up: the
        first whole day), ``last_on`` (the day of the last churn before the cutoff unless
        something came after it; missing while live). Sorted by account.

    Notes
    -----
    Where outcomes are not recorded but churn is declared after so many silent days, an account
    ends when its last silence had lasted that long; else it lives to the end.
    """
    engine, cutoff = staged.engine, staged.cutoff
    silent_days = staged.config.analysis.churn_after_silent_days
    left = "SELECT account_no, CAST(NULL AS INTEGER) AS last_day FROM account WHERE 1 = 0"
    if not engine.has("side_outcomes") and silent_days is not None:
        left = f"""
            SELECT account_no, MAX(day) + {silent_days} AS last_day FROM account_day
            WHERE day < {cutoff} GROUP BY account_no HAVING MAX(day) + {silent_days} < {cutoff}
            """
    if engine.has("side_outcomes"):
        left = f"""
            SELECT account_no, occurred_day AS last_day FROM (
                SELECT account_no, outcome, occurred_day, ROW_NUMBER() OVER (
                    PARTITION BY account_no
                    ORDER BY occurred_us DESC, CASE outcome WHEN 'churned' THEN 0 ELSE 1 END
                ) AS place FROM side_outcomes WHERE occurred_day < {cutoff}
            ) AS ranked WHERE place = 1 AND outcome = 'churned'
            """
    lives = engine.frame(
        f"""
        SELECT a.account_id, s.name, s.csm, s.region, a.signup_day + 1 AS first_day, l.last_day
        FROM account a JOIN side_accounts s ON s.account_no = a.account_no
        LEFT JOIN ({left}) AS l ON l.account_no = a.account_no
        WHERE a.signup_day < {cutoff} ORDER BY a.account_id
        """
    )
    lives["first_on"] = day_to_date(lives.pop("first_day"))
    lives["last_on"] = day_to_date(lives.pop("last_day"))
    return lives


def read_activity(staged: Staged) -> pd.DataFrame:
    """Return events per account and day before the cutoff.

    Returns
    -------
    DataFrame
        ``account_id``, ``day``, ``n_events``; sorted by account and day; days without events are
        not listed.
    """
    activity = staged.engine.frame(
        f"""
        SELECT a.account_id, d.day, d.n_events
        FROM account_day d JOIN account a ON a.account_no = d.account_no
        WHERE d.day < {staged.cutoff} ORDER BY a.account_id, d.day
        """
    )
    activity["day"] = day_to_date(activity["day"])
    return activity
