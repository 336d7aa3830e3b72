"""The same growth of patterns under limits on gaps and time, which need every match.

With a limit on the tokens or the time between two neighbours of a pattern, a later match may
reach further than the leftmost, so all matches of a pattern are kept as pointers and looked at
again. With a window over the whole pattern each pointer also remembers where its match began:
of all matches that end at one place, the one that began last reaches furthest.

References
----------
Antunes, Oliveira (2003), *MLDM*, LNCS 2734, 239-251: why gap limits need all matches.
Srikant, Agrawal (1996), *EDBT*, LNCS 1057, 1-17: gaps and windows in time (GSP).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.patterns.growth import begins, frequent_items, starts_of
from helpers.patterns.sequences import Ints, SequenceDatabase

__all__ = ["Bounds", "GappedGrowth"]

Places = NDArray[np.int32]

SLICE = 4_000_000
"""Candidate extensions held in memory at a time (about 100 MB)."""


@dataclass(frozen=True)
class Bounds:
    """How far the tokens of one match may lie apart; ``None``: as far as they like.

    Parameters
    ----------
    max_gap : int, optional
        Other tokens between two neighbours of a pattern; 0 means adjacent.
    max_gap_time : int, optional
        Time between two neighbours, in the units of the database's ``times``.
    window : int, optional
        Time from the first to the last token of a pattern.
    """

    max_gap: int | None = None
    max_gap_time: int | None = None
    window: int | None = None

    @property
    def given(self) -> list[int]:
        """The limits that are set."""
        every = (self.max_gap, self.max_gap_time, self.window)
        return [limit for limit in every if limit is not None]


@dataclass(frozen=True)
class _Level:
    """Patterns of one length, and pointers grouped by pattern."""

    codes: Ints  # (n_patterns, length)
    starts: Ints  # (n_patterns + 1,), where each pattern's pointers start in ``at``
    at: Places  # position of the last matched token, rising within a pattern
    since: Places  # position of the first matched token, the latest possible

    @property
    def pattern(self) -> Ints:
        """Pattern number of each pointer."""
        return np.repeat(np.arange(len(self.codes)), np.diff(self.starts))


class GappedGrowth:
    """One search whose matches keep within bounds.

    Raises
    ------
    ParameterError
        If a limit in time is asked of a database without times, or with times that fall.
    """

    def __init__(
        self, database: SequenceDatabase, min_support: int, *, anchored: bool, bounds: Bounds
    ) -> None:
        self.min_support = min_support
        self.items, self.owners = database.items, database.owners
        ends = database.starts[1:][self.owners]
        self.near, self.whole = ends, ends  # where the next token, and the whole match, must end
        if bounds.max_gap is not None:
            self.near = np.minimum(ends, np.arange(len(ends)) + 2 + bounds.max_gap)
        if bounds.max_gap_time is not None:
            self.near = np.minimum(self.near, _until(database, bounds.max_gap_time))
        if bounds.window is not None:
            self.whole = _until(database, bounds.window)
        self.frequent = frequent_items(database, min_support)
        self.wanted = begins(database) if anchored else np.ones(len(self.items), bool)
        self.n_items = max(len(database.names), 1)

    def first(self) -> _Level:
        """Patterns of one token."""
        at = np.flatnonzero(self.wanted & self.frequent[self.items])
        return self._level(np.empty((1, 0), np.int64), self.items[at], at, at)

    def grow(self, level: _Level, *, most: int) -> _Level | None:
        """Patterns one token longer; ``None`` if there are more than ``most``."""
        grown: list[_Level] = []
        for pattern, item, at, since in self._slices(level):
            grown.append(self._level(level.codes, pattern * self.n_items + item, at, since))
            if sum(len(part.codes) for part in grown) > most:
                return None
        if not grown:
            width = level.codes.shape[1] + 1
            none = level.at[:0]
            return _Level(np.empty((0, width), np.int64), np.zeros(1, np.int64), none, none)
        pointers = np.concatenate([np.diff(part.starts) for part in grown])
        return _Level(
            np.concatenate([part.codes for part in grown]),
            starts_of(pointers),
            np.concatenate([part.at for part in grown]),
            np.concatenate([part.since for part in grown]),
        )

    def _slices(self, level: _Level) -> Iterator[tuple[Ints, Ints, Ints, Places]]:
        """Yield candidate extensions (pattern, token, position, beginning), pattern-wise."""
        at, pattern = level.at.astype(np.int64), level.pattern
        lengths = np.maximum(np.minimum(self.near[at], self.whole[level.since]) - at - 1, 0)
        total = np.concatenate([[0], np.cumsum(lengths)])
        begin = 0
        while begin < len(level.codes):
            limit = total[level.starts[begin]] + SLICE
            end = int(np.searchsorted(total[level.starts], limit, side="right")) - 1
            end = max(end, begin + 1)
            pointers = np.arange(level.starts[begin], level.starts[end])
            source = np.repeat(pointers, lengths[pointers])
            offset = np.arange(len(source)) - (total[source] - total[level.starts[begin]])
            place = at[source] + 1 + offset
            keep = self.frequent[self.items[place]]
            source, place = source[keep], place[keep]
            yield pattern[source], self.items[place], place, level.since[source]
            begin = end

    def _level(self, parents: Ints, key: Ints, at: Ints, since: NDArray[np.integer]) -> _Level:
        """Group candidates by key = parent * n_items + item; keep the frequent groups."""
        order = np.lexsort((-since, at, key))
        key, at, since = key[order], at[order], since[order]
        if len(key):
            fresh = np.concatenate([[True], (key[1:] != key[:-1]) | (at[1:] != at[:-1])])
            key, at, since = key[fresh], at[fresh], since[fresh]
        groups, inverse = np.unique(key, return_inverse=True)
        support = np.bincount(inverse[self._new(inverse, at)], minlength=len(groups))
        kept = support >= self.min_support
        pointers = np.bincount(inverse, minlength=len(groups))[kept]
        parent, item = np.divmod(groups[kept], self.n_items)
        codes = np.column_stack([parents[parent], item]).astype(np.int64)
        left = kept[inverse]
        places = (part[left].astype(np.int32) for part in (at, since))
        return _Level(codes, starts_of(pointers), *places)

    def _new(self, group: Ints, at: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Tell which pointers are the first of their sequence within their group."""
        owner = self.owners[at]
        new = np.ones(len(at), bool)
        new[1:] = (group[1:] != group[:-1]) | (owner[1:] != owner[:-1])
        return new

    def collect(self, level: _Level) -> tuple[Ints, NDArray[np.int32], Ints]:
        """Return codes in alphabetical order, the sequences of each pattern, and how many."""
        pattern = level.pattern
        new = self._new(pattern, level.at)
        support = np.bincount(pattern[new], minlength=len(level.codes))
        return level.codes, self.owners[level.at[new]].astype(np.int32), support


def _until(database: SequenceDatabase, limit: int) -> Ints:
    """Of each position, the one after the last of its sequence that lies within the time."""
    times, owners = database.times, database.owners
    if times is None:
        raise ParameterError(
            "mine: a limit in time needs the time of each token; encode() takes it from a "
            "column `time`."
        )
    if (np.diff(times)[owners[1:] == owners[:-1]] < 0).any():
        raise ParameterError("mine: expected the tokens of each sequence oldest first.")
    if not len(times):
        return np.empty(0, np.int64)
    clock = times - times.min()
    stride = 2 * int(clock.max()) + 1
    key = owners * stride + clock
    return np.searchsorted(key, key + min(limit, int(clock.max())), side="right").astype(np.int64)
