"""Accounts that once looked like this one, and what became of them (R-02, R-03).

A neighbour is another account at an earlier date whose outcome is known since. Both are placed
in the behaviour dimensions of the segmentation, on the scale of today's live accounts, and
compared by Euclidean distance. Each account counts once, at its most similar date.

References
----------
T. M. Cover, P. E. Hart (1967), "Nearest neighbor pattern classification", *IEEE Transactions on
Information Theory* 13, 21-27.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.brief.subject import Subject
from helpers.report.text import visible
from helpers.scores.readings import live_rows
from helpers.segments.prepare import dimension_scores, fit_preparation
from helpers.stats import wilson

__all__ = ["Alike", "Neighbour", "alike"]

N_COUNTED = 20
N_SHOWN = 3
MIN_PEERS = 30
FAR_QUANTILE = 0.90


@dataclass(frozen=True)
class Neighbour:
    """An account as it was at ``as_of``, and its outcome since."""

    account: str
    account_id: str
    as_of: pd.Timestamp
    distance: float
    outcome: str


@dataclass(frozen=True)
class Alike:
    """What similar accounts tell.

    Parameters
    ----------
    shown : tuple of Neighbour
        The three nearest, then the nearest that left and the nearest that upgraded.
    summary : str
        Share of the nearest that left, with its 95 % interval and the share of all.
    is_far : bool
        Even the nearest is unlike this account: further than nine of ten accounts have to look.
    why_not : str
        Why there are none; "" otherwise.
    """

    shown: tuple[Neighbour, ...] = ()
    summary: str = ""
    is_far: bool = False
    why_not: str = ""


def alike(subject: Subject) -> Alike:
    """Return the most similar earlier accounts with their known outcomes."""
    table = subject.features
    live = table[live_rows(table)]
    today = live[live["as_of"] == subject.as_of].reset_index(drop=True)
    labels = subject.run.read("02_feature_engineering", "labels")
    known = labels[labels["churned"].notna()]
    past = live.merge(known.drop(columns=["horizon_days"]), on=["account_id", "as_of"], how="inner")
    mine = today.index[today["account_id"] == subject.account_id]
    if not len(mine):
        return Alike(why_not="the account is not a live customer at the date of the run")
    if len(today) < MIN_PEERS or past.empty:
        return Alike(why_not="there are too few accounts with a known outcome to compare with")
    preparation = fit_preparation(today, subject.dictionary)
    if not preparation.names:
        return Alike(why_not="no behaviour is known to compare accounts by")
    here = dimension_scores(today, preparation).to_numpy(float)
    there = dimension_scores(past, preparation).to_numpy(float)
    own = int(mine[0])
    nearest = _nearest(past, _distances(here[own : own + 1], there)[0], subject.account_id)
    horizon = int(known["horizon_days"].max())
    usual = _usual_distance(here, there, today["account_id"], past["account_id"])
    names = subject.run.read("01_data_audit", "accounts", columns=["account_id", "name"])
    named = names.dropna().set_index("account_id")["name"]
    told = [_told(row, named, horizon) for _, row in _choice(nearest).iterrows()]
    return Alike(
        shown=tuple(told),
        summary=_summary(nearest.head(N_COUNTED), past, horizon),
        is_far=bool(len(nearest)) and float(nearest["distance"].iloc[0]) > usual,
    )


def _distances(
    here: "np.typing.NDArray[np.float64]", there: "np.typing.NDArray[np.float64]"
) -> "np.typing.NDArray[np.float64]":
    square = (here**2).sum(1)[:, None] - 2 * here @ there.T + (there**2).sum(1)[None, :]
    return np.asarray(np.sqrt(np.maximum(square, 0.0)), dtype=np.float64)


def _nearest(
    past: pd.DataFrame, distance: "np.typing.NDArray[np.float64]", own: str
) -> pd.DataFrame:
    """Return every other account at its most similar date, nearest first; ties by id and date."""
    near = past.assign(distance=distance)
    near = near[near["account_id"] != own]
    near = near.sort_values(["distance", "account_id", "as_of"], kind="stable")
    return near.drop_duplicates("account_id").reset_index(drop=True)


def _usual_distance(
    here: "np.typing.NDArray[np.float64]",
    there: "np.typing.NDArray[np.float64]",
    ids_here: pd.Series,
    ids_there: pd.Series,
) -> float:
    """Return how far nine of ten accounts have to look for their nearest neighbour at most."""
    distance = _distances(here, there)
    same = ids_here.to_numpy(object)[:, None] == ids_there.to_numpy(object)[None, :]
    distance[same] = np.inf
    nearest = distance.min(axis=1)
    return float(np.quantile(nearest[np.isfinite(nearest)], FAR_QUANTILE))


def _choice(nearest: pd.DataFrame) -> pd.DataFrame:
    left = nearest[nearest["churned"].astype("boolean").fillna(value=False)].head(1)
    grew = nearest[nearest["upgraded"].astype("boolean").fillna(value=False)].head(1)
    chosen = pd.concat([nearest.head(N_SHOWN), left, grew])
    return chosen[~chosen.index.duplicated()]


def _told(row: "pd.Series[Any]", names: pd.Series, horizon: int) -> Neighbour:
    key = str(row["account_id"])
    return Neighbour(
        account=visible(names.get(key, key)),
        account_id=visible(key),
        as_of=pd.Timestamp(row["as_of"]),
        distance=float(row["distance"]),
        outcome=_outcome(row, horizon),
    )


def _outcome(row: "pd.Series[Any]", horizon: int) -> str:
    for flag, date, word in (
        ("churned", "churned_on", "left"),
        ("upgraded", "upgraded_on", "upgraded"),
    ):
        if pd.notna(row[flag]) and bool(row[flag]):
            when = row.get(date)
            if when is None or pd.isna(when):
                return f"{word} within {horizon} days"
            days = (pd.Timestamp(when) - pd.Timestamp(row["as_of"])).days
            return f"{word} {days} days later"
    return f"still a customer {horizon} days later"


def _summary(near: pd.DataFrame, past: pd.DataFrame, horizon: int) -> str:
    left, n = int(near["churned"].astype(bool).sum()), len(near)
    low, high = wilson([left], [n])
    every = past["churned"].astype(bool).mean()
    return (
        f"Of the {n} most similar accounts, {left} left within {horizon} days: {left / n:.0%} "
        f"({float(low[0]):.0%} to {float(high[0]):.0%}); of all account-dates {every:.1%}."
    )
