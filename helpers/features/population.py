"""Who is looked at on which date, what was known of them then, and whether they were customers.

Makes four tables in the engine: ``cutoff`` (one row an as-of date), ``as_of_day`` (the calendar
that turns a day into its age before each cutoff, so that no other query does date arithmetic),
``as_of_step`` (the next cutoff after a day) and ``population`` (one row an account and cutoff).
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.config import CompanyConfig
from helpers.engine import Engine, History, day_number
from helpers.errors import ParameterError
from helpers.features.visible import stage_side, visible

__all__ = ["Context", "build_population", "open_context"]

TREND_WEEKS = 12
PAUSE_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every relation and feature is computed with.

    Parameters
    ----------
    engine : Engine
        Staged by :func:`helpers.engine.stage`.
    config : CompanyConfig
        Roles, time zone and the run's own ``as_of``.
    history : History
        Days covered by the events.
    cutoffs : tuple of int
        As-of dates as day numbers, newest first.
    windows_days : tuple of int
        Windows of the features whose name holds one.
    """

    engine: Engine
    config: CompanyConfig
    history: History
    cutoffs: tuple[int, ...]
    windows_days: tuple[int, ...]

    def has(self, table: str) -> bool:
        """Tell whether the company has a contract table."""
        return self.engine.has(table)


def open_context(
    engine: Engine,
    config: CompanyConfig,
    history: History,
    as_of_dates: Sequence[pd.Timestamp],
    windows_days: Sequence[int] | None = None,
) -> Context:
    """Check the dates and windows and make ``cutoff``, ``as_of_day`` and ``population``.

    Raises
    ------
    ParameterError
        If a date or window is given twice, none is given, a window is not positive, or a date
        lies after the run's own as-of date.
    """
    windows = tuple(config.analysis.windows_days if windows_days is None else windows_days)
    cutoffs = tuple(day_number(pd.Timestamp(date)) for date in as_of_dates)
    if not cutoffs or len(set(cutoffs)) < len(cutoffs):
        raise ParameterError(f"expected different as-of dates, at least one, got {as_of_dates}.")
    if not windows or len(set(windows)) < len(windows) or min(windows) < 1:
        raise ParameterError(f"expected different windows_days of 1 or more, got {windows}.")
    limit = config.analysis.as_of
    if limit is not None and max(cutoffs) > day_number(pd.Timestamp(limit)):
        newest = max(pd.Timestamp(date) for date in as_of_dates)
        raise ParameterError(
            f"as-of date {newest:%Y-%m-%d} lies after the run's own, {limit:%Y-%m-%d}: what "
            "happened in between was held back when the data were read."
        )
    context = Context(
        engine=engine,
        config=config,
        history=history,
        cutoffs=tuple(sorted(cutoffs, reverse=True)),
        windows_days=tuple(sorted(windows)),
    )
    stage_side(engine, config.company.time_zone)
    engine.insert("cutoff", pd.DataFrame({"cutoff": np.array(context.cutoffs, dtype="int32")}))
    engine.insert("as_of_day", _calendar(context))
    engine.insert("week_set", _week_sets())
    engine.table("as_of_step", "SELECT day, MIN(cutoff) AS next_cutoff FROM as_of_day GROUP BY day")
    build_population(context)
    return context


def _calendar(context: Context) -> pd.DataFrame:
    """Every day before each cutoff: its age, its week back from the cutoff, and week bits.

    The bits stand for the four weeks before the cutoff, and the eight, or four, before a pause of
    30 days.
    """
    frames = []
    for cutoff in context.cutoffs:
        day = np.arange(min(context.history.first_day, cutoff - 1), cutoff, dtype="int32")
        frames.append(pd.DataFrame({"cutoff": np.int32(cutoff), "day": day}))
    calendar = pd.concat(frames, ignore_index=True)
    age = (calendar["cutoff"] - calendar["day"]).astype("int32")
    earlier = (age - 1 - PAUSE_DAYS).where(age > PAUSE_DAYS)
    return calendar.assign(
        age_days=age,
        week=((age - 1) // 7).astype("int32"),
        now_bit=_bit((age - 1) // 7, 4),
        before_bit=_bit(earlier // 7, 8),
        short_before_bit=_bit(earlier // 7, 4),
    )


def _bit(week: "pd.Series[int]", n: int) -> "pd.Series[int]":
    """Return 2 ** week for the first ``n`` weeks, else 0: an OR of them is the set of weeks."""
    inside = week.between(0, n - 1)
    return (2 ** week.where(inside, 0).astype("int32")).where(inside, 0).astype("int32")


def _week_sets() -> pd.DataFrame:
    """Return how many weeks there are in each set of up to eight."""
    weeks = np.arange(256, dtype="int32")
    return pd.DataFrame({"weeks": weeks, "n": np.bitwise_count(weeks).astype("int32")})


def build_population(context: Context) -> None:
    """Make ``population``: accounts signed up before the cutoff and not opted out.

    Columns: account_no, cutoff, account_id, age_days (since sign-up), history_days (events before
    the cutoff cover so many), observed_days and observed_weeks (both known), whole_life (began
    inside the event history), is_live, is_newest (the run's own as-of date) and the account's
    attributes as extracted.
    """
    engine, history = context.engine, context.history
    run_as_of = context.config.analysis.as_of
    newest = day_number(pd.Timestamp(run_as_of)) if run_as_of else context.cutoffs[0]
    engine.table("liveness", _liveness(context))
    engine.table(
        "population",
        f"""
        WITH known AS (
            SELECT a.account_no, c.cutoff, a.account_id, a.signup_day,
                   c.cutoff - a.signup_day AS age_days,
                   c.cutoff - {history.first_day} AS history_days
            FROM account a JOIN cutoff c ON a.signup_day < c.cutoff
        )
        SELECT k.account_no, k.cutoff, k.account_id, k.signup_day, k.age_days, k.history_days,
               LEAST(k.age_days, k.history_days) AS observed_days,
               CAST(FLOOR(LEAST(k.age_days, k.history_days) / 7.0) AS INTEGER) AS observed_weeks,
               k.signup_day >= {history.first_day} AS whole_life,
               COALESCE(l.is_live, {_default_live(context)}) AS is_live,
               k.cutoff = {newest} AS is_newest,
               s.employees, s.industry, s.region, s.csm, s.plan AS account_plan,
               s.mrr AS account_mrr, s.seats AS account_seats, s.storage_gb_limit,
               s.api_calls_limit, s.renewal_day
        FROM known k
        JOIN side_accounts s ON s.account_no = k.account_no
        LEFT JOIN liveness l ON l.account_no = k.account_no AND l.cutoff = k.cutoff
        """,
    )


def _default_live(context: Context) -> str:
    silent_means_gone = context.config.analysis.churn_after_silent_days is not None
    return "FALSE" if silent_means_gone and not context.has("outcomes") else "TRUE"


def _liveness(context: Context) -> str:
    """Query for accounts of which it is known whether they were customers at each cutoff."""
    silent_days = context.config.analysis.churn_after_silent_days
    if context.has("outcomes"):
        return f"""
            SELECT account_no, cutoff, outcome <> 'churned' AS is_live FROM (
                SELECT account_no, cutoff, outcome, ROW_NUMBER() OVER (
                    PARTITION BY account_no, cutoff
                    ORDER BY occurred_us DESC, CASE outcome WHEN 'churned' THEN 0 ELSE 1 END
                ) AS place FROM ({visible("outcomes", spine="all_accounts")}) AS v
            ) AS ranked WHERE place = 1
            """
    if silent_days is not None:
        return f"""
            SELECT DISTINCT d.account_no, c.cutoff, TRUE AS is_live
            FROM account_day d JOIN as_of_day c ON c.day = d.day
            WHERE c.age_days <= {silent_days}
            """
    return "SELECT account_no, cutoff, TRUE AS is_live FROM account CROSS JOIN cutoff"
