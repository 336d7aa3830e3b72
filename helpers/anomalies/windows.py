"""Which days each verdict may look at: a window that ends at a date, and whole weeks before it.

``ends`` are positions of days; a window ``[end - length, end)`` never holds its own end, and
a baseline week always ends where the window begins or earlier. So a verdict "as of" a date
cannot use that date or anything later.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ParameterError

__all__ = [
    "BLOCK_DAYS",
    "Plan",
    "Totals",
    "cumulative",
    "make_plan",
    "plan_counts",
    "sums",
    "totals",
    "weeks_turn",
    "window_sums",
]

BLOCK_DAYS = 7
"""A baseline is learnt from whole weeks: each weekday then counts equally."""
LEAP = 4
"""Days between two marks, on average, from which it is quicker to add up in leaps."""
MIN_BLOCKS = 4
"""Fewer whole weeks before the window: the account is too new to judge."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Windows and baseline weeks of every account at every end.

    Parameters
    ----------
    ends : ndarray of int, (n_ends,)
        Position of the day after each window's last day.
    window_days : int
        Length of the window.
    valid : ndarray of bool, (n_blocks, n_accounts, n_ends)
        The account was there for the whole of that baseline week.
    usable : ndarray of bool, (n_accounts, n_ends)
        It was there for the whole window too, and has enough baseline weeks.
    window_share : ndarray, (n_ends,)
        Observed days of the window, in weeks (an outage day is not observed).
    block_share : ndarray, (n_blocks, n_ends)
        Observed share of each baseline week.
    """

    ends: NDArray[np.intp]
    window_days: int
    valid: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    window_share: NDArray[np.float64]
    block_share: NDArray[np.float64]

    @property
    def n_blocks(self) -> NDArray[np.intp]:
        """Baseline weeks that each account has, (n_accounts, n_ends)."""
        return self.valid.sum(axis=0)

    @property
    def lost(self) -> NDArray[np.float64]:
        """Days of each window that were not observed, over those that were: (n_ends,)."""
        whole = self.window_days / BLOCK_DAYS
        seen = np.where(self.window_share > 0, self.window_share, whole)
        return np.asarray(whole / seen - 1)

    def block_ends(self) -> list[NDArray[np.intp]]:
        """Positions where each baseline week ends, the newest first."""
        first = self.ends - self.window_days
        return [first - BLOCK_DAYS * block for block in range(len(self.valid))]


def weeks_turn(days: pd.DatetimeIndex, ends: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which ends are Mondays: the window's last day is a Sunday.

    What is learnt week by week is learnt at these, so that a run of the next day finds the same
    weeks again.

    Parameters
    ----------
    days : DatetimeIndex, (n_days,)
    ends : ndarray of int, (n_ends,)
        Positions; may lie beyond the last day.

    Returns
    -------
    ndarray of bool, (n_ends,)
    """
    first = days[0].weekday() if len(days) else 0
    return np.asarray((first + ends) % BLOCK_DAYS == 0)


def cumulative(counts: NDArray[np.float32] | NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return running totals along the days, with a leading zero: (…, n_days + 1)."""
    total = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1))
    np.cumsum(counts, axis=-1, dtype=np.float64, out=total[..., 1:])
    return total


def sums(
    total: NDArray[np.float64], ends: NDArray[np.intp], length: int | NDArray[np.intp]
) -> NDArray[np.float64]:
    """Sum over ``[end - length, end)``; days before the first count as nothing.

    Parameters
    ----------
    total : ndarray, (…, n_days + 1)
        From :func:`cumulative`.
    ends : ndarray of int, (n_ends,)
        May lie before the first day.
    length : int or ndarray of int, (n_ends,)
        Days.

    Returns
    -------
    ndarray, (…, n_ends)
    """
    last = total.shape[-1] - 1
    stop, start = np.clip(ends, 0, last), np.clip(ends - length, 0, last)
    return total[..., stop] - total[..., start]


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Running totals of the days that some windows lie in, and of no others.

    Parameters
    ----------
    first, last : int
        Position of the first of these days, and of the one after the last.
    running : ndarray, (…, n_days + 1)
        From :func:`cumulative`.
    """

    first: int
    last: int
    running: NDArray[np.float64]

    def over(self, ends: NDArray[np.intp], length: int) -> NDArray[np.float64]:
        """Sum over ``[end - length, end)``, see :func:`sums`.

        Raises
        ------
        ParameterError
            If a window begins before the days that were added up, or ends after them.
        """
        begins, stops = int(ends.min(initial=self.last)) - length, int(ends.max(initial=0))
        if (self.first and len(ends) and begins < self.first) or stops > self.last:
            raise ParameterError(
                f"days {self.first} to {self.last - 1} are added up, a window of {length} days "
                f"lies outside: it begins on day {begins} and ends before day {stops}."
            )
        return sums(self.running, ends - self.first, length)


def totals(
    counts: NDArray[np.float32] | NDArray[np.bool_], ends: NDArray[np.intp], reach: int
) -> Totals:
    """Add up the days from ``reach`` days before the first end to the last end.

    Parameters
    ----------
    counts : ndarray, (…, n_days)
    ends : ndarray of int, (n_ends,)
        Rising.
    reach : int
        Days from an end back to where its longest window begins.

    Returns
    -------
    Totals
    """
    first = max(int(ends[0]) - reach, 0) if len(ends) else 0
    last = max(int(ends[-1]), first) if len(ends) else 0
    return Totals(first=first, last=last, running=cumulative(counts[..., first:last]))


def window_sums(
    counts: NDArray[np.float32] | NDArray[np.bool_], ends: NDArray[np.intp], length: int
) -> NDArray[np.float64]:
    """Sum counts over ``[end - length, end)``: (…, n_ends); see :func:`totals`."""
    return totals(counts, ends, length).over(ends, length)


def plan_counts(
    counts: NDArray[np.float32], plan: Plan
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Count what was done in each window of a plan, and in each of its baseline weeks.

    Parameters
    ----------
    counts : ndarray, (n_accounts, n_days)
    plan : Plan

    Returns
    -------
    window : ndarray, (n_accounts, n_ends)
    weeks : ndarray of float32, (n_blocks, n_accounts, n_ends)
        0 where the week is not valid. Single precision holds counts up to 16 million exactly.
    """
    starts = plan.block_ends()
    marks = np.stack([plan.ends, *starts, starts[-1] - BLOCK_DAYS])
    total = _at_marks(counts, marks)
    weeks = np.zeros(plan.valid.shape, np.float32)
    for block, there in enumerate(plan.valid):
        upper, lower = total[block + 1], total[block + 2]
        np.subtract(upper, lower, out=weeks[block], casting="same_kind", where=there)
    return total[0] - total[1], weeks


def _at_marks(
    counts: NDArray[np.float32] | NDArray[np.bool_], marks: NDArray[np.intp]
) -> list[NDArray[np.float64]]:
    """Add up the days before each mark, one (n_accounts, n_ends) for each row of marks.

    Counted from one and the same day on. Few marks are reached in leaps from one to the next.
    """
    n_days = counts.shape[-1]
    edges, place = np.unique(np.clip(marks, 0, n_days), return_inverse=True)
    place = place.reshape(marks.shape)
    total = np.zeros((len(counts), len(edges)))
    if len(edges) > 1 and LEAP * len(edges) < n_days:
        leaps = np.add.reduceat(counts[:, : edges[-1]], edges[:-1], axis=1, dtype=np.float64)
        np.cumsum(leaps, axis=1, out=total[:, 1:])
    elif len(edges) > 1:
        total = cumulative(counts)[:, edges]
    return [total[:, row] for row in place]


def make_plan(
    alive: NDArray[np.bool_],
    observed: NDArray[np.bool_],
    *,
    ends: NDArray[np.intp],
    window_days: int = 7,
    baseline_days: int = 90,
) -> Plan:
    """Lay windows and baseline weeks over the days.

    Parameters
    ----------
    alive : ndarray of bool, (n_accounts, n_days)
    observed : ndarray of bool, (n_days,)
    ends : ndarray of int, (n_ends,)
        In 1 to n_days.
    window_days, baseline_days : int
        Days; the baseline holds the whole weeks that fit into ``baseline_days``.

    Returns
    -------
    Plan

    Raises
    ------
    ParameterError
        If the baseline is shorter than four weeks or an end lies outside the days.
    """
    n_blocks = baseline_days // BLOCK_DAYS
    if n_blocks < MIN_BLOCKS or window_days < 1:
        raise ParameterError(
            f"a baseline needs at least {MIN_BLOCKS * BLOCK_DAYS} days and a window 1, got "
            f"baseline_days={baseline_days}, window_days={window_days}."
        )
    if len(ends) and (ends.min() < 1 or ends.max() > alive.shape[1]):
        raise ParameterError(f"ends must lie in 1 to {alive.shape[1]} (days), got {ends}.")
    block_ends = [ends - window_days - BLOCK_DAYS * block for block in range(n_blocks + 1)]
    present = _at_marks(alive, np.stack([ends, *block_ends]))
    seen = cumulative(observed)
    valid = np.stack([present[b + 1] - present[b + 2] == BLOCK_DAYS for b in range(n_blocks)])
    share = np.stack([sums(seen, at, BLOCK_DAYS) / BLOCK_DAYS for at in block_ends[:-1]])
    valid &= share[:, None, :] > 0
    inside = present[0] - present[1] == window_days
    window_share = sums(seen, ends, window_days) / BLOCK_DAYS
    usable = inside & (valid.sum(axis=0) >= MIN_BLOCKS) & (window_share > 0)
    return Plan(
        ends=ends,
        window_days=window_days,
        valid=valid,
        usable=usable,
        window_share=window_share,
        block_share=share,
    )
