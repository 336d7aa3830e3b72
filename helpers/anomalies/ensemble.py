"""The detectors' votes on one account and week, combined and corrected for how many were asked.

Six votes: the count test and the robust z over all signals, the trend test, and three joint
detectors: the root mean square of z over signals, an isolation forest on z and, where it is asked
for, an autoencoder. These have no theory: their p-values are ranks among the account-weeks of the
year before (:mod:`helpers.anomalies.reference`).

References
----------
Liu, Xie (2020), *JASA* 115, 393-402 (Cauchy combination); Benjamini, Hochberg (1995).
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.detectors import combine, root_mean_square
from helpers.anomalies.reference import REFIT_WEEKS, Reference
from helpers.anomalies.signals import Signal
from helpers.anomalies.surprise import Surprise
from helpers.stats import benjamini_hochberg

__all__ = ["DETECTORS", "Votes", "joint_votes", "q_values", "risk_votes"]

Array = NDArray[np.float64]

DETECTORS = (
    *("count test", "robust z", "trend"),
    *("root mean square", "isolation forest", "autoencoder"),
)


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
    reference: Reference | None = None,
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
        Ends that make the reference.
    seed : int
        Of the forest.
    reference : Reference, optional
        What ends before the first told; brought up to date.

    Returns
    -------
    Votes
    """
    count = _worrying(surprise, catalogue, "count_low", "count_high")
    robust = _worrying(surprise, catalogue, "robust_low", "robust_high")
    joint = joint_votes(
        surprise.z, surprise.plan.usable, days, is_weekly=is_weekly, seed=seed, reference=reference
    )
    votes = [_over_signals(count), _over_signals(robust), _over_signals(trends), *joint]
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
    reference: Reference | None = None,
) -> tuple[Array, Array, Array]:
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
    reference : Reference, optional
        What ends before the first told; brought up to date.

    Returns
    -------
    square, forest, coded : ndarray, (n_accounts, n_ends)
        p-values of the root mean square, of the isolation forest and of the autoencoder; NaN
        before enough weeks lie behind, and of the last where it is not asked.
    """
    known = Reference() if reference is None else reference
    size = root_mean_square(z)
    square, forest, coded = np.full((3, *size.shape), np.nan)
    if not len(z):
        return square, forest, coded
    flat = np.where(np.isfinite(z), z, 0.0)
    turns = is_weekly & (days // 7 % REFIT_WEEKS == 0)
    edges = [0, *(np.flatnonzero(turns) + 1).tolist(), len(days)]
    for start, stop in itertools.pairwise(edges):
        now = np.zeros(usable.shape, bool)
        now[:, start:stop] = usable[:, start:stop]
        if known.ready and now.any():
            square[now], forest[now], coded[now] = known.rank(size[now], flat[:, now].T, seed=seed)
        for end in range(start, stop):
            if is_weekly[end]:
                there = usable[:, end]
                known.add(size[there, end], flat[:, there, end].T)
        if stop > start and turns[stop - 1]:
            known.fit()
    return square, forest, coded


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
