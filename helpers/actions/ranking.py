"""Which action comes first: money at stake, times urgency, times evidence, within capacity."""

import numpy as np
import pandas as pd

from helpers.actions.plays import GROWTH, urgency_of

__all__ = ["WEEKS_AHEAD", "due_dates", "hold_back", "schedule", "typical_uplift", "value_of"]

WEEKS_AHEAD = 4
MONTHS = 12
AT_ONCE_DAYS = 1
"""An action due within a day is done whatever the capacity."""


def value_of(candidates: pd.DataFrame) -> pd.DataFrame:
    """Add ``at_stake`` (money a year), ``urgency`` and ``value`` to candidates.

    Parameters
    ----------
    candidates : DataFrame
        ``chance, mrr, objective, evidence, due_days, uplift`` (monthly, for growth plays).

    Returns
    -------
    DataFrame
        ``at_stake`` is chance x monthly revenue x 12 for risks, chance x uplift x 12 for growth;
        missing where revenue or chance is not known. ``value`` orders candidates: what is not
        known of an account counts as it is for the median one, so that nobody is forgotten.
    """
    grows = candidates["objective"].isin(GROWTH)
    money = candidates["mrr"].where(~grows, candidates["uplift"]).astype("float64")
    at_stake = (candidates["chance"] * money * MONTHS).round(0)
    weight = _or_typical(candidates["chance"]) * _or_typical(money) * MONTHS
    urgency = candidates["due_days"].map(urgency_of).astype("float64")
    value = (weight * urgency * candidates["evidence"]).round(4)
    return candidates.assign(at_stake=at_stake, urgency=urgency, value=value)


def _or_typical(values: pd.Series) -> pd.Series:
    known = values.dropna()
    return values.astype("float64").fillna(float(known.median()) if len(known) else 1.0)


def typical_uplift(outcomes: pd.DataFrame | None) -> float:
    """Return the median monthly revenue that past upgrades added; NaN if none says."""
    if outcomes is None:
        return float("nan")
    change = outcomes.loc[outcomes["outcome"] == "upgraded", "mrr_change"].astype("float64")
    return float(change[change > 0].median())


def hold_back(candidates: pd.DataFrame, at_risk: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take growth plays away from accounts at risk.

    Parameters
    ----------
    candidates : DataFrame
        With ``account_id`` and ``objective``.
    at_risk : Series
        Account to the reason why it is at risk, "" if it is not.

    Returns
    -------
    kept, held_back : DataFrame
        ``held_back`` says why in ``why``.
    """
    why = candidates["account_id"].map(at_risk.to_dict()).astype("object").fillna("")
    held = candidates["objective"].isin(GROWTH) & why.ne("")
    columns = ["account_id", "play", "action", "objective", "reason"]
    aside = candidates.loc[held, columns].assign(why="at risk: " + why[held])
    return candidates[~held].reset_index(drop=True), aside.reset_index(drop=True)


def schedule(
    best: pd.DataFrame, *, as_of: pd.Timestamp, per_week: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each manager's actions their week and date, highest value first.

    Parameters
    ----------
    best : DataFrame
        One row an account: ``csm, value, due_days, account_id``. Accounts without a manager
        share one queue.
    as_of : Timestamp
        The date of the run.
    per_week : int
        Actions a manager can take a week.

    Returns
    -------
    planned : DataFrame
        Those of the next four weeks with ``week`` (1 = this week), ``due_on``, ``late_days`` (due
        later than the play wants, for lack of capacity) and ``priority`` (1 first, over all
        managers: by week, then by value). What is due within a day is always done this week and
        does not count against capacity.
    waiting : DataFrame
        The rest.
    """
    ordered = best.sort_values(["value", "account_id"], ascending=[False, True], ignore_index=True)
    counts = ordered["due_days"] > AT_ONCE_DAYS
    queue = ordered["csm"].astype("object").where(ordered["csm"].notna(), "")
    place = counts.groupby(queue).cumsum() - 1
    ordered["week"] = (place // per_week + 1).where(counts, 1).astype("int64")
    ordered = ordered.sort_values("week", kind="stable", ignore_index=True)
    planned = ordered[ordered["week"] <= WEEKS_AHEAD].reset_index(drop=True)
    waiting = ordered[ordered["week"] > WEEKS_AHEAD].reset_index(drop=True)
    wanted = as_of + pd.to_timedelta(planned["due_days"], unit="D")
    slot = as_of + pd.to_timedelta(7 * planned["week"], unit="D")
    due = due_dates(wanted.where(planned["week"] == 1, np.maximum(wanted, slot)), as_of)
    late = (due - due_dates(wanted, as_of)).dt.days.clip(lower=0)
    planned = planned.assign(due_on=due, late_days=late.astype("int64"))
    planned.insert(0, "priority", np.arange(1, len(planned) + 1))
    return planned, waiting.drop(columns="week")


def due_dates(dates: pd.Series, as_of: pd.Timestamp) -> pd.Series:
    """Move weekends to the Friday before, or to the Monday after if that is past."""
    beyond = (dates.dt.day_of_week - 4).clip(lower=0)
    friday = dates - pd.to_timedelta(beyond, unit="D")
    monday = dates + pd.to_timedelta((7 - dates.dt.day_of_week) % 7, unit="D")
    return friday.where((beyond == 0) | (friday > as_of), monday)
