"""The same growth of patterns under a gap limit, which needs every match and not only the first.

With a limit on the tokens between two neighbours of a pattern, a later match may reach further
than the leftmost, so all matches of a pattern are kept as pointers and looked at again.

References
----------
Antunes, Oliveira (2003), *MLDM*, LNCS 2734, 239-251: why gap limits need all matches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.patterns.growth import begins, frequent_items, starts_of
from helpers.patterns.sequences import Ints, SequenceDatabase

__all__ = ["GappedGrowth"]

Places = NDArray[np.int32]

SLICE = 4_000_000
"""Candidate extensions held in memory at a time (about 100 MB)."""


@dataclass(frozen=True)
class _Level:
    """Patterns of one length, and pointers grouped by pattern."""

    codes: Ints  # (n_patterns, length)
    starts: Ints  # (n_patterns + 1,), where each pattern's pointers start in ``at``
    at: Places  # position of the last matched token, rising within a pattern

    @property
    def pattern(self) -> Ints:
        """Pattern number of each pointer."""
        return np.repeat(np.arange(len(self.codes)), np.diff(self.starts))


class GappedGrowth:
    """One search in which at most ``max_gap`` tokens lie between two neighbours of a pattern."""

    def __init__(
        self, database: SequenceDatabase, min_support: int, *, anchored: bool, max_gap: int
    ) -> None:
        self.min_support, self.max_gap = min_support, max_gap
        self.items, self.owners = database.items, database.owners
        self.ends = database.starts[1:][self.owners]
        self.frequent = frequent_items(database, min_support)
        self.wanted = begins(database) if anchored else np.ones(len(self.items), bool)
        self.n_items = max(len(database.names), 1)

    def first(self) -> _Level:
        """Patterns of one token."""
        at = np.flatnonzero(self.wanted & self.frequent[self.items])
        return self._level(np.empty((1, 0), np.int64), self.items[at], at)

    def grow(self, level: _Level, *, most: int) -> _Level | None:
        """Patterns one token longer; ``None`` if there are more than ``most``."""
        grown: list[_Level] = []
        for pattern, item, at in self._slices(level):
            grown.append(self._level(level.codes, pattern * self.n_items + item, at))
            if sum(len(part.codes) for part in grown) > most:
                return None
        if not grown:
            width = level.codes.shape[1] + 1
            return _Level(np.empty((0, width), np.int64), np.zeros(1, np.int64), level.at[:0])
        pointers = np.concatenate([np.diff(part.starts) for part in grown])
        return _Level(
            np.concatenate([part.codes for part in grown]),
            starts_of(pointers),
            np.concatenate([part.at for part in grown]),
        )

    def _slices(self, level: _Level) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Yield candidate extensions (pattern, token, position), whole patterns at a time."""
        at, pattern = level.at.astype(np.int64), level.pattern
        lengths = np.minimum(self.ends[at], at + 2 + self.max_gap) - at - 1
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
            yield pattern[source[keep]], self.items[place[keep]], place[keep]
            begin = end

    def _level(self, parents: Ints, key: Ints, at: Ints) -> _Level:
        """Group candidates by key = parent * n_items + item; keep the frequent groups."""
        order = np.lexsort((at, key))
        key, at = key[order], at[order]
        if len(key):
            fresh = np.concatenate([[True], (key[1:] != key[:-1]) | (at[1:] != at[:-1])])
            key, at = key[fresh], at[fresh]
        groups, inverse = np.unique(key, return_inverse=True)
        support = np.bincount(inverse[self._new(inverse, at)], minlength=len(groups))
        kept = support >= self.min_support
        pointers = np.bincount(inverse, minlength=len(groups))[kept]
        parent, item = np.divmod(groups[kept], self.n_items)
        codes = np.column_stack([parents[parent], item]).astype(np.int64)
        return _Level(codes, starts_of(pointers), at[kept[inverse]].astype(np.int32))

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
