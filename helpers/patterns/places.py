"""The places of a scan: periods of weeks, groups of sessions, and periods within groups."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.prefixspan import Patterns
from helpers.patterns.visits import GROUPS

__all__ = ["Places", "lay_out"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
LENGTHS = (2, 3, 4, 6, 8, 13)
"""Weeks of a period."""
MIN_SESSIONS, MIN_ACCOUNTS = 30, 10
"""Fewer in a place, or outside it: not looked at."""
MAX_SHARE = 0.9
"""A group with a larger share of the sessions is everybody."""


@dataclass(frozen=True)
class Places:
    """Where each sequence is looked for.

    Parameters
    ----------
    groups : list of (str or None, str or None, ndarray of bool)
        Column, value and members; the first is everybody.
    week : ndarray of int64, (n_sessions,)
        Week of each session, 0 is the oldest.
    origin : Timestamp
        First day of week 0.
    group, first, last : ndarray of int64, (n_places,)
        Group of each place, its first week and the week after its last.
    """

    groups: list[tuple[str | None, str | None, Bools]]
    week: Ints
    origin: pd.Timestamp
    group: Ints
    first: Ints
    last: Ints

    @property
    def n_places(self) -> int:
        """How many places are looked at."""
        return len(self.group)

    @property
    def n_weeks(self) -> int:
        """Weeks from the first to the last session."""
        return int(self.week.max(initial=-1)) + 1

    def inside(self, place: int) -> Bools:
        """Tell which sessions lie in a place."""
        members = self.groups[self.group[place]][2]
        return members & (self.week >= self.first[place]) & (self.week < self.last[place])

    def named(self, place: int) -> dict[str, object]:
        """Name a place: ``group``, ``value``, ``from_on``, ``until_on``."""
        column, value, _ = self.groups[self.group[place]]
        always = self.first[place] == 0 and self.last[place] == self.n_weeks
        ends = [
            pd.NaT if always else self.origin + pd.Timedelta(weeks=int(week))
            for week in (self.first[place], self.last[place])
        ]
        return {"group": column, "value": value, "from_on": ends[0], "until_on": ends[1]}

    def alike(self, one: int, other: int, share: float) -> bool:
        """Tell whether two places are in one group and have so large a share of weeks in common."""
        if self.group[one] != self.group[other]:
            return False
        first, last = self.first[[one, other]], self.last[[one, other]]
        common = max(0, int(last.min() - first.max()))
        return common >= share * int(last.max() - first.min())

    def surest(self, patterns: Patterns) -> tuple[Ints, Floats]:
        """Find the place in which each pattern's share differs most from the rest.

        Returns
        -------
        place, score : ndarray, (n_patterns,)
            The score of two shares, positive where the pattern is more frequent in the place;
            0 where no place can be compared.
        """
        n = len(patterns.items)
        best, score = np.zeros(n, np.int64), np.zeros(n)
        pattern = np.repeat(np.arange(n), patterns.support)
        hits, total = patterns.support[:, None].astype(float), float(len(self.week))
        for number, (_, _, members) in enumerate(self.groups):
            mine = np.flatnonzero(self.group == number)
            if not len(mine):
                continue
            ends = self.first[mine], self.last[mine]
            shown = self._by_week(members[patterns.rows], self.week[patterns.rows], pattern, n)
            inside = shown[:, ends[1]] - shown[:, ends[0]]
            all_here = self._by_week(members, self.week, np.zeros(len(members), np.int64), 1)
            size = (all_here[:, ends[1]] - all_here[:, ends[0]]).astype(float)
            scores = _score(inside.astype(float), size, hits, total)
            at = np.abs(scores).argmax(axis=1)
            found = scores[np.arange(n), at]
            better = np.abs(found) > np.abs(score)
            best[better], score[better] = mine[at[better]], found[better]
        return best, score

    def _by_week(self, keep: Bools, week: Ints, row: Ints, n_rows: int) -> Ints:
        """Count by row up to each week: a leading zero, then running sums."""
        width = self.n_weeks + 1
        counts = np.bincount(row[keep] * width + week[keep] + 1, minlength=n_rows * width)
        return np.cumsum(counts.reshape(n_rows, width), axis=1)


def _score(inside: Floats, size: Floats, hits: Floats, total: float) -> Floats:
    """Score of the difference of two shares, with the common share's variance."""
    outside = total - size
    common = hits / total
    spread = np.sqrt(common * (1 - common) * (1 / size + 1 / outside))
    difference = inside / size - (hits - inside) / outside
    return np.divide(difference, spread, out=np.zeros_like(difference), where=spread > 0)


def lay_out(sessions: pd.DataFrame, *, as_of: pd.Timestamp) -> Places:
    """Choose the places: all that hold, and leave out, enough sessions of enough accounts.

    Parameters
    ----------
    sessions : DataFrame
        ``account_id``, ``day`` and the columns of :data:`helpers.patterns.visits.GROUPS`.
    as_of : Timestamp
        The day after the last; weeks are whole ones counted back from here.
    """
    back = ((as_of - sessions["day"]).dt.days.to_numpy(np.int64) - 1) // 7
    n_weeks = int(back.max(initial=-1)) + 1
    week = n_weeks - 1 - back
    accounts = np.unique(sessions["account_id"].to_numpy(), return_inverse=True)[1]
    groups = _groups(sessions)
    kept = [
        (number, first, last)
        for number, (column, _, members) in enumerate(groups)
        for first, last in _periods(n_weeks)
        if (column is not None or last - first < n_weeks)
        and _enough(members & (week >= first) & (week < last), accounts)
    ]
    group, first, last = np.array(kept, np.int64).reshape(-1, 3).T
    origin = as_of - pd.Timedelta(weeks=n_weeks)
    return Places(groups, week, origin, group, first, last)


def _groups(sessions: pd.DataFrame) -> list[tuple[str | None, str | None, Bools]]:
    found: list[tuple[str | None, str | None, Bools]] = [(None, None, np.ones(len(sessions), bool))]
    for column in GROUPS:
        for value in sorted(sessions[column].dropna().unique()):
            members = (sessions[column] == value).fillna(False).to_numpy(bool)
            if members.mean() <= MAX_SHARE:
                found.append((column, str(value), members))
    return found


def _periods(n_weeks: int) -> list[tuple[int, int]]:
    """All the time, and every run of so many weeks that leaves as many outside."""
    runs = [
        (first, first + length)
        for length in LENGTHS
        if 2 * length <= n_weeks
        for first in range(n_weeks - length + 1)
    ]
    return [(0, n_weeks), *runs] if n_weeks else []


def _enough(inside: Bools, accounts: Ints) -> bool:
    n = int(inside.sum())
    if n < MIN_SESSIONS or len(inside) - n < MIN_SESSIONS:
        return False
    return len(np.unique(accounts[inside])) >= MIN_ACCOUNTS
