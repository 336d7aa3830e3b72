"""The detectors' votes on one account and week, combined and corrected for how many were asked.

Five votes: the count test and the robust z over all signals, the trend test, the root mean
square of z over signals, and an isolation forest on z. The last two have no theory: their
p-values are ranks among earlier weeks of all accounts, so nothing later is used.

References
----------
Liu, Xie (2020), *JASA* 115, 393-402 (Cauchy combination); Benjamini, Hochberg (1995).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.detectors import (
    combine,
    fit_forest,
    forest_tail,
    rank_tail,
    root_mean_square,
)
from helpers.anomalies.signals import Signal
from helpers.anomalies.surprise import Surprise
from helpers.stats import benjamini_hochberg

__all__ = ["DETECTORS", "Votes", "joint_votes", "q_values", "risk_votes"]

Array = NDArray[np.float64]

DETECTORS = ("count test", "robust z", "trend", "root mean square", "isolation forest")
MIN_REFERENCE = 200
"""Account-weeks that must lie behind before a rank among them is a p-value."""
REFIT_WEEKS = 13
FOREST_ROWS = 4_000
"""Account-weeks that the forest's own scores are ranked among, at most."""


@dataclass(frozen=True, kw_only=True)
class Votes:
    """How odd each account looks at each end.

    Parameters
    ----------
    p : ndarray, (n_detectors, n_accounts, n_ends)
        In the order of ``DETECTORS``; NaN is a detector that could not vote.
    combined : ndarray, (n_accounts, n_ends)
        Cauchy combination; NaN where none could.
    """

    p: Array
    combined: Array


def risk_votes(
    surprise: Surprise,
    catalogue: tuple[Signal, ...],
    *,
    trends: list[Array],
    days: NDArray[np.intp],
    is_weekly: NDArray[np.bool_],
    seed: int,
) -> Votes:
    """Let all detectors vote on "worse than normal", each signal in the direction that worries.

    Parameters
    ----------
    surprise : Surprise
        Of weekly windows.
    catalogue : tuple of Signal
        Says which direction worries.
    trends : list of ndarray, (n_accounts, n_ends)
        p-values of a decline, of some signals.
    days : ndarray of int, (n_ends,)
        Day numbers of the ends, counted from a fixed date.
    is_weekly : ndarray of bool, (n_ends,)
        Ends that lie whole weeks before the last: these make the reference.
    seed : int
        Of the forest.

    Returns
    -------
    Votes
    """
    count = _worrying(surprise, catalogue, "count_low", "count_high")
    robust = _worrying(surprise, catalogue, "robust_low", "robust_high")
    square, forest = joint_votes(
        surprise.z, surprise.plan.usable, days, is_weekly=is_weekly, seed=seed
    )
    votes = [_over_signals(count), _over_signals(robust), _over_signals(trends), square, forest]
    shape = surprise.plan.usable.shape
    p = np.stack([np.full(shape, np.nan) if vote is None else vote for vote in votes])
    return Votes(p=p, combined=combine(p))


def _worrying(
    surprise: Surprise, catalogue: tuple[Signal, ...], low: str, high: str
) -> list[Array]:
    """p-values of each signal in its worrying direction."""
    side = {"down": low, "up": high}
    return [
        surprise.of(signal.name, side[signal.risk])
        for signal in catalogue
        if signal.risk and surprise.has(signal.name)
    ]


def _over_signals(parts: list[Array]) -> Array | None:
    return combine(np.stack(parts)) if parts else None


def joint_votes(
    z: Array,
    usable: NDArray[np.bool_],
    days: NDArray[np.intp],
    *,
    is_weekly: NDArray[np.bool_],
    seed: int,
) -> tuple[Array, Array]:
    """Rank each account-week's mix of signals among those of earlier weeks.

    Parameters
    ----------
    z : ndarray, (n_signals, n_accounts, n_ends)
        Signed normal scores; NaN is not tested.
    usable : ndarray of bool, (n_accounts, n_ends)
    days : ndarray of int, (n_ends,)
        Day numbers of the ends, rising, counted from a fixed date: they say when the forest is
        fitted anew, however long the history is.
    is_weekly : ndarray of bool, (n_ends,)
    seed : int

    Returns
    -------
    square, forest : ndarray, (n_accounts, n_ends)
        p-values of the root mean square and of the isolation forest, refitted every
        ``REFIT_WEEKS`` weeks; NaN before enough weeks lie behind.
    """
    size = root_mean_square(z)
    square, forest = np.full(size.shape, np.nan), np.full(size.shape, np.nan)
    flat = np.where(np.isfinite(z), z, 0.0)
    turn = is_weekly & (days // 7 % REFIT_WEEKS == 0)
    fits = days[turn].tolist()
    for fit, until in zip(fits, [*fits[1:], days[-1]] if fits else [], strict=True):
        past = usable & (is_weekly & (days <= fit))[None, :]
        if past.sum() < MIN_REFERENCE or not len(z):
            continue
        now = usable & ((days > fit) & (days <= until))[None, :]
        if not now.any():
            continue
        square[now] = rank_tail(size[now], size[past])
        rows = flat[:, past].T
        model = fit_forest(rows, seed=seed)
        thinned = rows[:: -(-len(rows) // FOREST_ROWS)]
        forest[now] = forest_tail(model, flat[:, now].T, thinned)
    return square, forest


def q_values(p: Array, usable: NDArray[np.bool_]) -> Array:
    """Correct for the accounts asked at each end: (n_accounts, n_ends), by column.

    Returns
    -------
    ndarray
        Benjamini-Hochberg q-values; NaN where not usable. ``1 - q`` is the confidence: the
        share of alerts at least as strong that are expected to be real.
    """
    asked = np.where(usable, p, np.nan)
    out = np.full(p.shape, np.nan)
    for end in range(p.shape[1]):
        out[:, end] = benjamini_hochberg(asked[:, end])
    return out
