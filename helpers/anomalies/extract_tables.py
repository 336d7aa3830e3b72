"""What the detectors need of the smaller tables: accounts, outcomes, metered levels, terms."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.artifacts import Run
from helpers.config import CompanyConfig
from helpers.engine import EPOCH

__all__ = [
    "alive_days",
    "describe_accounts",
    "local_outcomes",
    "metered_levels",
    "not_silent",
    "subscription_terms",
]

AUDIT = "01_data_audit"
FOREVER = np.iinfo(np.int32).max


def describe_accounts(run: Run, known: pd.DataFrame, *, cohort: str) -> pd.DataFrame:
    """Return one row an account in the engine's order, with its cohort as a number.

    Parameters
    ----------
    run : Run
    known : DataFrame
        ``account_id``, ``signup_day`` (day number).
    cohort : str
        Column of ``accounts``, numbered from 0; accounts without a value are one cohort too.
    """
    columns = ["account_id", "csm", "mrr", "region", "name", "plan"]
    columns += ["seats", "storage_gb_limit", "api_calls_limit"]
    columns += [cohort] if cohort not in columns else []
    described = run.read(AUDIT, "accounts", columns=columns)
    frame = known.merge(described, on="account_id", how="left", validate="one_to_one")
    labels = frame[cohort].astype("object").where(frame[cohort].notna(), "")
    signed_up = EPOCH + pd.to_timedelta(frame["signup_day"].to_numpy(int), unit="D")
    return frame.drop(columns=["signup_day"]).assign(
        cohort=pd.factorize(labels, sort=True)[0], signed_up_on=signed_up
    )


def local_outcomes(run: Run, config: CompanyConfig) -> pd.DataFrame | None:
    """Read outcomes with ``occurred_at`` in the company's own time, without zone."""
    outcomes = run.read_optional(AUDIT, "outcomes")
    if outcomes is None:
        return None
    local = outcomes["occurred_at"].dt.tz_convert(config.company.time_zone).dt.tz_localize(None)
    return outcomes.assign(occurred_at=local)


def alive_days(
    accounts: pd.DataFrame, days: pd.DatetimeIndex, outcomes: pd.DataFrame | None
) -> NDArray[np.bool_]:
    """Tell on which days each account was a customer: (n_accounts, n_days).

    Parameters
    ----------
    accounts : DataFrame
        ``account_id``, ``signed_up_on``.
    days : DatetimeIndex
    outcomes : DataFrame or None
        ``account_id``, ``outcome``, ``occurred_at`` (local). From the day of a ``churned`` one
        on the account is gone, until another outcome (a renewal) brings it back.
    """
    signed = accounts["signed_up_on"].to_numpy("datetime64[D]")
    calendar = days.to_numpy("datetime64[D]")
    alive = calendar[None, :] >= signed[:, None]
    if outcomes is None or outcomes.empty:
        return np.asarray(alive)
    told = outcomes.sort_values(["account_id", "occurred_at", "outcome"])
    who = _positions(accounts, told["account_id"])
    when = told["occurred_at"].to_numpy("datetime64[D]")
    gone = (told["outcome"] == "churned").to_numpy(bool)
    for account, day, left in zip(who, when, gone, strict=True):
        if account >= 0 and left:
            alive[account] &= calendar < day
        elif account >= 0:
            alive[account] |= (calendar >= day) & (calendar >= signed[account])
    return np.asarray(alive)


def not_silent(active: NDArray[np.bool_], limit: int) -> NDArray[np.bool_]:
    """Tell on which days fewer than ``limit`` days had passed since the last active one.

    Stands in for outcomes where none are recorded: an account silent for so long has left.
    """
    day = np.arange(active.shape[1])
    last = np.maximum.accumulate(np.where(active, day, -1), axis=1)
    return np.asarray((last >= 0) & (day - last < limit))


def metered_levels(run: Run, accounts: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame | None:
    """Read metered levels as positions; ``None`` where there is no such table."""
    levels = run.read_optional(AUDIT, "usage_levels")
    if levels is None:
        return None
    frame = pd.DataFrame(
        {
            "account": _positions(accounts, levels["account_id"]),
            "metric": levels["metric"].astype("string"),
            "day": (levels["measured_on"] - days[0]).dt.days.to_numpy(),
            "value": levels["value"].astype(float),
        }
    )
    inside = (frame["account"] >= 0) & frame["day"].between(0, len(days) - 1)
    return frame[inside].reset_index(drop=True)


def subscription_terms(
    run: Run, accounts: pd.DataFrame, days: pd.DatetimeIndex
) -> pd.DataFrame | None:
    """Read subscriptions as positions; ``None`` where there is no such table."""
    terms = run.read_optional(AUDIT, "subscriptions")
    if terms is None:
        return None
    frame = pd.DataFrame(
        {
            "account": _positions(accounts, terms["account_id"]),
            "from_day": (terms["started_on"] - days[0]).dt.days,
            "to_day": (terms["ended_on"] - days[0]).dt.days.fillna(FOREVER),
            "is_trial": terms["is_trial"].astype("boolean").fillna(False).astype(bool),
            "seats": terms["seats"].astype("Float64").astype(float),
        }
    )
    return frame[frame["account"] >= 0]


def _positions(accounts: pd.DataFrame, ids: pd.Series) -> NDArray[np.intp]:
    return np.asarray(pd.Index(accounts["account_id"]).get_indexer(pd.Index(ids)))
